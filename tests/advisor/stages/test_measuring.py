"""What an adopted move saved, read from a ledger: worked by hand, claimed for its days only, unknown where it cannot be told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine

from advisor.months import pricings
from advisor.report import report
from advisor.stages import outcomes
from advisor.stages.records import RealisedFigure, SoFar
from ledger import clock, events, money, settings, tables
from ledger.database import Database
from ledger.events import Event
from tests import conftest, ledgers
from tests.advisor.stages.advised_ledger import TODAY, change, fill, found, traffic

pytestmark = pytest.mark.usefixtures("frozen_now")
MINI = "gpt-4.1-mini"
A, B = Decimal("0.8008"), Decimal("0.16016")
"""What a request of the traffic costs on GPT-4.1 and on Mini."""


@contextmanager
def day(later: int) -> Iterator[None]:
    """The clock at 20:00, so many days later."""
    with time_machine.travel(conftest.NOW + timedelta(days=later), tick=False):
        yield


def adopt(database: Database, hold_out: str | None = None) -> str:
    """Four weeks of 50 requests a day, and the move adopted today."""
    recommendation_id = fill(database).recommendation.id
    change(database, recommendation_id, "claim")
    change(database, recommendation_id, "pilot")
    change(database, recommendation_id, "adopt", hold_out=hold_out)
    return recommendation_id


def after(days: int, requests: int, model: str = MINI, workload: str = "chat") -> list[Event]:
    """The same traffic on each of the days that follow the adoption."""
    return traffic(range(-days, 0), model, requests, workload=workload)


def settled(database: Database, served: list[Event], on_day: int) -> SoFar:
    """What is realised once this traffic is in and so many days have passed."""
    with day(on_day):
        ledgers.add(database, served)
        ledgers.settle(database)
        ledgers.settle(database)
        with database.snapshot() as session:
            so_far = report.build(session, ledgers.SETTINGS, clock.now_us()).savings.so_far
    assert so_far is not None
    return so_far


def of(so_far: SoFar, method: str) -> RealisedFigure:
    (move,) = (each for each in so_far.moves if each.realised)
    return next(each for each in move.realised if each.method == method)


def saving(so_far: SoFar, method: str) -> Decimal:
    amount = of(so_far, method).saving_usd
    assert amount is not None
    return Decimal(amount)


def test_three_methods_by_hand(database: Database) -> None:
    adopt(database, hold_out="control")
    served = [*after(3, 40), *after(3, 5, "gpt-4.1"), *after(3, 4, "gpt-4.1", workload="control")]
    so_far = settled(database, served, 4)
    # Each day 40 requests, 5 of them again on the source: within the worst escalation, so they are no requests of their own.
    a_day = 40 * A - 40 * B - 5 * A
    assert saving(so_far, "before_after") == 3 * a_day
    assert of(so_far, "before_after").volume_effect_usd == money.text(3 * (40 - 50) * A)
    assert saving(so_far, "hold_out") == 3 * a_day
    work = Fraction(3 * 40 * A) / Fraction(
        "1.02"
    )  # without the repeats that the target is expected to need
    repriced = money.round_to_nano_usd(work * money.FEMTO_PER_USD) - money.femto_usd(
        str(3 * (40 * B + 5 * A))
    )
    assert saving(so_far, "repricing") == money.usd(repriced)
    assert {method: Decimal(amount) for method, amount in so_far.realised_usd.items()} == {
        "hold_out": 3 * a_day,
        "before_after": 3 * a_day,
        "repricing": money.usd(repriced),
    }
    assert {
        (each.first_day, each.last_day, each.days, each.requests)
        for each in so_far.moves[0].realised
    } == {("2026-11-24", "2026-11-26", 3, 120)}
    assert [each.label for each in so_far.moves[0].realised] == ["measured", "measured", "assumed"]


def test_a_loss_of_traffic_is_no_saving(database: Database) -> None:
    adopt(database)
    so_far = settled(database, after(3, 2), 4)
    assert saving(so_far, "before_after") == 3 * 2 * (A - B)
    assert of(so_far, "before_after").volume_effect_usd == money.text(3 * (2 - 50) * A)
    assert saving(so_far, "repricing") < 3 * 2 * (A - B)


def test_a_paid_repeat_is_a_cost_and_no_request(database: Database) -> None:
    adopt(database)
    at, of_mini = (
        (TODAY + 1) * clock.DAY_US,
        ledgers.labels(model=MINI, features=events.FEATURE_CLIENT_RETRY),
    )
    repeats = [
        ledgers.event(at + turn, label_set=of_mini, input_tokens=400_000, retry_count=1)
        for turn in range(5)
    ]
    so_far = settled(database, [*after(1, 40), *repeats], 2)
    assert saving(so_far, "before_after") == 40 * A - 45 * B


def test_a_move_that_costs_more_is_shown_as_a_loss(database: Database) -> None:
    adopt(database)
    so_far = settled(
        database, [*after(2, 10), *traffic(range(-2, 0), MINI, 10, input_tokens=4_000_000)], 3
    )
    assert saving(so_far, "before_after") < 20 * A
    dearer = settled(database, traffic(range(-2, 0), MINI, 10, input_tokens=40_000_000), 3)
    assert saving(dearer, "before_after") < 0


def test_what_ran_on_the_target_before_is_not_claimed(database: Database) -> None:
    ledgers.add(database, traffic(range(1, 29), MINI, 30))
    adopt(database)
    so_far = settled(database, after(2, 80), 3)
    # 30 of the 80 ran there before: the same bill a request as before, but for the 50 that moved.
    assert (
        saving(so_far, "before_after")
        == 2 * (80 * (50 * A + 30 * B) / 80 - 80 * B)
        == 2 * 50 * (A - B)
    )
    work = 2 * Fraction(80 * A) / Fraction("1.02") * Fraction(50, 80)
    assert saving(so_far, "repricing") == money.usd(
        money.round_to_nano_usd(work * money.FEMTO_PER_USD) - money.femto_usd(str(2 * 50 * B))
    )


def test_a_figure_makes_the_stage_measured_and_a_way_back_ends_the_claim(
    database: Database,
) -> None:
    recommendation_id = adopt(database)
    with day(1):
        ledgers.settle(database)
        assert found(database, recommendation_id).stage == "adopted"  # no whole day has passed
    first = settled(database, after(1, 10), 2)
    assert found(database, recommendation_id).stage == "measured"
    assert found(database, recommendation_id).record.history[-1].by == "switchwise"
    with day(2):
        change(database, recommendation_id, "rollback")
    later = settled(database, traffic(range(-4, -1), MINI, 10), 5)
    assert found(database, recommendation_id).stage == "rolled_back"
    assert of(later, "before_after") == of(first, "before_after")


def test_what_cannot_be_told_is_unknown_with_a_reason(database: Database) -> None:
    adopt(database)
    so_far = settled(database, [], 3)
    assert {each.reason for each in so_far.moves[0].realised} == {"no_traffic_on_target"}
    assert so_far.realised_usd == {}
    so_far = settled(database, after(2, 10), 3)
    assert (of(so_far, "hold_out").saving_usd, of(so_far, "hold_out").reason) == (
        None,
        "no_hold_out",
    )
    silent = ledgers.labels(model=MINI, usage_source="missing")
    at = (TODAY + 1) * clock.DAY_US
    unknown = [
        ledgers.event(at + turn, label_set=silent, input_tokens=None, output_tokens=None)
        for turn in range(10)
    ]
    so_far = settled(database, unknown, 3)
    assert {each.reason for each in so_far.moves[0].realised} == {"no_hold_out", "low_coverage"}
    assert so_far.realised_usd == {}


def test_usage_that_the_proxy_estimated_proves_no_saving(database: Database) -> None:
    adopt(database)
    reported, guessed = after(2, 99), traffic(range(-2, 0), MINI, 1, usage_source="estimated")
    assert saving(settled(database, [*reported, *guessed], 3), "before_after") > 0
    more = traffic(range(-2, 0), MINI, 1, hour=6, usage_source="estimated")
    assert of(settled(database, more, 3), "before_after").reason == "low_coverage"


def test_the_source_is_priced_on_the_day_of_use(database: Database) -> None:
    adopt(database)
    with database.transaction() as session:
        session.add(
            tables.pricing.ListPrice(
                provider="openai",
                model="gpt-4.1",
                service_tier="standard",
                over_input_tokens=0,
                source="by hand",
                effective_from=TODAY + 2,
                uncached_input=10**9,
                output=4 * 10**9,
                created_at=0,
            )
        )
    so_far = settled(database, after(2, 10), 3)
    assert saving(so_far, "before_after") == 10 * (A - B) + 10 * (A / 2 - B)
    assert so_far.moves[0].frozen_low_usd == "505.293833333"


def test_the_figures_stand_beside_the_frozen_estimate_of_as_many_days(database: Database) -> None:
    adopt(database)
    (move,) = (each for each in settled(database, after(3, 40), 4).moves if each.realised)
    low = Fraction("505.293833333") * 3 / Fraction(365, 12)
    assert move.due_low_usd == money.usd_text(money.round_to_nano_usd(low * money.FEMTO_PER_USD))
    assert (move.frozen_low_usd, move.owner, move.stage) == ("505.293833333", "ada", "measured")


def test_computing_again_changes_nothing_until_a_closed_day_does(database: Database) -> None:
    adopt(database)
    settled(database, after(2, 10), 3)
    with day(3), database.snapshot() as session:
        assert outcomes.compute(session, pricings.in_force(session), clock.now_us()) is None
    more = settled(database, after(1, 1), 3)
    assert of(more, "before_after").requests == 21


def test_a_report_of_one_project_tells_of_no_other(database: Database) -> None:
    adopt(database)
    ledgers.add(database, traffic(range(1, 3), project="support"))
    settled(database, after(2, 10), 3)
    with day(3), database.snapshot() as session:
        other = report.build(
            session, settings.load(), clock.now_us(), project="support"
        ).savings.so_far
    assert other is not None
    assert [move.project for move in other.moves] == ["support"]
    assert other.realised_usd == {}
