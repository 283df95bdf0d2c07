"""A preview says to the femto-USD what a change will do, and what is published afterwards is what it said."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from advisor import refresh
from advisor.months import adjustment_store, closing, repricing, statement_store
from advisor.months.repricing import CostPlace, MonthShift
from ledger import clock, money, months, settings, tables
from ledger.database import Database
from ledger.events import Event
from ledger.pricing import in_force, price_book
from ledger.pricing.contracts import Discount, FixedPrice
from ledger.pricing.names import Alias
from ledger.pricing.overrides import Overrides
from ledger.pricing.price_book import OperatorPrice
from ledger.pricing.prices import PriceBook, PriceKey, Rates
from tests import ledgers
from worker import rollup

pytestmark = pytest.mark.usefixtures("frozen_now")
DAY = clock.day_of(ledgers.NOON_US)
KEY = PriceKey("openai", "gpt-4.1", "standard")
HOUSE = PriceKey("house", "house-model", "standard")
DEPLOYMENT = Alias(
    namespace="default",
    provider="azure.ai.openai",
    name="prod-chat",
    model_provider="azure.ai.openai",
    model="gpt-4.1",
    effective_from=0,
)
EVENTS = [
    ("search", "openai", "gpt-4.1"),
    ("search", "openai", "gpt-4.1-2025-04-14"),
    ("support", "openai", "gpt-4.1-mini"),
    ("support", "azure.ai.openai", "prod-chat"),
    ("lab", "house", "house-model"),
]
"""Project, provider and name of one request a day each."""


def event(age: int, project: str, provider: str, model: str) -> Event:
    """A request of 1,000 input and 100 output tokens at noon, some days before the 20th of November."""
    labels = ledgers.labels(project=project, provider=provider, model=model)
    return ledgers.event(ledgers.NOON_US - age * clock.DAY_US, label_set=labels)


def fill(
    database: Database, ages: tuple[int, ...] = (0, 1, 25), zone: str = "UTC"
) -> settings.Settings:
    """One request of each kind on each of these days, rolled up and published."""
    zone_settings = settings.Settings(reporting_zone=zone)
    ledgers.add(database, [event(age, *kind) for age in ages for kind in EVENTS], zone_settings)
    ledgers.settle(database, zone_settings)
    return zone_settings


def preview(
    database: Database, change: in_force.Change, zone_settings: settings.Settings = ledgers.SETTINGS
) -> list[MonthShift]:
    """What a change would do."""
    with database.snapshot() as session:
        return repricing.preview_change(session, zone_settings, change)


def make(
    database: Database, change: in_force.Change, zone_settings: settings.Settings = ledgers.SETTINGS
) -> None:
    """Make a change, and publish what follows."""
    with database.transaction() as session:
        in_force.apply_change(session, change, 1)
    refresh.refresh(database, zone_settings)


def published(
    database: Database, zone_settings: settings.Settings = ledgers.SETTINGS
) -> dict[str, dict[CostPlace, tuple[int, int, int]]]:
    """By month and place: cost, list cost in femto-USD, and unpriced tokens, as every face shows them."""
    by_month: dict[str, dict[CostPlace, tuple[int, int, int]]] = {}
    with database.snapshot() as session:
        for name in statement_store.month_names(session):
            statement = statement_store.read_statement(
                session, months.parse(name, zone_settings.zone)
            )
            assert statement is not None
            by_place = by_month.setdefault(name, {})
            for key, line in statement.lines.items():
                place = CostPlace(key.project, key.provider, key.model)
                amounts = (line.cost.femto_usd, line.list_cost_femto_usd, line.cost.unpriced_tokens)
                sums = by_place.get(place, (0, 0, 0))
                by_place[place] = (sums[0] + amounts[0], sums[1] + amounts[1], sums[2] + amounts[2])
    return by_month


def total(by_place: dict[CostPlace, tuple[int, int, int]]) -> tuple[int, int, int]:
    """The sums of a month."""
    cost, listed, unpriced = (
        sum(amounts[place] for amounts in by_place.values()) for place in range(3)
    )
    return cost, listed, unpriced


def published_amounts(cost: repricing.UsageCost) -> tuple[int, int, int]:
    """A cost as it is published."""
    return cost.cost_femto_usd, cost.list_cost_femto_usd, cost.unpriced_tokens


def test_a_discount_inside_a_month_is_priced_day_by_day(database: Database) -> None:
    fill(database)
    tenth = Discount(
        effective_from=DAY,
        effective_until=None,
        source="deal",
        provider="openai",
        discount_ppm=100_000,
        model="gpt-4.1",
    )
    october, november = preview(database, lambda overrides: overrides.with_contract(tenth))
    assert (october.month, november.month) == ("2026-10", "2026-11")
    assert october.places == {}
    one_request = 1_000 * 2 + 100 * 8
    assert {place: shift.cost_femto_usd for place, shift in november.places.items()} == {
        CostPlace("search", "openai", "gpt-4.1"): -2 * one_request * 10**9 // 10
    }
    assert november.total.after.list_cost_femto_usd == november.total.before.list_cost_femto_usd


def test_a_name_without_a_price_moves_to_its_model_with_its_tokens(database: Database) -> None:
    fill(database)
    _, november = preview(database, lambda overrides: overrides.with_alias(DEPLOYMENT))
    sent, model = (
        CostPlace("support", "azure.ai.openai", name) for name in ("prod-chat", "gpt-4.1")
    )
    assert november.places[sent].after == november.places[model].before == repricing.NOTHING
    assert (november.places[sent].unpriced_tokens, november.places[sent].before.requests) == (
        -2_200,
        2,
    )
    assert money.usd_text(november.places[model].cost_femto_usd) == "0.0056"
    assert november.total.unpriced_tokens == -2_200


def test_a_preview_stores_nothing(database: Database) -> None:
    fill(database)
    before = published(database)
    preview(database, lambda overrides: overrides.with_alias(DEPLOYMENT))
    assert published(database) == before
    with database.snapshot() as session:
        assert in_force.load_overrides(session) == Overrides()


CHANGES: dict[str, Callable[[Overrides, int], Overrides]] = {
    "discount": lambda overrides, day: overrides.with_contract(
        Discount(
            effective_from=day,
            effective_until=day + 9,
            source="deal",
            provider="openai",
            discount_ppm=123_456,
        )
    ),
    "exempt": lambda overrides, day: overrides.with_contract(
        Discount(
            effective_from=day,
            effective_until=None,
            source="deal",
            provider="openai",
            discount_ppm=0,
            model="gpt-4.1",
            service_tier="standard",
        )
    ),
    "fixed": lambda overrides, day: overrides.with_contract(
        FixedPrice(
            effective_from=day,
            effective_until=None,
            source="deal",
            key=KEY,
            rates=Rates(output=7_777_777_777),
        )
    ),
    "price": lambda overrides, day: overrides.with_price(
        OperatorPrice(
            key=HOUSE, effective_from=day, rates=Rates(uncached_input=3, output=5), source="by hand"
        )
    ),
    "alias": lambda overrides, day: overrides.with_alias(replace(DEPLOYMENT, effective_from=day)),
    "unmapped": lambda overrides, day: overrides.with_alias(
        replace(DEPLOYMENT, effective_from=day, model="")
    ),
}


def change_of(name: str, day: int) -> in_force.Change:
    """One of the changes from a day on."""
    return lambda overrides: CHANGES[name](overrides, day)


@hypothesis_settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Kiritimati"]),
    ages=st.sets(st.integers(0, 60), min_size=1, max_size=6),
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(DAY - 50, DAY)),
        min_size=1,
        max_size=4,
        unique_by=lambda step: step[0],
    ),
)
def test_what_is_published_after_a_change_is_what_its_preview_said(
    database: Database, zone: str, ages: set[int], steps: list[tuple[str, int]]
) -> None:
    with database.transaction() as session:
        for table in reversed(tables.metadata.sorted_tables):
            session.execute(table.delete())
    zone_settings = fill(database, tuple(ages), zone)
    for name, day in steps:
        change = change_of(name, day)
        previews = {month.month: month for month in preview(database, change, zone_settings)}
        before = published(database, zone_settings)
        make(database, change, zone_settings)
        after = published(database, zone_settings)
        assert before.keys() == after.keys() <= previews.keys()
        for month in after:
            shift = previews[month]
            assert published_amounts(shift.total.before) == total(before[month])
            assert published_amounts(shift.total.after) == total(after[month])
            for place in before[month].keys() | after[month].keys():
                place_shift = shift.places.get(place)
                was, becomes = (
                    before[month].get(place, (0, 0, 0)),
                    after[month].get(place, (0, 0, 0)),
                )
                assert (was, becomes) == (
                    (published_amounts(place_shift.before), published_amounts(place_shift.after))
                    if place_shift
                    else (was, was)
                )
            assert (
                sum(place_shift.cost_femto_usd for place_shift in shift.places.values())
                == shift.total.cost_femto_usd
            )
            assert (
                sum(place_shift.unpriced_tokens for place_shift in shift.places.values())
                == shift.total.unpriced_tokens
            )


def test_what_is_published_differs_from_what_is_in_force_until_the_worker_has_run(
    database: Database,
) -> None:
    zone_settings = fill(database)
    with database.transaction() as session:
        in_force.apply_change(session, lambda overrides: overrides.with_alias(DEPLOYMENT), 1)
    with database.snapshot() as session:
        october, november = repricing.compare_published(session, zone_settings)
    assert (october.total.unpriced_tokens, november.total.unpriced_tokens) == (-1_100, -2_200)
    assert november.arrived_requests == 0
    refresh.refresh(database, zone_settings)
    with database.snapshot() as session:
        assert [month.places for month in repricing.compare_published(session, zone_settings)] == [
            {},
            {},
        ]


def test_requests_that_arrived_since_are_counted_and_in_no_change_of_a_price(
    database: Database,
) -> None:
    zone_settings = fill(database)
    ledgers.add(database, [event(0, *EVENTS[0])])
    rollup.roll_up(database, zone_settings.max_metric_sets)
    with database.snapshot() as session:
        _, november = repricing.compare_published(session, zone_settings)
    assert (november.arrived_requests, money.usd_text(november.total.cost_femto_usd)) == (
        1,
        "0.0028",
    )
    _, november = preview(database, lambda overrides: overrides.with_alias(DEPLOYMENT))
    assert (november.arrived_requests, money.usd_text(november.total.cost_femto_usd)) == (
        0,
        "0.0056",
    )


def test_a_closed_month_is_compared_with_what_it_was_closed_at_and_stays(
    database: Database,
) -> None:
    zone_settings = fill(database)
    closing.close(database, zone_settings, "2026-10", "ada", despite_gaps=True)
    before = published(database)["2026-10"]
    october, november = preview(database, lambda overrides: overrides.with_alias(DEPLOYMENT))
    assert (october.closed, november.closed) == (True, False)
    assert published_amounts(october.total.before) == total(before)
    assert money.usd_text(october.total.cost_femto_usd) == "0.0028"
    make(database, lambda overrides: overrides.with_alias(DEPLOYMENT), zone_settings)
    assert published(database)["2026-10"] == before


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
def test_what_a_preview_says_of_a_closed_month_is_what_a_correction_books(
    database: Database, zone: str
) -> None:
    zone_settings = fill(database)
    last_hour_us = clock.to_us(clock.EPOCH.replace(year=2026, month=11)) - clock.HOUR_US
    ledgers.add(database, [ledgers.event(last_hour_us)])
    closing.close(database, zone_settings, "2026-10", "ada", despite_gaps=True)
    make(database, lambda overrides: overrides.with_alias(DEPLOYMENT), zone_settings)
    ledgers.add(database, [event(25, *kind) for kind in EVENTS])
    zone_settings = settings.Settings(reporting_zone=zone)
    ledgers.settle(database, zone_settings)
    with database.snapshot() as session:
        october, _ = repricing.compare_published(session, zone_settings)
    assert (october.arrived_requests, money.usd_text(october.total.cost_femto_usd)) == (0, "0.0028")
    number = closing.reprice(
        database, zone_settings, "2026-10", reason="the deployment has a model", made_by="ada"
    )
    assert number is not None
    with database.snapshot() as session:
        adjustment = adjustment_store.read_month(session, "2026-10")[number]
        again, _ = repricing.compare_published(session, zone_settings)
    assert (
        sum(line.cost.femto_usd for line in adjustment.lines.values())
        == october.total.cost_femto_usd
    )
    assert (
        sum(line.cost.unpriced_tokens for line in adjustment.lines.values())
        == october.total.unpriced_tokens
        == -1_100
    )
    assert again.places == {}


def test_another_shipped_book_is_put_in_dollars_and_an_operator_s_own_price_holds_under_both(
    database: Database,
) -> None:
    fill(database)
    shipped = price_book.shipped()
    dearer = {
        key: tuple(replace(row, rates=replace(row.rates, uncached_input=9 * 10**9)) for row in rows)
        for key, rows in shipped.prices.items()
        if key == KEY
    }
    other = PriceBook(
        version="other",
        prices={**shipped.prices, **dearer},
        facts=shipped.facts,
        aliases=shipped.aliases,
        checked=shipped.checked,
    )
    with database.snapshot() as session:
        october, november = repricing.preview_book(session, ledgers.SETTINGS, other)
    assert november.total.cost_femto_usd == 2 * 2 * 1_000 * 7 * 10**9
    assert list(november.places) == [CostPlace("search", "openai", "gpt-4.1")]
    assert october.total.cost_femto_usd == 2 * 1_000 * 7 * 10**9
    with database.transaction() as session:
        own = OperatorPrice(
            key=KEY, effective_from=0, rates=shipped.prices[KEY][0].rates, source="agreed"
        )
        in_force.apply_change(session, lambda overrides: overrides.with_price(own), 1)
    with database.snapshot() as session:
        assert [
            month.places for month in repricing.preview_book(session, ledgers.SETTINGS, other)
        ] == [
            {},
            {},
        ]
