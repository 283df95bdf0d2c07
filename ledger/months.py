"""A calendar month in the reporting zone: whole UTC days, plus parts of its two edge days.

Pure.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from ledger import clock, slots
from ledger.errors import UsageError

FIRST_YEAR = 2020
"""No event of a ledger is older, so no month is."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month of a zone in which usage can be cut (`first_uncut_day`)."""

    year: int
    month: int
    zone: ZoneInfo

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def start_us(self) -> int:
        """The instant at which the month begins (epoch microseconds)."""
        return clock.day_start_us(date(self.year, self.month, 1), self.zone)

    @property
    def end_us(self) -> int:
        """The instant at which the next month begins (epoch microseconds)."""
        return self.next().start_us

    @property
    def slots(self) -> range:
        """The slots of the month. Raises ValueError where usage cannot be cut in its zone."""
        return range(slots.starting_at(self.start_us), slots.starting_at(self.end_us))

    @property
    def days(self) -> int:
        """Calendar days of the month."""
        return calendar.monthrange(self.year, self.month)[1]

    @property
    def calendar_days(self) -> range:
        """Its days in its own zone, as numbers since 1970-01-01."""
        first = clock.day_number(date(self.year, self.month, 1))
        return range(first, first + self.days)

    @property
    def whole_days(self) -> range:
        """The UTC day numbers that lie wholly in the month."""
        return slots.whole_days(self.slots)

    @property
    def edges(self) -> tuple[range, ...]:
        """The slots of the month outside its whole UTC days: none where the zone is UTC."""
        span, days = self.slots, slots.of_days(self.whole_days)
        edges = (range(span.start, days.start), range(days.stop, span.stop))
        return tuple(edge for edge in edges if len(edge))

    @property
    def touched_days(self) -> range:
        """Every UTC day number of which a part lies in the month."""
        return range(clock.day_of(self.start_us), clock.day_of(self.end_us - 1) + 1)

    def next(self) -> "Month":
        """The month after."""
        return Month(self.year + self.month // 12, self.month % 12 + 1, self.zone)

    def previous(self) -> "Month":
        """The month before."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1, self.zone)


def parse(text: str, zone: ZoneInfo) -> Month:
    """The month of `2026-11`. Raises UsageError when the text is not a month."""
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text)
    if match and int(match[1]) < FIRST_YEAR:
        raise UsageError(f"{text} lies before {FIRST_YEAR}, where no ledger begins")
    if not match or not (1 <= int(match[2]) <= 12 and int(match[1]) <= 9000):
        raise UsageError(f"{text!r} is not a month; write it as YYYY-MM, for example 2026-11")
    return Month(int(match[1]), int(match[2]), zone)


def containing(instant_us: int, zone: ZoneInfo) -> Month:
    """The month of the zone in which an instant (epoch microseconds) lies."""
    local = clock.from_us(instant_us).astimezone(zone)
    return Month(local.year, local.month, zone)


def touching(day: int, zone: ZoneInfo) -> Iterator[Month]:
    """The one or two months of the zone in which a UTC day lies."""
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


def first_uncut_day(zone: ZoneInfo, until_us: int) -> date | None:
    """The first day from FIRST_YEAR on at whose start usage cannot be cut; None if it always can.

    Days up to an instant (epoch microseconds) are looked at. It can in all zones of the tz database
    that `slots` was made from; a later one may have an offset that is new.
    """
    day, end = date(FIRST_YEAR, 1, 1), clock.from_us(until_us).date()
    while day < end:
        try:
            slots.starting_at(clock.day_start_us(day, zone))
        except ValueError:
            return day
        day += timedelta(days=1)
    return None
