"""Months of the reporting zone: whole UTC days and edge hours are the month, in every zone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock, months, settings
from ledger.errors import UsageError

UTC = ZoneInfo("UTC")


def is_whole_hours(name: str) -> bool:
    """Whether a zone is whole hours from UTC on two days of each month from 2020 to 2029."""
    days = (
        datetime(2020 + n // 24, n // 2 % 12 + 1, n % 2 * 14 + 1, tzinfo=UTC) for n in range(240)
    )
    return not any((day.astimezone(ZoneInfo(name)).utcoffset() or HOUR) % HOUR for day in days)


HOUR = timedelta(hours=1)
NAMES = sorted(available_timezones())
ZONES = [name for name in NAMES if is_whole_hours(name)]


def test_most_zones_are_whole_hours_and_the_others_are_refused_with_the_reason() -> None:
    assert "Europe/Berlin" in ZONES
    with pytest.raises(
        UsageError,
        match=r"SWITCHWISE_REPORTING_ZONE: 'Asia/Kolkata' is not a whole number of hours from UTC",
    ):
        settings.load(reporting_zone="Asia/Kolkata")


@given(name=st.sampled_from(NAMES))
def test_a_zone_is_taken_if_it_is_whole_hours_from_utc(name: str) -> None:
    try:
        settings.Settings(reporting_zone=name)
    except ValueError:
        assert name not in ZONES
    else:
        assert name in ZONES


@given(zone=st.sampled_from(ZONES), year=st.integers(2020, 2027), month=st.integers(1, 12))
def test_whole_days_and_edge_hours_are_the_month(zone: str, year: int, month: int) -> None:
    calendar_month = months.Month(year, month, ZoneInfo(zone))
    hours = [hour for edge in calendar_month.edge_hours for hour in edge]
    hours += [hour for day in calendar_month.whole_days for hour in range(day * 24, day * 24 + 24)]
    assert sorted(hours) == list(range(calendar_month.first_hour, calendar_month.end_hour))
    assert calendar_month.end_hour == calendar_month.next().first_hour
    assert calendar_month.next().previous() == calendar_month


@given(
    zone=st.sampled_from(ZONES),
    instant=st.datetimes(datetime(2020, 1, 2), datetime(2027, 12, 30)),  # noqa: DTZ001  # UTC is added below
)  # UTC is added below
def test_an_instant_lies_in_the_month_that_contains_it(zone: str, instant: datetime) -> None:
    instant_us = clock.to_us(instant.replace(tzinfo=clock.EPOCH.tzinfo))
    calendar_month = months.containing(instant_us, ZoneInfo(zone))
    local = clock.from_us(instant_us).astimezone(ZoneInfo(zone))
    assert (calendar_month.year, calendar_month.month) == (local.year, local.month)
    assert calendar_month.first_hour <= clock.hour_of(instant_us) < calendar_month.end_hour
    assert calendar_month in set(months.touching(clock.day_of(instant_us), ZoneInfo(zone)))


def test_a_month_in_utc_has_no_edges() -> None:
    assert months.parse("2026-11", UTC).edge_hours == ()


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "November", "2026-1", "", "2026-11-01", "٢٠٢٦-١١"]
)
def test_what_is_no_month_is_refused_naming_it(text: str) -> None:
    with pytest.raises(UsageError, match="is not a month; write it as YYYY-MM"):
        months.parse(text, UTC)
