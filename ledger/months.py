"""A calendar month in the reporting zone: whole UTC days, plus the hours of its two edge days.

Pure.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ledger import clock
from ledger.errors import UsageError


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month of a zone with whole-hour offsets, so that it is a set of UTC hours."""

    year: int
    month: int
    zone: ZoneInfo

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_hour(self) -> int:
        """UTC hour number in which the month begins."""
        return clock.hour_of(clock.to_us(datetime(self.year, self.month, 1, tzinfo=self.zone)))

    @property
    def end_hour(self) -> int:
        """UTC hour number at which the next month begins."""
        return self.next().first_hour

    @property
    def days(self) -> int:
        """Calendar days of the month."""
        return calendar.monthrange(self.year, self.month)[1]

    @property
    def whole_days(self) -> range:
        """The UTC day numbers that lie wholly in the month."""
        return range(-(-self.first_hour // 24), self.end_hour // 24)

    @property
    def edge_hours(self) -> tuple[range, ...]:
        """The UTC hours of the month outside its whole UTC days: none where the zone is UTC."""
        days = self.whole_days
        edges = (range(self.first_hour, days.start * 24), range(days.stop * 24, self.end_hour))
        return tuple(edge for edge in edges if len(edge))

    @property
    def touched_days(self) -> range:
        """Every UTC day number that the month shares an hour with."""
        return range(self.first_hour // 24, -(-self.end_hour // 24))

    def next(self) -> "Month":
        """The month after."""
        return Month(self.year + self.month // 12, self.month % 12 + 1, self.zone)

    def previous(self) -> "Month":
        """The month before."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1, self.zone)


def parse(text: str, zone: ZoneInfo) -> Month:
    """The month of `2026-11`. Raises UsageError when the text is not a month."""
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text)
    if match and int(match[1]) < 2020:
        raise UsageError(f"{text} lies before 2020, where no ledger begins")
    if not match or not (1 <= int(match[2]) <= 12 and int(match[1]) <= 9000):
        raise UsageError(f"{text!r} is not a month; write it as YYYY-MM, for example 2026-11")
    return Month(int(match[1]), int(match[2]), zone)


def containing(instant_us: int, zone: ZoneInfo) -> Month:
    """The month of the zone in which an instant (epoch microseconds) lies."""
    local = clock.from_us(instant_us).astimezone(zone)
    return Month(local.year, local.month, zone)


def touching(day: int, zone: ZoneInfo) -> Iterator[Month]:
    """The one or two months of the zone that share an hour with a UTC day."""
    first = containing(day * clock.DAY_US, zone)
    last = containing((day + 1) * clock.DAY_US - 1, zone)
    yield first
    if last != first:
        yield last


def parse_or_current(text: str | None, zone: ZoneInfo, now_us: int) -> Month:
    """The month of a text, by default the current one. Raises UsageError for a future month."""
    current = containing(now_us, zone)
    month = parse(text, zone) if text else current
    if month > current:
        raise UsageError(f"{month} lies in the future; the current month is {current}")
    return month
