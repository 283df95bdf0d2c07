"""Slices: the look-back of closed days, a partial first day left out, and what the traffic shows of coverage and size."""

from fractions import Fraction

import pytest

from advisor import refresh
from advisor.advice import computation, rendering, slices, terms
from advisor.months import pricings
from ledger import clock, events, settings
from ledger.database import Database
from ledger.errors import UsageError
from ledger.pricing import in_force
from ledger.pricing.contracts import Discount, FixedPrice
from ledger.pricing.prices import PriceKey, Rates
from tests import conftest, ledgers

pytestmark = pytest.mark.usefixtures("frozen_now")
NOW_US = clock.to_us(conftest.NOW)
TODAY = clock.day_of(NOW_US)
MINI = PriceKey("openai", "gpt-4.1-mini", "standard")


def read(database: Database) -> list[slices.SliceReading]:
    ledgers.settle(database)
    with database.snapshot() as session:
        return slices.read_slices(session, pricings.in_force(session), NOW_US)


def on_day(age: int, hour: int = 0, **changed: object) -> events.Event:
    return ledgers.event(
        (TODAY - age) * clock.DAY_US + hour * clock.HOUR_US, label_set=ledgers.labels(**changed)
    )


def test_the_window_is_the_last_whole_weeks_and_today_is_not_in_it(database: Database) -> None:
    ledgers.add(database, [on_day(age) for age in range(40)])
    (found,) = read(database)
    assert (found.window.first_day, found.window.last_day, found.slice.requests) == (
        TODAY - 28,
        TODAY - 1,
        28,
    )


@pytest.mark.parametrize(("first_hour", "days"), [(0, 7), (1, 6)])
def test_a_first_day_counts_only_if_it_began_in_its_first_hour(
    database: Database, first_hour: int, days: int
) -> None:
    ledgers.add(database, [on_day(7, first_hour), *(on_day(age) for age in range(1, 7))])
    (found,) = read(database)
    assert found.slice.days == days


def test_days_without_traffic_count_as_days(database: Database) -> None:
    ledgers.add(database, [on_day(14), on_day(3)])
    (found,) = read(database)
    assert (found.slice.days, found.slice.requests) == (14, 2)


def test_dated_snapshots_and_the_alias_are_one_slice(database: Database) -> None:
    ledgers.add(
        database,
        [on_day(1), on_day(1, model="gpt-4.1-2025-04-14"), on_day(1, model="openai/gpt-4.1")],
    )
    (found,) = read(database)
    assert (found.slice.model, found.slice.requests) == ("gpt-4.1", 3)


def test_projects_and_workloads_are_slices_of_their_own(database: Database) -> None:
    ledgers.add(
        database,
        [on_day(1, project=project, workload=workload) for project in "ab" for workload in "xy"],
    )
    assert [(each.slice.project, each.slice.workload) for each in read(database)] == [
        ("a", "x"),
        ("a", "y"),
        ("b", "x"),
        ("b", "y"),
    ]


def test_coverage_counts_unreported_successes_and_unpriced_tokens(database: Database) -> None:
    silent = ledgers.event(
        (TODAY - 1) * clock.DAY_US,
        label_set=ledgers.labels(usage_source="missing"),
        input_tokens=None,
        output_tokens=None,
    )
    flex = ledgers.labels(service_tier="flex", service_tier_requested="flex")
    ledgers.add(database, [*(on_day(1) for _ in range(8)), silent])
    assert read(database)[0].standing.coverage == Fraction(8, 9)
    ledgers.add(
        database, [ledgers.event((TODAY - 1) * clock.DAY_US, label_set=flex) for _ in range(8)]
    )
    assert read(database)[0].standing.coverage == Fraction(1, 2)


def test_a_tier_nobody_named_is_priced_as_asked(database: Database) -> None:
    ledgers.add(database, [on_day(1, service_tier="unknown", service_tier_requested="priority")])
    assert [cell.service_tier for cell in read(database)[0].slice.cells] == ["priority"]


def test_sizes_and_features_of_the_window_are_seen(database: Database) -> None:
    labels = ledgers.labels(features=events.FEATURE_TOOLS, context_band=32_768)
    ledgers.add(
        database,
        [
            on_day(1),
            ledgers.event((TODAY - 1) * clock.DAY_US, label_set=labels, input_tokens=40_000),
        ],
    )
    (found,) = read(database)
    assert [cell.features for cell in found.slice.cells] == [0, 1]
    assert found.slice.largest_prompt_tokens == 40_000


def test_advice_rests_on_contracted_rates_on_both_sides(database: Database) -> None:
    def advice() -> tuple[str | None, str | None, dict[str, int], dict[str, int]]:
        with database.snapshot() as session:
            (found,) = computation.compute(
                session, pricings.in_force(session), ledgers.SETTINGS, NOW_US
            )
        figure = rendering.figure_of(found)
        (cell,) = figure.cells
        return figure.price_gap_ratio, figure.cost_month_usd, cell.rates_now, cell.rates_instead

    ledgers.add(database, [on_day(age) for age in range(1, 15)])
    ledgers.settle(database)
    gap, cost, now, instead = advice()
    assert (gap, now["output"], instead["output"]) == ("0.80", 8_000_000_000, 1_600_000_000)
    half = Discount(
        effective_from=TODAY - 1,
        effective_until=None,
        source="deal",
        provider="openai",
        discount_ppm=500_000,
        model="gpt-4.1",
    )
    dearer = FixedPrice(
        effective_from=TODAY,
        effective_until=None,
        source="deal",
        key=MINI,
        rates=Rates(uncached_input=800_000_000, output=3_200_000_000),
    )
    with database.transaction() as session:
        in_force.apply_change(
            session, lambda said: said.with_contract(half).with_contract(dearer), 1
        )
    gap_after, cost_after, now, instead = advice()
    assert (gap_after, now["output"], instead["output"]) == ("0.20", 4_000_000_000, 3_200_000_000)
    assert (cost, cost_after) == ("0.085166667", "0.042583333")


def read_with(database: Database, **settings_: object) -> list[slices.SliceReading]:
    ledgers.settle(database)
    policy = terms.from_settings(settings.load(**settings_))
    with database.snapshot() as session:
        return slices.read_slices(session, pricings.in_force(session), NOW_US, terms=policy)


def test_tags_tell_the_class_and_which_requests_can_wait(database: Database) -> None:
    tagged = events.CLASS_BITS["extraction"] | events.FEATURE_CAN_WAIT
    ledgers.add(database, [on_day(1), on_day(1, features=tagged)])
    (found,) = read(database)
    assert found.standing.workload_class == ("extraction", "tag")
    assert (found.standing.class_level, found.slice.can_wait) == (0, False)
    assert [(cell.features, cell.requests) for cell in found.slice.cells] == [
        (0, 1),
        (events.FEATURE_CAN_WAIT, 1),
    ]


def test_settings_tell_the_class_and_what_can_wait(database: Database) -> None:
    ledgers.add(database, [on_day(1), on_day(1, project="lab")])
    lab, search = read_with(database, workload_classes="search/chat=critical", can_wait="lab")
    assert (lab.slice.can_wait, search.slice.can_wait) == (True, False)
    assert (lab.standing.workload_class.source, search.standing.class_level) == ("none", 4)


def test_short_answers_are_guessed_to_be_labels(database: Database) -> None:
    at = (TODAY - 1) * clock.DAY_US
    ledgers.add(database, [ledgers.event(at, output_tokens=3) for _ in range(5)])
    (found,) = read_with(database)
    assert (found.standing.workload_class, found.standing.class_level) == (
        ("classification", "guess"),
        2,
    )


def test_a_batch_that_was_polled_as_a_whole_is_no_giant_request(database: Database) -> None:
    batch = ledgers.labels(service_tier="batch", service_tier_requested="batch")
    at = (TODAY - 1) * clock.DAY_US
    ledgers.add(
        database,
        [
            on_day(1),
            ledgers.event(at, label_set=batch, input_tokens=9 * 10**6, output_tokens=10**6),
        ],
    )
    (found,) = read_with(database)
    assert (found.slice.largest_prompt_tokens, found.slice.largest_output_tokens) == (1_000, 100)
    assert found.standing.workload_class.source == "none"


def test_a_rate_limit_is_held_against_the_busiest_hour_and_the_targets_own_traffic(
    database: Database,
) -> None:
    # The busiest hour has two requests of 1,100 tokens; 11 a minute are 660 an hour, of which Mini takes none then.
    at = (TODAY - 1) * clock.DAY_US
    ledgers.add(database, [on_day(3), on_day(1, hour=3), on_day(1, hour=5), on_day(1, hour=5)])
    (found,) = read_with(database, rate_limits="gpt-4.1-mini-2025-04-14=11")
    assert found.slice.headroom == {("openai", "gpt-4.1-mini"): Fraction(3, 10)}
    mini = ledgers.labels(model="gpt-4.1-mini", project="lab")
    ledgers.add(
        database,
        [ledgers.event(at + 5 * clock.HOUR_US, label_set=mini, input_tokens=440, output_tokens=0)],
    )
    found = next(
        each
        for each in read_with(database, rate_limits="gpt-4.1-mini=11")
        if each.slice.project == "search"
    )
    assert found.slice.headroom == {("openai", "gpt-4.1-mini"): Fraction(1, 10)}


def test_slices_that_may_move_to_the_same_model_share_its_rate_limit(database: Database) -> None:
    # 2,200 tokens of the one and 1,100 of the other in the busiest hour; 11 a minute are 660 an hour: 660/3,300 each.
    other = ledgers.labels(project="lab")
    ats = (day * clock.DAY_US + 5 * clock.HOUR_US for day in (TODAY - 3, TODAY - 1))
    ledgers.add(
        database,
        [
            on_day(3),
            on_day(1, hour=5),
            on_day(1, hour=5),
            *(ledgers.event(at, label_set=other) for at in ats),
        ],
    )
    rooms = {
        each.slice.project: each.slice.headroom
        for each in read_with(database, rate_limits="gpt-4.1-mini=11")
    }
    assert rooms["search"] == rooms["lab"] == {("openai", "gpt-4.1-mini"): Fraction(1, 5)}


def test_slices_that_are_proposed_the_same_model_share_its_rate_limit(database: Database) -> None:
    other = ledgers.labels(model="gpt-4o", request_model="gpt-4o", project="lab")
    ats = (day * clock.DAY_US + 5 * clock.HOUR_US for day in (TODAY - 3, TODAY - 1))
    others = [ledgers.event(at, label_set=other) for at in ats]
    ledgers.add(database, [on_day(3), on_day(1, hour=5), *others])
    # Both have GPT-6 Luna as their named successor: 660 an hour for the 2,200 of both.
    limits = {"rate_limits": "gpt-6-luna=11"}
    shared = {
        each.slice.project: each.slice.headroom
        for each in read_with(database, pairs="auto", **limits)
    }
    assert shared["search"] == shared["lab"] == {("openai", "gpt-6-luna"): Fraction(3, 10)}
    (found, _) = read_with(database, pairs="gpt-4.1:gpt-6-luna", **limits)
    assert found.slice.headroom == {("openai", "gpt-6-luna"): Fraction(3, 5)}


def test_a_setting_of_the_policy_computes_advice_again(database: Database) -> None:
    ledgers.add(database, [on_day(age) for age in range(1, 15)])
    ledgers.settle(database)
    changed = settings.load(can_wait="search", pairs="gpt-4.1:gpt-4.1@batch")
    with database.snapshot() as session:
        assert not refresh.is_current(session, changed)


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate_limits", "x"), ("workload_classes", "search=x"), ("can_wait", "/"), ("pairs", "x")],
)
def test_a_setting_of_the_policy_that_cannot_be_read_is_refused_by_name(
    name: str, value: str
) -> None:
    with pytest.raises(UsageError, match=f"^SWITCHWISE_{name.upper()}: "):
        terms.from_settings(settings.load(**{name: value}))
