"""What a silent sender would have spent since its last event, had it gone on as usual."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from advisor.months.day_costs import DayCosts
from advisor.months.silent_senders import SilentSender
from advisor.months.weekday_mean import DAYS_PER_WEEK, FULL_HISTORY_DAYS
from ledger import clock, money, slots

Amount = Callable[[int], int | None]
"""An amount by calendar day; None on a day without traffic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedSpend:
    """A silent sender, and the usual cost and requests of the part of a month that it was silent.

    `last_occurred_at` is in UTC epoch microseconds.
    """

    namespace: str
    project: str
    last_occurred_at: int
    missed_femto_usd: int
    missed_requests: int


class UsualDays:
    """An amount of a sender, and what is missing of it from the day of its last event on.

    A usual day is the mean of its weekday over the 28 days before the last event's.
    """

    def __init__(self, amount: Amount, last_day: int) -> None:
        self._amount, self._last_day = amount, last_day
        days = range(last_day - FULL_HISTORY_DAYS, last_day)
        spoke = [day for day in days if amount(day) is not None]
        history = range(spoke[0], last_day) if spoke else range(last_day, last_day + 1)
        self._means = [
            _mean([amount(day) or 0 for day in history if day % DAYS_PER_WEEK == weekday])
            for weekday in range(DAYS_PER_WEEK)
        ]
        self._mean = _mean([amount(day) or 0 for day in history]) or Fraction(0)

    def missed_on(self, day: int, part: Fraction = Fraction(1)) -> Fraction:
        """What is missing on a day, or on the first part of one."""
        if day < self._last_day:
            return Fraction(0)
        weekday_mean = self._means[day % DAYS_PER_WEEK]
        usual = self._mean if weekday_mean is None else weekday_mean
        return max(Fraction(0), usual * part - (self._amount(day) or 0))


def missed_costs(costs: DayCosts, sender: SilentSender) -> UsualDays:
    """The usual days of a silent sender, from the costs of its series alone."""
    return UsualDays(costs.on, costs.days.day_of(sender.last_occurred_at))


def measure(costs: DayCosts, sender: SilentSender, now_us: int) -> MissedSpend:
    """What a silent sender has missed so far in the month, from the costs of its series alone."""
    days = costs.days
    last_day = days.day_of(sender.last_occurred_at)
    first = max(days.day_of(days.month.start_us), last_day)
    end = min(days.month.slots.stop, clock.hour_of(now_us) * slots.PER_HOUR)
    usual_costs, usual_requests = (
        UsualDays(amount, last_day) for amount in (costs.on, costs.requests_on)
    )
    parts = [
        (day, _closed_part(days.slots_of(day), end))
        for day in range(first, days.day_of(end * slots.SLOT_US) + 1)
    ]
    cost = sum((usual_costs.missed_on(day, part) for day, part in parts), Fraction(0))
    requests = sum((usual_requests.missed_on(day, part) for day, part in parts), Fraction(0))
    return MissedSpend(
        namespace=sender.namespace,
        project=sender.project,
        last_occurred_at=sender.last_occurred_at,
        missed_femto_usd=money.round_to_nano_usd(cost),
        missed_requests=round(requests),
    )


def _closed_part(of_day: range, end: int) -> Fraction:
    """How much of a day's slots lies before a slot."""
    return Fraction(max(0, min(end, of_day.stop) - of_day.start), len(of_day))


def _mean(amounts: Sequence[int]) -> Fraction | None:
    return Fraction(sum(amounts), len(amounts)) if amounts else None
