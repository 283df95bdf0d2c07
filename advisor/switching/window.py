"""The days of usage that advice looks back on, and their scale to an average month.

A day is a UTC day number.
"""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

HOURS_PER_DAY, DAYS_PER_WEEK = 24, 7
DEFAULT_WEEKS, MOST_WEEKS = 4, 12
ENOUGH_DAYS = 7
# 365/12 days, which is 730 hours: a rate "per average month", never a calendar figure.
AVERAGE_MONTH_DAYS = Fraction(365, 12)


@dataclass(frozen=True, slots=True)
class Window:
    """Closed UTC days from `first_day` to `last_day`, both included.

    A day in it without traffic counts as 0.
    """

    first_day: int
    last_day: int

    @property
    def days(self) -> int:
        """How many days; 0 before the first full day has closed."""
        return max(0, self.last_day - self.first_day + 1)

    @property
    def day_numbers(self) -> range:
        """Its UTC days, one by one."""
        return range(self.first_day, self.last_day + 1)


def look_back(first_hour: int, as_of_day: int, weeks: int = DEFAULT_WEEKS) -> Window:
    """The largest whole number of weeks of closed full days, at most `weeks`.

    With less than a week it is all closed full days. `first_hour` is the UTC hour number of the
    slice's first event: a first day that begins in its first hour is full.
    """
    first_full_day = -(-first_hour // HOURS_PER_DAY)
    closed = max(0, as_of_day - first_full_day)
    whole_weeks = min(weeks, MOST_WEEKS, closed // DAYS_PER_WEEK)
    days = whole_weeks * DAYS_PER_WEEK or closed
    return Window(as_of_day - days, as_of_day - 1)


def for_month(month_days: range, traffic_days: Collection[int], as_of_day: int) -> Window:
    """A month's closed days from the slice's first to its last with traffic.

    It has no day where there was no traffic.
    """
    closed = [day for day in traffic_days if day in month_days and day < as_of_day]
    first_day = month_days.start
    return Window(min(closed), max(closed)) if closed else Window(first_day, first_day - 1)


def per_average_month(amount: Fraction | int, days: int) -> Fraction:
    """What an amount of some days is per average month: amount / days x 365/12."""
    return Fraction(amount) / days * AVERAGE_MONTH_DAYS
