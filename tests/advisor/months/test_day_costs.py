"""A forecast's history begins with the first day of unbroken service."""

from collections.abc import Iterable

import pytest

from advisor.months import pricings, statement_store, week_ahead
from advisor.months.day_costs import BREAK_DAYS, CalendarDays, DayCosts
from ledger import clock, months
from ledger.database import Database
from ledger.events import Event
from tests import conftest, ledgers
from tests.advisor import closed_books

pytestmark = pytest.mark.usefixtures("frozen_now")
TODAY = clock.day_of(clock.to_us(conftest.NOW))
REQUEST_FEMTO_USD = 28 * 10**11


def events(days: Iterable[int], hour: int = 0) -> list[Event]:
    """One request on each of some days, in an hour of it."""
    return [ledgers.event(day * clock.DAY_US + hour * clock.HOUR_US) for day in days]


def history(database: Database, stored: list[Event], today: int = TODAY) -> list[int]:
    """The requests of each day of the history of a forecast, as its cost says."""
    ledgers.add(database, stored)
    ledgers.settle(database)
    with database.snapshot() as session:
        month = months.containing(clock.to_us(conftest.NOW), ledgers.SETTINGS.zone)
        costs = DayCosts(CalendarDays(session, month), pricings.in_force(session))
        return [cost // REQUEST_FEMTO_USD for cost in costs.closed_before(today)]


@pytest.mark.parametrize("morning", range(7))
def test_a_service_that_rests_at_weekends_has_a_full_history_on_every_morning(
    database: Database, morning: int
) -> None:
    today = TODAY - morning
    workdays = [day for day in range(TODAY - 70, TODAY) if day % 7 not in (2, 3)]
    costs = history(database, events(workdays), today)
    assert len(costs) == today - workdays[0]
    assert sum(costs) == sum(day < today for day in workdays)


def test_one_old_event_makes_no_weeks_of_zeros(database: Database) -> None:
    stored = events([TODAY - 20 - BREAK_DAYS - 1]) + events(range(TODAY - 20, TODAY))
    assert history(database, stored) == [1] * 20


@pytest.mark.parametrize(("gap", "days"), [(BREAK_DAYS - 1, 10 + 27 + 5), (BREAK_DAYS, 5)])
def test_a_gap_of_28_days_ends_a_service_and_one_of_27_does_not(
    database: Database, gap: int, days: int
) -> None:
    first = TODAY - 5 - gap - 10
    stored = events(range(first, first + 10)) + events(range(TODAY - 5, TODAY))
    costs = history(database, stored)
    assert (len(costs), sum(costs)) == (days, 5 if days == 5 else 15)


@pytest.mark.parametrize(("quiet", "days"), [(BREAK_DAYS - 1, 40), (BREAK_DAYS, 0)])
def test_a_gap_up_to_today_counts_too(database: Database, quiet: int, days: int) -> None:
    stored = events(range(TODAY - 40, TODAY - quiet))
    assert len(history(database, stored)) == days


def test_a_first_day_that_began_in_the_middle_is_no_full_day(database: Database) -> None:
    stored = events([TODAY - 9], hour=5) + events(range(TODAY - 8, TODAY))
    assert history(database, stored) == [1] * 8


def test_a_history_goes_back_as_far_as_a_forecast_looks(database: Database) -> None:
    # At noon, so that a first day would be dropped: but the service began earlier.
    stored = events(range(TODAY - week_ahead.HISTORY_DAYS - 3, TODAY), hour=12)
    assert history(database, stored) == [1] * week_ahead.HISTORY_DAYS


def test_a_late_event_of_three_months_ago_makes_the_forecast_again(database: Database) -> None:
    ledgers.add(database, events(range(TODAY - 150, TODAY)))
    ledgers.settle(database)
    before = closed_books.stored(database, "2026-11")
    ledgers.add(database, events([TODAY - 100] * 1, hour=7))
    ledgers.settle(database)
    after = closed_books.stored(database, "2026-11")
    assert after.revision > before.revision
    assert after.forecast != before.forecast
    assert statement_store.HISTORY_DAYS == week_ahead.HISTORY_DAYS + BREAK_DAYS
