"""Where hours are cut: at every midnight of every zone, and nowhere else."""

from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock, events, months, readings, slots
from ledger.database import Database
from tests import ledgers

NAMES = sorted(available_timezones())
YEARS_AHEAD = 10


def day_starts(name: str, step_days: int) -> set[tuple[int, int]]:
    """Hour and minute in UTC of the starts of a zone's days from 2020 on, for years to come."""
    day, last = date(months.FIRST_YEAR, 1, 1), date(2026 + YEARS_AHEAD, 1, 1)
    starts = set()
    while day < last:
        start = clock.from_us(clock.day_start_us(day, ZoneInfo(name)))
        assert start.second == start.microsecond == 0
        starts.add((start.hour, start.minute))
        day += timedelta(days=step_days)
    return starts


@pytest.mark.parametrize("step_days", [7, pytest.param(1, marks=pytest.mark.full)])
def test_hours_are_cut_where_a_day_begins_in_some_zone_and_nowhere_else(step_days: int) -> None:
    """An offset lasts for weeks, so every seventh day meets it."""
    starts = set[tuple[int, int]]().union(*(day_starts(name, step_days) for name in NAMES))
    off_the_hour = {(hour, minute) for hour, minute in starts if minute}
    assert sorted(off_the_hour) == list(slots.DAY_STARTS)


def test_a_day_of_usage_has_thirteen_rows_more_than_hours() -> None:
    rows = [row for hour in range(24) for row in slots.rows_of_hour(hour)]
    assert len(rows) == 24 + len(slots.DAY_STARTS) == 37
    assert Counter(row // slots.PER_HOUR for row in rows)[18] == 3


@given(instant_us=st.integers(events.EARLIEST_US, events.EARLIEST_US * 2))
def test_an_instant_is_counted_in_the_last_row_that_began(instant_us: int) -> None:
    row = slots.row_of(instant_us)
    assert slots.is_row(row)
    assert row * slots.SLOT_US <= instant_us < slots.next_row(row + 1) * slots.SLOT_US
    assert row // slots.PER_HOUR == clock.hour_of(instant_us)
    assert row in slots.rows_of_hour(clock.hour_of(instant_us))


@given(slot=st.integers(0, 10**7))
def test_a_span_may_begin_where_a_row_does_and_nowhere_else(slot: int) -> None:
    if slots.is_row(slot):
        assert slots.starting_at(slot * slots.SLOT_US) == slot
    else:
        with pytest.raises(ValueError, match="usage cannot be cut at"):
            slots.starting_at(slot * slots.SLOT_US)
    with pytest.raises(ValueError, match="usage cannot be cut at"):
        slots.starting_at(slot * slots.SLOT_US + 1)


def test_usage_is_never_read_up_to_an_instant_at_which_it_is_not_cut(database: Database) -> None:
    noon = slots.starting_at(ledgers.NOON_US)
    with (
        database.snapshot() as session,
        pytest.raises(ValueError, match="usage cannot be cut at 2026-11-20T12:15:00Z"),
    ):
        readings.sum_span(session, range(noon, noon + 1))
