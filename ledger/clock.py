"""The one place that reads the clock. Everything else is handed an instant."""

import time
from datetime import UTC, date, datetime, timedelta, tzinfo

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def now_us() -> int:
    """The present instant as UTC epoch microseconds."""
    return time.time_ns() // 1_000


def monotonic_seconds() -> float:
    """Seconds on a clock that never goes back, for durations and time-outs only."""
    return time.monotonic()


def to_us(instant: datetime) -> int:
    """Epoch microseconds of an aware instant, exact."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def from_us(instant_us: int) -> datetime:
    """The aware UTC instant of epoch microseconds."""
    return EPOCH + timedelta(microseconds=instant_us)


def day_of(instant_us: int) -> int:
    """UTC day number since 1970-01-01 in which an instant (epoch microseconds) lies."""
    return instant_us // DAY_US


def hour_of(instant_us: int) -> int:
    """UTC hour number since 1970-01-01T00 in which an instant (epoch microseconds) lies."""
    return instant_us // HOUR_US


def day_in(zone: tzinfo, instant_us: int) -> int:
    """The calendar day (number since 1970-01-01) that it is in a zone at an instant."""
    return day_number(from_us(instant_us).astimezone(zone).date())


def day_start_us(day: date, zone: tzinfo) -> int:
    """Epoch microseconds at which a calendar day begins in a zone, also where it has no midnight.

    The clocks of some zones go forward at midnight; the day then begins at 01:00.
    """
    return to_us(datetime(day.year, day.month, day.day, tzinfo=zone))


def day_number(day: date) -> int:
    """UTC day number since 1970-01-01 of a calendar day."""
    return (day - EPOCH.date()).days


def date_of(day: int) -> date:
    """The calendar day of a UTC day number since 1970-01-01."""
    return EPOCH.date() + timedelta(days=day)


def parse_rfc3339(text: str) -> int:
    """Epoch microseconds of what `rfc3339` wrote."""
    return to_us(datetime.fromisoformat(text))


def rfc3339(instant_us: int) -> str:
    """`2026-11-23T20:00:00Z`, with microseconds only where there are some."""
    return from_us(instant_us).isoformat().replace("+00:00", "Z")
