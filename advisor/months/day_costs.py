"""What calendar days of a month's zone cost, of all senders or some. Only reads."""

import itertools
from collections.abc import Callable, Sequence

from sqlmodel import Session

from advisor.months import statements, week_ahead
from advisor.months.statements import DayUsage, Pricing
from ledger import clock, readings, retention, slots, usage
from ledger.months import Month

HISTORY_DAYS = week_ahead.HISTORY_DAYS
"""The closed days that a forecast looks back on."""
BREAK_DAYS = 28
"""So many days without traffic end a service; what follows is another."""


class CalendarDays:
    """The usage of calendar days (numbers since 1970-01-01) of a month's zone, each read once."""

    def __init__(self, session: Session, month: Month) -> None:
        self.session, self.month = session, month
        self._usage: dict[int, list[DayUsage]] = {}

    def usage_on(self, day: int) -> list[DayUsage]:
        """The usage of a calendar day by UTC day, as that sets prices and names."""
        if day not in self._usage:
            self._usage[day] = [
                DayUsage(part.start // slots.PER_DAY, readings.sum_span(self.session, part))
                for part in slots.cut_at_midnights(self.slots_of(day))
            ]
        return self._usage[day]

    def read_ahead(self, days: range) -> None:
        """Read the usage of many days at once, which one by one would take a query or two each.

        A day on which the clocks change is left for when it is asked for.
        """
        unread = (day for day in days if day not in self._usage)
        for start_of_day, group in itertools.groupby(unread, self._start_of_day):
            if start_of_day is not None:
                alike = list(group)
                first, last = self.slots_of(alike[0]), self.slots_of(alike[-1])
                sums = readings.sum_parts(self.session, range(first.start, last.stop))
                for day in alike:
                    self._usage[day] = [
                        DayUsage(part.start // slots.PER_DAY, sums.get(part.start, {}))
                        for part in slots.cut_at_midnights(self.slots_of(day))
                    ]

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

    def _start_of_day(self, day: int) -> int | None:
        """The slot of the UTC day at which a calendar day begins; None if the next one differs."""
        start, stop = self.slots_of(day).start % slots.PER_DAY, self.slots_of(day).stop
        return start if stop % slots.PER_DAY == start else None


class DayCosts:
    """Costs in femto-USD and requests by calendar day, of the series that `counts` says yes to.

    `costs` holds those that are known by day, None without traffic, and takes new ones.
    """

    def __init__(
        self,
        days: CalendarDays,
        pricing: Pricing,
        counts: Callable[[int], bool] = lambda _series_id: True,
        costs: dict[int, int | None] | None = None,
    ) -> None:
        self.days, self._pricing, self._counts = days, pricing, counts
        self._costs = {} if costs is None else costs

    def on(self, day: int) -> int | None:
        """The cost of a calendar day; None without any traffic."""
        if day not in self._costs:
            self._costs[day] = self._cost(day)
        return self._costs[day]

    def requests_on(self, day: int) -> int | None:
        """The requests of a calendar day; None without any."""
        index = usage.INDEX["requests"]
        parts = self._usage_on(day)
        return sum(amounts[index] for part in parts for amounts in part.amounts.values()) or None

    def read_ahead(self, days: range) -> None:
        """Read the usage of those of these days at once whose costs are not known yet."""
        unknown = [day for day in days if day not in self._costs]
        if unknown:
            self.days.read_ahead(range(unknown[0], unknown[-1] + 1))

    def closed_before(self, today: int) -> list[int]:
        """The costs of the last full days of unbroken service, oldest first.

        No gap of 28 days or more lies in it. It goes back as far as a forecast looks; a day without
        traffic costs 0.
        """
        oldest = today - HISTORY_DAYS
        self.read_ahead(range(oldest, today))
        first = self._first_of_service(today, oldest)
        if first is None:
            return []
        if first >= oldest and not self._begins_with_traffic(first):
            first += 1
        return [self.on(day) or 0 for day in range(max(first, oldest), today)]

    def _first_of_service(self, today: int, oldest: int) -> int | None:
        """The first day of the service that goes on; some earlier day where it began long ago."""
        first, day = None, today - 1
        while day >= (today if first is None else first) - BREAK_DAYS:
            if self.on(day) is not None:
                first = day
                if first < oldest:
                    break
            day -= 1
        return first

    def _begins_with_traffic(self, day: int) -> bool:
        start = self.days.slots_of(day).start
        in_first_hour = readings.sum_span(
            self.days.session, range(start, slots.next_row(start + slots.PER_HOUR))
        )
        return any(map(self._counts, in_first_hour))

    def _cost(self, day: int) -> int | None:
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
