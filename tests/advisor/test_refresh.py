"""Statements and advice follow from the rollups: day by day at the day's price, in every zone, and only when something changed."""

from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from advisor import refresh
from advisor.months import statement_store
from advisor.report import report
from ledger import clock, months, settings, tables
from ledger.database import Database
from ledger.events import Event
from tests import conftest, ledgers

pytestmark = pytest.mark.usefixtures("frozen_now")
NOW_US = clock.to_us(conftest.NOW)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
]


def statement(
    database: Database, month: str = "2026-11", zone: str = "UTC"
) -> statement_store.MonthStatement:
    with database.snapshot() as session:
        found = statement_store.read_statement(session, months.parse(month, ZoneInfo(zone)))
    assert found is not None
    return found


def cost_femto_usd(found: statement_store.MonthStatement) -> int:
    return sum(line.cost.femto_usd for line in found.lines.values())


def test_a_month_is_priced_at_the_price_of_each_day(database: Database) -> None:
    change_day = clock.day_of(ledgers.NOON_US)
    with database.transaction() as session:
        session.add(
            tables.pricing.ListPrice(
                provider="openai",
                model="gpt-4.1",
                service_tier="standard",
                over_input_tokens=0,
                effective_from=change_day,
                uncached_input=1_000_000_000,
                output=4_000_000_000,
                source="contract",
                created_at=0,
            )
        )
    midnight = change_day * clock.DAY_US
    ledgers.add(database, [ledgers.event(midnight - 1), ledgers.event(midnight)])
    ledgers.settle(database)
    before, after = 1_000 * 2 + 100 * 8, 1_000 * 1 + 100 * 4
    assert cost_femto_usd(statement(database)) == (before + after) * 10**9
    costs = [day.cost_femto_usd for day in statement(database).days]
    assert costs == [before * 10**9, after * 10**9]


def test_nothing_is_computed_again_until_something_changed(database: Database) -> None:
    ledgers.add(database, [ledgers.event()])
    ledgers.settle(database)
    first = statement(database)
    assert refresh.refresh(database, ledgers.SETTINGS) == 0
    assert statement(database) == first
    ledgers.add(database, [ledgers.event()])
    ledgers.settle(database)
    assert statement(database).revision == first.revision + 1


def test_a_late_event_of_long_ago_changes_its_own_month_alone(database: Database) -> None:
    """One of the last months would be in the history of this month's forecast."""
    june = ledgers.NOON_US - 160 * clock.DAY_US
    ledgers.add(database, [ledgers.event(), ledgers.event(june)])
    ledgers.settle(database)
    ledgers.add(database, [ledgers.event(june)])
    ledgers.settle(database)
    assert (statement(database, "2026-11").revision, statement(database, "2026-06").revision) == (
        1,
        2,
    )


def test_a_late_event_of_last_month_changes_this_months_forecast(database: Database) -> None:
    midnight_us = clock.day_of(NOW_US) * clock.DAY_US
    ledgers.add(database, [ledgers.event(midnight_us - age * clock.DAY_US) for age in range(1, 29)])
    ledgers.settle(database)
    before = statement(database).forecast
    october = midnight_us - 25 * clock.DAY_US
    ledgers.add(database, [ledgers.event(october + turn) for turn in range(50)])
    ledgers.settle(database)
    after = statement(database).forecast
    assert before is not None
    assert after is not None
    assert after.cost_femto_usd > before.cost_femto_usd


def test_a_model_without_a_price_is_unpriced_and_its_cost_unknown(database: Database) -> None:
    ledgers.add(database, [ledgers.event(label_set=ledgers.labels(model="house-model"))])
    ledgers.settle(database)
    with database.snapshot() as session:
        found = report.build(session, ledgers.SETTINGS, NOW_US)
    assert (found.total.cost_usd, found.total.unpriced_tokens, found.total.coverage.ratio) == (
        None,
        1_100,
        "0.00",
    )
    assert any(note.startswith("house-model: 1,100 tokens have no price") for note in found.notes)


def test_an_alias_gives_a_deployment_its_model_from_its_day_on(database: Database) -> None:
    day = clock.day_of(ledgers.NOON_US)
    with database.transaction() as session:
        session.add(
            tables.pricing.ModelAlias(
                namespace="default",
                provider="azure.ai.openai",
                name="prod-chat",
                effective_from=day,
                model_provider="openai",
                model="gpt-4.1",
                created_at=0,
            )
        )
    deployment = ledgers.labels(provider="azure.ai.openai", model="prod-chat")
    ledgers.add(
        database,
        [
            ledgers.event(ledgers.NOON_US - age * clock.DAY_US, label_set=deployment)
            for age in (0, 1)
        ],
    )
    ledgers.settle(database)
    found = {key.model: line.cost for key, line in statement(database).lines.items()}
    assert (found["gpt-4.1"].priced_tokens, found["prod-chat"].unpriced_tokens) == (1_100, 1_100)


@hypothesis_settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    zone=st.sampled_from(ZONES),
    offsets=st.lists(st.integers(0, 62 * 24 * 60 - 1), min_size=1, max_size=40),
)
def test_the_sum_of_all_months_is_everything_whatever_the_zone(
    database: Database, zone: str, offsets: list[int]
) -> None:
    """The span holds October and November: the change to winter time of both hemispheres lies in it or beside it."""
    with database.transaction() as session:
        for table in reversed(tables.metadata.sorted_tables):
            session.execute(table.delete())
    start = clock.to_us(clock.EPOCH.replace(year=2026, month=9, day=20))
    chosen = settings.Settings(reporting_zone=zone)
    ledgers.add(
        database,
        [
            ledgers.event(start + offset * 60 * clock.SECOND_US, id=str(n))
            for n, offset in enumerate(offsets)
        ],
    )
    ledgers.settle(database, chosen)
    with database.snapshot() as session:
        found = [statement(database, name, zone) for name in statement_store.month_names(session)]
    assert sum(line.requests for held in found for line in held.lines.values()) == len(offsets)
    assert sum(map(cost_femto_usd, found)) == len(offsets) * 2_800 * 10**9
    local = [
        clock.from_us(start + offset * 60 * clock.SECOND_US).astimezone(ZoneInfo(zone))
        for offset in offsets
    ]
    wanted = {f"{at.year}-{at.month:02d}" for at in local}
    assert {str(held.month) for held in found if held.lines} == wanted


@hypothesis_settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    events=st.lists(
        ledgers.any_event(), min_size=1, max_size=25, unique_by=lambda event: event.dedupe_key
    ),
    data=st.data(),
)
def test_the_order_of_events_changes_no_figure(
    database: Database, events: list[Event], data: st.DataObject
) -> None:
    reports = []
    for order in (events, data.draw(st.permutations(events))):
        with database.transaction() as session:
            for table in reversed(tables.metadata.sorted_tables):
                session.execute(table.delete())
        for event in order:
            ledgers.add(database, [event])
        ledgers.settle(database)
        with database.snapshot() as session:
            reports.append(report.build(session, ledgers.SETTINGS, NOW_US))
    assert reports[0] == reports[1]


def test_coverage_is_the_smaller_of_priced_tokens_and_reported_successes(
    database: Database,
) -> None:
    ledgers.add(database, [ledgers.event() for _ in range(3)])
    missing = ledgers.labels(usage_source="missing")
    ledgers.add(database, [ledgers.event(label_set=missing, input_tokens=None, output_tokens=None)])
    ledgers.settle(database)
    with database.snapshot() as session:
        found = report.build(session, ledgers.SETTINGS, NOW_US).total.coverage
    assert (found.ratio, found.gaps["missing"], found.provisional) == ("0.75", "0.25", True)
    assert Fraction(found.ratio or 0) < Fraction("0.99")
