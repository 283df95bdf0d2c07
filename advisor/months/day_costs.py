"""What calendar days of a month's zone cost, of all senders or some. Only reads."""

import functools
import itertools
from collections.abc import Callable, Sequence

from sqlmodel import Session

from advisor.months import statements
from advisor.months.forecast import FULL_HISTORY_DAYS
from advisor.months.statements import DayUsage, Pricing
from ledger import clock, readings, retention, slots, usage
from ledger.months import Month


class CalendarDays:
    """The usage of calendar days (numbers since 1970-01-01) of a month's zone, each read once."""

    def __init__(self, session: Session, month: Month) -> None:
        self.session, self.month = session, month
        self.usage_on: Callable[[int], list[DayUsage]] = functools.cache(self._read)

    def day_of(self, instant_us: int) -> int:
        """The calendar day in which an instant (epoch microseconds) lies."""
        return clock.day_in(self.month.zone, instant_us)

    def slots_of(self, day: int) -> range:
        """The slots of a calendar day."""
        start, stop = (
            slots.starting_at(clock.day_start_us(clock.date_of(midnight), self.month.zone))
            for midnight in (day, day + 1)
        )
        return range(start, stop)

    def can_be_read(self, days: range) -> bool:
        """Whether the hours at which these days begin and end are still there.

        Retention drops the hours of days long past. Days of UTC need none.
        """
        starts = {self.slots_of(day).start for day in (*days, days.stop)}
        cut_days = {start // slots.PER_DAY for start in starts if start % slots.PER_DAY}
        return not cut_days & retention.dropped_days(self.session)

    def _read(self, day: int) -> list[DayUsage]:
        """By UTC day, as that sets prices and names."""
        span = self.slots_of(day)
        midnights = range(-(-span.start // slots.PER_DAY) * slots.PER_DAY, span.stop, slots.PER_DAY)
        cuts = sorted({span.start, span.stop, *midnights})
        return [
            DayUsage(start // slots.PER_DAY, readings.sum_span(self.session, range(start, stop)))
            for start, stop in itertools.pairwise(cuts)
        ]


class DayCosts:
    """Costs in femto-USD and requests by calendar day, of the series that `counts` says yes to."""

    def __init__(
        self,
        days: CalendarDays,
        pricing: Pricing,
        counts: Callable[[int], bool] = lambda _series_id: True,
    ) -> None:
        self.days, self._pricing, self._counts = days, pricing, counts
        self.on: Callable[[int], int | None] = functools.cache(self._cost)

    def requests_on(self, day: int) -> int | None:
        """The requests of a calendar day; None without any."""
        index = usage.INDEX["requests"]
        parts = self._usage_on(day)
        return sum(amounts[index] for part in parts for amounts in part.amounts.values()) or None

    def closed_before(self, today: int) -> list[int]:
        """The last closed days, oldest first, from the first full day with traffic on."""
        costs = [self.on(today - age) for age in range(FULL_HISTORY_DAYS, 0, -1)]
        empty = list(itertools.takewhile(lambda cost: cost is None, costs))
        first = today - len(costs) + len(empty)
        began_before = not empty and self.on(first - 1) is not None
        full = [cost or 0 for cost in costs[len(empty) :]]
        if full and not began_before and not self._begins_with_traffic(first):
            return full[1:]
        return full

    def _begins_with_traffic(self, day: int) -> bool:
        start = self.days.slots_of(day).start
        in_first_hour = readings.sum_span(
            self.days.session, range(start, slots.next_row(start + slots.PER_HOUR))
        )
        return any(map(self._counts, in_first_hour))

    def _cost(self, day: int) -> int | None:
        """None without any traffic."""
        parts = self._usage_on(day)
        if not parts:
            return None
        return sum(statements.cost_of(part, self._pricing).femto_usd for part in parts)

    def _usage_on(self, day: int) -> Sequence[DayUsage]:
        parts = [
            DayUsage(
                part.day,
                {
                    series_id: amounts
                    for series_id, amounts in part.amounts.items()
                    if self._counts(series_id)
                },
            )
            for part in self.days.usage_on(day)
        ]
        return [part for part in parts if part.amounts]
