"""What is missed: an hour's cost times the low end of the saving, each hour once, whatever runs again, late or twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from fractions import Fraction

import pytest
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.stages import meter, missed_savings
from ledger import clock, money, settings, tables
from ledger.database import Database
from tests import conftest, ledgers
from tests.advisor import advised
from tests.advisor.stages.advised_ledger import TODAY, change, fill, only, traffic

pytestmark = pytest.mark.usefixtures("frozen_now")
REQUEST = 400_000 * 2 * 10**9 + 100 * 8 * 10**9
"""What one request of the traffic costs, in femto-USD: 0.8008 USD."""


@contextmanager
def later(hours: float) -> Iterator[None]:
    """The clock so many hours after 20:00 of the first day."""
    with time_machine.travel(conftest.NOW + timedelta(hours=hours), tick=False):
        yield


def serve(database: Database, hour: int, requests: int = 10, day: int = 0) -> None:
    """Traffic in one UTC hour, rolled up; `day` counts from today on."""
    ledgers.add(database, traffic(range(-day, -day + 1), turns=requests, hour=hour))
    ledgers.settle(database)


def total(database: Database) -> int:
    with database.snapshot() as session:
        return sum(missed_savings.by_recommendation(session).values())


def rows(database: Database) -> list[tuple[int, int, str, str]]:
    table = tables.MISSED_DAY.c
    with database.snapshot() as session:
        found = session.execute(tables.MISSED_DAY.select().order_by(table.day)).all()
    return [(row.day - TODAY, row.hours, row.spent_usd, row.missed_usd) for row in found]


def share(database: Database) -> Fraction:
    """The low end over the cost of the window, to nine decimals."""
    ratio = missed_savings.ratio_of(only(database).recommendation)
    assert ratio is not None
    return ratio


def test_an_hour_misses_its_cost_times_the_low_end_of_the_saving(database: Database) -> None:
    advice = fill(database).recommendation
    assert (advice.saving, advice.cost_month_femto_usd) != (None, None)
    with later(0.5):
        serve(database, 20)
    assert total(database) == 0  # the hour is not over
    ratio = share(database)
    exact = Fraction(advice.low_femto_usd, advice.cost_month_femto_usd or 0)
    assert ratio == Fraction(round(exact * 10**9), 10**9)
    with later(1):
        ledgers.settle(database)
    assert rows(database) == [
        (0, 1 << 20, "8.008", money.usd_text(money.round_to_nano_usd(ratio * 10 * REQUEST)))
    ]


def test_running_again_or_after_a_restart_counts_nothing_twice(database: Database) -> None:
    fill(database)
    with later(0.5):
        serve(database, 20)
    with later(1.5):
        ledgers.settle(database)
        first = total(database)
        for _ in range(3):
            opened = Database(database.engine.url.render_as_string(hide_password=False))
            ledgers.settle(opened)
            assert meter.run(opened, clock.now_us()) == 0
            opened.close()
    assert first > 0
    assert total(database) == first


def test_two_workers_at_once_count_each_hour_once(database: Database) -> None:
    fill(database)
    for hour in (20, 21, 22):
        with later(hour - 20 + 0.5):
            serve(database, hour)
    with later(3), ThreadPoolExecutor(4) as threads:
        at = clock.now_us()
        list(threads.map(lambda _: meter.run(database, at), range(8)))
    # No more than each hour's cost, each once; the ratio of the day is one.
    assert total(database) == money.round_to_nano_usd(share(database) * 30 * REQUEST)


def test_nothing_of_the_time_before_the_advice_is_missed(database: Database) -> None:
    fill(database)
    with later(1):
        ledgers.settle(database)
    assert rows(database) == [(0, 1 << 20, "0.00", "0.00")]


def test_late_usage_of_an_hour_that_was_decided_is_added_at_its_days_ratio(
    database: Database,
) -> None:
    fill(database)
    with later(0.5):
        serve(database, 20)
    ratio = share(database)
    with later(30):
        ledgers.settle(database)
        serve(database, 20, requests=7)
        ledgers.settle(database)
    assert rows(database)[0][2:] == (
        "13.6136",
        money.usd_text(money.round_to_nano_usd(ratio * 17 * REQUEST)),
    )
    with later(30):
        serve(database, 19, requests=1_000)
        ledgers.settle(database)
    assert rows(database)[0][2] == "13.6136"  # 19 o'clock had closed before there was any advice


@pytest.mark.parametrize(
    ("actions", "counts"),
    [
        ((), True),
        (("claim",), True),
        (("claim", "unclaim"), True),
        (("dismiss",), False),
        (("dismiss", "undismiss"), True),
        (("claim", "pilot"), False),
        (("claim", "pilot", "adopt"), False),
        (("claim", "pilot", "adopt", "rollback"), False),
    ],
)
def test_only_what_is_active_or_claimed_when_the_hour_closes_is_missed(
    database: Database, actions: tuple[str, ...], counts: bool
) -> None:
    recommendation_id = fill(database).recommendation.id
    with later(0.5):
        serve(database, 20)
        for action in actions:
            change(database, recommendation_id, action)  # type: ignore[arg-type]  # actions by name
    with later(2):
        ledgers.settle(database)
    assert (total(database) > 0) == counts


def test_hours_of_an_outage_are_decided_by_what_was_in_force_in_each(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id
    with later(
        26.5
    ):  # the worker stands still; the traffic goes on, and is rolled up only afterwards
        ledgers.add(
            database,
            [*traffic(range(1), hour=21, turns=10), *traffic(range(-1, 0), hour=21, turns=10)],
        )
    with later(2.5):
        change(database, recommendation_id, "dismiss", until_day=TODAY + 1)
    with later(27):
        ledgers.settle(database)
        ledgers.settle(database)
    open_today = (1 << 20) | (1 << 21)
    open_tomorrow = (1 << 23) - 1
    assert [row[:3] for row in rows(database)] == [
        (0, open_today, "8.008"),
        (1, open_tomorrow, "8.008"),
    ]


def test_the_meter_stops_when_the_decision_or_the_pair_goes(database: Database) -> None:
    fill(database)
    with later(0.5):
        ledgers.settle(database, settings.load(pairs="gpt-4o:gpt-4o-mini"))
        ledgers.add(database, traffic(range(1), hour=20, turns=10))
    with later(2):
        ledgers.settle(database, settings.load(pairs="gpt-4o:gpt-4o-mini"))
    assert rows(database) == []


def test_a_corrected_price_corrects_what_was_missed(database: Database) -> None:
    fill(database)
    with later(0.5):
        serve(database, 20)
    with later(30):
        ledgers.settle(database)
        with database.transaction() as session:
            session.add(
                tables.pricing.ListPrice(
                    provider="openai",
                    model="gpt-4.1",
                    service_tier="standard",
                    over_input_tokens=0,
                    source="by hand",
                    effective_from=TODAY - 60,
                    uncached_input=10**9,
                    output=4 * 10**9,
                    created_at=0,
                )
            )
        ledgers.settle(database)
    assert rows(database)[0][2] == "4.004"


@example(600_000, 10**9)
@given(st.integers(0, 10**18), st.integers(0, 10**9))
def test_no_more_than_the_hour_cost_is_ever_missed(spent_femto_usd: int, billionths: int) -> None:
    found = missed_savings.missed_femto_usd(Fraction(billionths, 10**9), spent_femto_usd)
    assert 0 <= found <= spent_femto_usd
    assert abs(found - Fraction(billionths, 10**9) * spent_femto_usd) <= 10**6


@pytest.mark.parametrize(
    ("low", "cost", "decision", "ratio"),
    [
        ("100.00", "400.00", "pilot", "0.25"),
        ("100.00", "300.00", "switch_now", "0.333333333"),
        ("500.00", "400.00", "pilot", "1.00"),
        ("-1.00", "400.00", "pilot", None),
        ("100.00", None, "pilot", None),
        ("100.00", "400.00", "keep", None),
        ("100.00", "400.00", "blocked", None),
        ("100.00", "400.00", "not_enough_data", None),
        (None, "400.00", "pilot", None),
    ],
)
def test_only_a_move_that_is_advised_and_saves_has_a_ratio(
    low: str | None, cost: str | None, decision: str, ratio: str | None
) -> None:
    advice = advised.recommendation(
        low, cost_month_femto_usd=cost and money.femto_usd(cost), decision=decision
    )
    assert missed_savings.ratio_of(advice) == (ratio and Fraction(ratio))
