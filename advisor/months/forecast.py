"""The forecast of a month's cost from closed days, exact but for a root in the band. Pure."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSoFar:
    """The month that is forecast, in UTC day numbers or those of the reporting zone.

    `today` is its first open day. `spent_femto_usd` is the cost of the month so far,
    `today_femto_usd` the part of it that fell on `today`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The expected cost of the whole month with its 80 % band; a run rate has no band.

    Where a sender is silent, it has both readings and a band that holds both: `if_broken_femto_usd`
    with its usual spend, as if events were lost, and `if_ended_femto_usd` without.
    """

    cost_femto_usd: int
    low_femto_usd: int | None
    high_femto_usd: int | None
    method: Method
    if_broken_femto_usd: int | None = None
    if_ended_femto_usd: int | None = None


def actual(cost_femto_usd: int) -> Forecast:
    """The forecast of a finished month, which is what it came to."""
    return Forecast(
        cost_femto_usd=cost_femto_usd,
        low_femto_usd=cost_femto_usd,
        high_femto_usd=cost_femto_usd,
        method="actual",
    )


def for_month(month: MonthSoFar, closed_femto_usd: Sequence[int]) -> Forecast | None:
    """The forecast of a month; None without any history.

    That of a finished month is its actual.
    `closed_femto_usd` is the cost of every full closed day, oldest first, up to the day before
    `month.today`; a day without traffic costs 0. Forecast and low end are never below the cost so
    far.
    """
    if not month.days_left:
        return actual(month.spent_femto_usd)
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
    expected = month.spent_femto_usd - month.today_femto_usd + to_come
    half = _half_band(month, by_weekday, means)
    return Forecast(
        cost_femto_usd=_at_least_spent(month, expected),
        low_femto_usd=_at_least_spent(month, expected - half),
        high_femto_usd=_at_least_spent(month, expected + half),
        method="weekday_mean" if len(history) == FULL_HISTORY_DAYS else "short_history",
    )


def combine(if_broken: Forecast | None, if_ended: Forecast) -> Forecast:
    """The forecast of a month with a silent sender, from its two readings.

    The band reaches over both. The expected cost is that of a sender that broke, as a month must
    not look cheaper for what was lost; a finished month stays at what is known of it.
    """
    broken = if_broken or if_ended
    ends = [
        end
        for reading in (broken, if_ended)
        for end in (reading.cost_femto_usd, reading.low_femto_usd, reading.high_femto_usd)
        if end is not None
    ]
    is_over = broken.method == "actual"
    return Forecast(
        cost_femto_usd=if_ended.cost_femto_usd if is_over else broken.cost_femto_usd,
        low_femto_usd=min(ends),
        high_femto_usd=max(ends),
        method=broken.method,
        if_broken_femto_usd=broken.cost_femto_usd,
        if_ended_femto_usd=if_ended.cost_femto_usd,
    )


def _run_rate(month: MonthSoFar, closed_femto_usd: Sequence[int]) -> Forecast:
    """The mean of the month's closed days for each of the days left.

    Before a day has closed it is the mean of the history. Where the history covers the month, this
    is month-to-date / closed days x days of the month. A ledger that began in the middle of the
    month gets no cost for the days before.
    """
    closed_days = max(0, min(len(closed_femto_usd), month.today - month.first_day))
    basis = closed_femto_usd[-closed_days:] if closed_days else closed_femto_usd
    to_come = Fraction(sum(basis), len(basis)) * len(month.days_left)
    expected = month.spent_femto_usd - month.today_femto_usd + to_come
    return Forecast(
        cost_femto_usd=_at_least_spent(month, expected),
        low_femto_usd=None,
        high_femto_usd=None,
        method="run_rate",
    )


def _half_band(
    month: MonthSoFar, by_weekday: dict[int, list[int]], means: dict[int, Fraction]
) -> Fraction:
    """t(0.90, n - 7) sqrt(s2 sum (k + k^2 / n_w)), in femto-USD.

    The days to come scatter, and so do the means of the weekdays that forecast them. k counts the
    days left of a weekday, n_w those in the history.
    """
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
        days = sum(1 for day in month.days_left if day % DAYS_PER_WEEK == weekday)
        spread += days + Fraction(days * days, len(costs))
    return _T90[freedom - _FIRST_FREEDOM] * _root(residual / freedom * spread)


def _root(square: Fraction) -> Fraction:
    """The square root to 60 digits."""
    quotient = _ROOT.divide(Decimal(square.numerator), Decimal(square.denominator))
    return Fraction(_ROOT.sqrt(quotient))


def _at_least_spent(month: MonthSoFar, amount_femto_usd: Fraction) -> int:
    return max(month.spent_femto_usd, money.round_to_nano_usd(amount_femto_usd))
