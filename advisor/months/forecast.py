"""The forecast of a month's cost from closed days. Pure; exact fractions, and one root in the band."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Literal

from ledger import money

DAYS_PER_WEEK = 7
FULL_HISTORY_DAYS, SHORT_HISTORY_DAYS = 28, 14
Method = Literal["actual", "weekday_mean", "short_history", "run_rate"]

# Student's t at 0.90 one-sided, hence an 80 % band, for 7 to 21 degrees of freedom.
_T90 = tuple(
    Fraction(text)
    for text in (
        "1.4149239277",
        "1.3968153097",
        "1.3830287384",
        "1.3721836411",
        "1.3634303180",
        "1.3562173340",
        "1.3501712888",
        "1.3450303745",
        "1.3406056079",
        "1.3367571673",
        "1.3333793897",
        "1.3303909436",
        "1.3277282090",
        "1.3253407070",
        "1.3231878738651732",
    )
)
_FIRST_FREEDOM = 7
_ROOT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class MonthSoFar:
    """The month that is forecast, in UTC day numbers or those of the reporting zone; `today` is its first open day.

    `spent_femto_usd` is everything booked to the month so far, `today_femto_usd` the part of it that fell on `today`.
    """

    first_day: int
    days: int
    today: int
    spent_femto_usd: int
    today_femto_usd: int = 0

    @property
    def days_left(self) -> range:
        """The days that have not closed, today first."""
        return range(max(self.today, self.first_day), self.first_day + self.days)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Cost of the whole month in femto-USD with its 80 % band; a run rate has no band."""

    femto_usd: int
    low_femto_usd: int | None
    high_femto_usd: int | None
    method: Method


def for_month(month: MonthSoFar, closed_femto_usd: Sequence[int]) -> Forecast | None:
    """The forecast of a month; a finished month is its actual, and without any history there is none.

    `closed_femto_usd` is the cost of every full closed day, oldest first, the last one the day before `month.today`,
    days without traffic as 0. Forecast and low end are never below what is spent already.
    """
    if not month.days_left:
        return Forecast(
            month.spent_femto_usd, month.spent_femto_usd, month.spent_femto_usd, "actual"
        )
    if not closed_femto_usd:
        return None
    if len(closed_femto_usd) < SHORT_HISTORY_DAYS:
        return _run_rate(month, closed_femto_usd)
    history = closed_femto_usd[-FULL_HISTORY_DAYS:]
    by_weekday: dict[int, list[int]] = {weekday: [] for weekday in range(DAYS_PER_WEEK)}
    for age, cost_femto_usd in enumerate(reversed(history), start=1):
        by_weekday[(month.today - age) % DAYS_PER_WEEK].append(cost_femto_usd)
    means = {weekday: Fraction(sum(costs), len(costs)) for weekday, costs in by_weekday.items()}
    to_come = sum((means[day % DAYS_PER_WEEK] for day in month.days_left), Fraction(0))
    whole_month = month.spent_femto_usd - month.today_femto_usd + to_come
    half = _half_band(month, by_weekday, means)
    method: Method = "weekday_mean" if len(history) == FULL_HISTORY_DAYS else "short_history"
    low, expected, high = (
        _at_least_spent(month, amount)
        for amount in (whole_month - half, whole_month, whole_month + half)
    )
    return Forecast(expected, low, high, method)


def _run_rate(month: MonthSoFar, closed_femto_usd: Sequence[int]) -> Forecast:
    """The month's closed days at their mean, over the days left; before one has closed, the history's mean.

    Where the history covers the month this is month-to-date / closed days x days of the month. A ledger that began in
    the middle of the month is not credited with days it never saw.
    """
    closed_days = max(0, min(len(closed_femto_usd), month.today - month.first_day))
    basis = closed_femto_usd[-closed_days:] if closed_days else closed_femto_usd
    to_come = Fraction(sum(basis), len(basis)) * len(month.days_left)
    whole_month = month.spent_femto_usd - month.today_femto_usd + to_come
    return Forecast(_at_least_spent(month, whole_month), None, None, "run_rate")


def _half_band(
    month: MonthSoFar, by_weekday: dict[int, list[int]], means: dict[int, Fraction]
) -> Fraction:
    """t(0.90, n - 7) sqrt(s2 sum (k + k^2 / n_w)): the days to come scatter, and so do the means they are taken from."""
    observations = sum(len(costs) for costs in by_weekday.values())
    freedom = observations - DAYS_PER_WEEK
    residual = sum(
        (
            (cost_femto_usd - means[weekday]) ** 2
            for weekday, costs in by_weekday.items()
            for cost_femto_usd in costs
        ),
        Fraction(0),
    )
    spread = Fraction(0)
    for weekday, costs in by_weekday.items():
        left = sum(1 for day in month.days_left if day % DAYS_PER_WEEK == weekday)
        spread += left + Fraction(left * left, len(costs))
    return _T90[freedom - _FIRST_FREEDOM] * _root(residual / freedom * spread)


def _root(value: Fraction) -> Fraction:
    """The square root to 60 digits."""
    quotient = _ROOT.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(_ROOT.sqrt(quotient))


def _at_least_spent(month: MonthSoFar, amount_femto_usd: Fraction) -> int:
    return max(month.spent_femto_usd, money.round_to_nano_usd(amount_femto_usd))
