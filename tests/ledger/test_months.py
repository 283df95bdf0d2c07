"""Months of the reporting zone: whole UTC days and edges are the month, in every zone."""

import struct
import zoneinfo
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock, months, settings, slots
from ledger.errors import UsageError

UTC = ZoneInfo("UTC")


ZONES = sorted(available_timezones())


@given(name=st.sampled_from(ZONES))
def test_every_zone_is_taken(name: str) -> None:
    assert settings.load(reporting_zone=name).zone == ZoneInfo(name)


def zone_file(offset: timedelta) -> bytes:
    """A zone of one offset, as RFC 8536 lays out version 1 of its file."""
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    kind = struct.pack(">lbb", int(offset.total_seconds()), 0, 0)
    return b"TZif" + bytes(16) + counts + kind + b"NWH\0"


def test_a_zone_with_an_offset_that_is_not_known_yet_is_refused_with_the_day(
    tmp_path: Path,
) -> None:
    """As after a new law that the tz database follows before we do."""
    (tmp_path / "Nowhere").write_bytes(zone_file(timedelta(hours=7, minutes=20)))
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        with pytest.raises(
            UsageError,
            match="'Nowhere' has an offset from UTC on 2020-01-01 at which sums cannot be cut",
        ):
            settings.load(reporting_zone="Nowhere")
    finally:
        zoneinfo.reset_tzpath()


@given(zone=st.sampled_from(ZONES), year=st.integers(2020, 2027), month=st.integers(1, 12))
def test_whole_days_and_edges_are_the_month(zone: str, year: int, month: int) -> None:
    calendar_month = months.Month(year, month, ZoneInfo(zone))
    of_month = [slot for edge in calendar_month.edges for slot in edge]
    of_month += slots.of_days(calendar_month.whole_days)
    assert sorted(of_month) == list(calendar_month.slots)
    assert calendar_month.slots.stop == calendar_month.next().slots.start
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
    assert calendar_month.start_us <= instant_us < calendar_month.end_us
    assert slots.row_of(instant_us) in calendar_month.slots
    assert clock.day_of(instant_us) in calendar_month.touched_days
    assert calendar_month in set(months.touching(clock.day_of(instant_us), ZoneInfo(zone)))


def test_a_month_in_utc_has_no_edges() -> None:
    assert months.parse("2026-11", UTC).edges == ()


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "November", "2026-1", "", "2026-11-01", "٢٠٢٦-١١"]
)
def test_what_is_no_month_is_refused_naming_it(text: str) -> None:
    with pytest.raises(UsageError, match="is not a month; write it as YYYY-MM"):
        months.parse(text, UTC)
