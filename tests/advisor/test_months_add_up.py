"""Days, lines and arithmetic of a month add up to the same integer in every zone and at both changes of the clocks.

The threads: totals of single days that exceed the month's (27780, 29568), an evening west of UTC that is missing (36051,
41363), and the wish for one zone of the reports (31831).
"""

import operator
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session

from advisor.months import month_computation, pricings, statements, trace
from advisor.months.day_costs import CalendarDays, DayCosts
from advisor.months.statement_store import Basis
from advisor.report import report
from ledger import clock, months, settings, slots, tables
from ledger.database import Database
from ledger.events import Event
from ledger.months import Month
from tests import ledgers
from tests.advisor import closed_books
from tests.advisor.closed_books import built
from tests.conftest import NOW
from tests.ledger.test_months import ZONES
from worker import rollup

pytestmark = pytest.mark.usefixtures("frozen_now")
MINUTE_US = 60 * clock.SECOND_US
INTERESTING = [
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/Santiago",
    "Australia/Sydney", "Pacific/Auckland", "Pacific/Kiritimati", "Etc/GMT+12", "Africa/Casablanca", "Africa/Cairo",
    "America/Nuuk", "Antarctica/Troll", "Asia/Tokyo", "Asia/Gaza", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran",
    "Asia/Yangon", "Asia/Kabul", "Australia/Adelaide", "Australia/Eucla", "Australia/Lord_Howe", "America/St_Johns",
    "Pacific/Chatham", "Pacific/Marquesas",
]  # fmt: skip
SPANS = {
    "October and November": (
        clock.day_number(clock.EPOCH.replace(year=2026, month=9, day=29).date()),
        35,
    ),
    "March and April": (
        clock.day_number(clock.EPOCH.replace(year=2026, month=2, day=27).date()),
        40,
    ),
}
"""Days that hold the change to winter and to summer time of the northern zones, and the opposite of the southern."""


@st.composite
def usage(draw: st.DrawFn, span: str) -> list[Event]:
    """Events of two models and two projects anywhere in a span, most of them near a day's edge, and many at a quarter of an hour."""
    first_day, days = SPANS[span]
    hour = st.integers(0, 23)
    quarter = st.builds(
        operator.add,
        st.sampled_from([0, 15, 30, 45]).map(MINUTE_US.__mul__),
        st.sampled_from([-1, 0, 1]),
    )
    sent = []
    for number in range(draw(st.integers(1, 12))):
        day = first_day + draw(st.integers(0, days - 1))
        at = day * clock.DAY_US + draw(hour) * clock.HOUR_US + draw(quarter)
        labels = ledgers.labels(
            model=draw(st.sampled_from(["gpt-4.1", "gpt-4.1-mini"])),
            project=draw(st.sampled_from(["search", "support"])),
        )
        tokens = draw(st.integers(1, 10**6))
        sent.append(
            ledgers.event(
                at,
                id=str(number),
                label_set=labels,
                input_tokens=tokens,
                output_tokens=draw(st.integers(0, 99)),
            )
        )
    return sent


def wipe(database: Database) -> None:
    """Take every row away, so that the next example begins anew."""
    with database.transaction() as session:
        for table in reversed(tables.metadata.sorted_tables):
            session.execute(table.delete())


def fill(database: Database, events: list[Event], span: str) -> None:
    """Store the events; both models change price in the middle of the span."""
    wipe(database)
    ledgers.add(database, events)
    rollup.roll_up(database, 10)
    first_day, days = SPANS[span]
    closed_books.set_price(database, "3", "9", since=first_day + days // 2)
    closed_books.set_price(
        database, "1", "2", since=first_day + days // 2 + 3, model="gpt-4.1-mini"
    )


def months_of(events: list[Event], zone: ZoneInfo) -> Iterator[Month]:
    """The months of a zone in which there is an event."""
    yield from sorted({months.containing(event.occurred_at, zone) for event in events})


def check(session: Session, month: Month, pricing: statements.Pricing, events: list[Event]) -> int:
    """A month's cost in femto-USD, which its lines, its UTC days, its arithmetic and its events add up to."""
    basis = Basis(
        zone=str(month.zone),
        days_revision=0,
        price_book_version="",
        names_version="",
        through_day=0,
    )
    statement = month_computation.compute(
        session, month, basis=basis, pricing=pricing, now_us=clock.now_us()
    )
    rows = trace.rows(month_computation.usage_by_day(session, month), pricing)
    of_lines = sum(line.cost.femto_usd for line in statement.lines.values())
    of_days = sum(day.cost_femto_usd or 0 for day in statement.days)
    of_rows = sum(row.cost_femto_usd or 0 for row in rows)
    within = [
        event for event in events if months.containing(event.occurred_at, month.zone) == month
    ]
    assert of_lines == of_days == of_rows == by_hand(within, pricing)
    assert sum(line.requests for line in statement.lines.values()) == len(within)
    assert (
        sum(day.requests for day in statement.days)
        == sum(row.requests for row in rows)
        == len(within)
    )
    return of_lines


def check_local_days(
    session: Session, month: Month, pricing: statements.Pricing, events: list[Event]
) -> int:
    """The same cost, which the calendar days of the month's own zone add up to."""
    first = clock.day_number(clock.EPOCH.replace(year=month.year, month=month.month).date())
    costs = DayCosts(CalendarDays(session, month), pricing)
    days = {day: costs.on(first + day - 1) for day in range(1, month.days + 1)}
    within = [
        event for event in events if months.containing(event.occurred_at, month.zone) == month
    ]
    used_on = {local_day(event, month.zone) for event in within}
    assert {day for day, cost in days.items() if cost is not None} == used_on
    for day in used_on:
        of_day = [event for event in within if local_day(event, month.zone) == day]
        assert days[day] == by_hand(of_day, pricing)
    return sum(cost for cost in days.values() if cost is not None)


def local_day(event: Event, zone: ZoneInfo) -> int:
    """The day of the month that it was in a zone."""
    return clock.from_us(event.occurred_at).astimezone(zone).day


def by_hand(events: list[Event], pricing: statements.Pricing) -> int:
    """What events cost one by one, each at the price of its UTC day, in femto-USD."""
    spent = 0
    for event in events:
        price = pricing.book.at(
            "openai",
            event.labels.model,
            "standard",
            context_band=0,
            day=clock.day_of(event.occurred_at),
        )
        assert price is not None
        rates = price.rates
        spent += (event.input_tokens or 0) * (rates.uncached_input or 0) + (
            event.output_tokens or 0
        ) * (rates.output or 0)
    return spent


@hypothesis_settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    data=st.data(),
    span=st.sampled_from(sorted(SPANS)),
    zone=st.sampled_from([*INTERESTING, *ZONES]),
)
def test_ll_27780_29568_the_sum_of_days_is_the_month_in_every_zone(
    database: Database, data: st.DataObject, span: str, zone: str
) -> None:
    events = data.draw(usage(span))
    fill(database, events, span)
    with database.snapshot() as session:
        pricing = pricings.in_force(session)
        touched_months = list(months_of(events, ZoneInfo(zone)))
        costs = [check(session, month, pricing, events) for month in touched_months]
        assert [
            check_local_days(session, month, pricing, events) for month in touched_months
        ] == costs
    assert sum(costs) == by_hand(events, pricing)


def test_days_that_are_read_ahead_are_those_read_one_by_one(database: Database) -> None:
    """October holds a change of the clocks; each row of the hours has usage of its own size."""
    span = "October and November"
    first_slot, days = SPANS[span][0] * slots.PER_DAY, SPANS[span][1]
    fill(
        database,
        [
            ledgers.event(slot * slots.SLOT_US, id=str(slot), input_tokens=slot)
            for slot in range(first_slot, first_slot + days * slots.PER_DAY)
            if slots.is_row(slot)
        ],
        span,
    )
    with database.snapshot() as session:
        for zone in INTERESTING:
            month = Month(2026, 10, ZoneInfo(zone))
            ahead, alone = CalendarDays(session, month), CalendarDays(session, month)
            ahead.read_ahead(month.calendar_days)
            usage_ahead = [ahead.usage_on(day) for day in month.calendar_days]
            assert usage_ahead == [alone.usage_on(day) for day in month.calendar_days]


@pytest.mark.parametrize("span", sorted(SPANS))
def test_all_months_together_are_everything_in_every_zone_there_is(
    database: Database, span: str
) -> None:
    """Zones whose months have the same edges are one case: there are a few dozen of several hundred names."""
    first_day, days = SPANS[span]
    minutes = range(first_day * 1440, (first_day + days) * 1440, 95)
    events = [
        ledgers.event(minute * MINUTE_US, id=str(minute), input_tokens=10**5 + minute)
        for minute in minutes
    ]
    fill(database, events, span)
    cases = {
        tuple((m.start_us, m.end_us) for m in months_of(events, ZoneInfo(zone))): zone
        for zone in ZONES
    }
    assert len(cases) > 20
    with database.snapshot() as session:
        pricing = pricings.in_force(session)
        for zone in cases.values():
            costs = [
                check(session, month, pricing, events)
                for month in months_of(events, ZoneInfo(zone))
            ]
            assert sum(costs) == by_hand(events, pricing)


def test_ll_36051_41363_the_evening_west_of_utc_is_in_the_month_and_in_its_report(
    database: Database,
) -> None:
    """18:30 in Los Angeles on the last of October is already November in UTC."""
    evening = clock.EPOCH.replace(year=2026, month=11, day=1, hour=1, minute=30)
    los_angeles = settings.Settings(reporting_zone="America/Los_Angeles")
    with time_machine.travel(evening + timedelta(minutes=1), tick=False):
        ledgers.add(database, [ledgers.event(clock.to_us(evening))])
        ledgers.settle(database, los_angeles)
        october_report = built(database, "2026-10", los_angeles)
        with database.snapshot() as session:
            current = report.build(session, los_angeles, clock.now_us())
    assert (current.month, current.total.requests) == ("2026-10", 1)
    assert [(day.day, day.requests) for day in october_report.days] == [("2026-11-01", 1)]


def test_ll_31831_one_zone_of_the_reports_decides_the_month_of_every_face(
    database: Database,
) -> None:
    shanghai = settings.Settings(reporting_zone="Asia/Shanghai")
    late_in_utc = clock.to_us(clock.EPOCH.replace(year=2026, month=10, day=31, hour=16))
    ledgers.add(database, [ledgers.event(late_in_utc - 1), ledgers.event(late_in_utc)])
    ledgers.settle(database, shanghai)
    assert [
        built(database, month, shanghai).total.requests for month in ("2026-10", "2026-11")
    ] == [1, 1]
    ledgers.close(database, "2026-10", shanghai)
    ledgers.add(database, [ledgers.event(late_in_utc - 2), ledgers.event(late_in_utc + 1)])
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        ledgers.settle(database, shanghai)
    assert [
        adjustment.requests for adjustment in built(database, "2026-10", shanghai).adjustments
    ] == [1]
    assert built(database, "2026-11", shanghai).total.requests == 2
