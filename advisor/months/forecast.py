"""The forecast of a month's cost from closed days, by the method that did better lately. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from advisor.months import trend, week_ahead, weekday_mean
from advisor.months.trend import Trend
from advisor.months.week_ahead import WeekAhead
from advisor.months.weekday_mean import FULL_HISTORY_DAYS, SHORT_HISTORY_DAYS, Projection
from ledger import money

Method = Literal["actual", "trend", "weekday_mean", "short_history", "run_rate"]


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
class Effects:
    """What a trend of some days says: the growth of a week, and what last days of a month cost.

    `weekly_growth` is a share, 0 where the growth is not sure: `t` has its distance from none in
    standard errors. `month_end_factor` is a multiple of other days; with 0 `month_end_days` there
    is no such effect.
    """

    days: int
    weekly_growth: Fraction
    t: Fraction
    month_end_days: int
    month_end_factor: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The expected cost of the whole month with its 80 % band; a run rate has no band.

    `tests` has how the method did a week ahead, and then the other one; none while the history is
    too short for that. `effects` are those of a trend.

    Where a sender is silent, it has both readings and a band that holds both: `if_broken_femto_usd`
    with its usual spend, as if events were lost, and `if_ended_femto_usd` without.
    """

    cost_femto_usd: int
    low_femto_usd: int | None
    high_femto_usd: int | None
    method: Method
    if_broken_femto_usd: int | None = None
    if_ended_femto_usd: int | None = None
    tests: tuple[WeekAhead, ...] = ()
    effects: Effects | None = None


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
    tests = week_ahead.test(month.today - len(closed_femto_usd), closed_femto_usd)
    fitted = _trend(month, closed_femto_usd) if tests and tests[0].method == "trend" else None
    projection = fitted.project(month.days_left) if fitted else _by_weekday(month, closed_femto_usd)
    to_date = month.spent_femto_usd - month.today_femto_usd
    expected = to_date + projection.expected_femto_usd
    half = projection.half_femto_usd * (tests[0].band_scale if tests else 1)
    return Forecast(
        cost_femto_usd=_at_least_spent(month, expected),
        low_femto_usd=_at_least_spent(month, expected - half),
        high_femto_usd=_at_least_spent(month, expected + half),
        method="trend" if fitted else _weekday_method(closed_femto_usd),
        tests=tests,
        effects=_effects(fitted) if fitted else None,
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
        tests=broken.tests,
        effects=broken.effects,
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


def _at_least_spent(month: MonthSoFar, amount_femto_usd: Fraction) -> int:
    return max(month.spent_femto_usd, money.round_to_nano_usd(amount_femto_usd))


def _weekday_method(closed_femto_usd: Sequence[int]) -> Method:
    is_full = len(closed_femto_usd) >= FULL_HISTORY_DAYS
    return "weekday_mean" if is_full else "short_history"


def _by_weekday(month: MonthSoFar, closed_femto_usd: Sequence[int]) -> Projection:
    first_day = month.today - len(closed_femto_usd)
    return weekday_mean.project(first_day, closed_femto_usd, month.days_left)


def _trend(month: MonthSoFar, closed_femto_usd: Sequence[int]) -> Trend | None:
    return trend.fit(month.today - len(closed_femto_usd), closed_femto_usd)


def _effects(fitted: Trend) -> Effects:
    return Effects(
        days=fitted.days,
        weekly_growth=fitted.weekly_growth,
        t=fitted.t,
        month_end_days=fitted.month_end_days,
        month_end_factor=fitted.month_end_factor,
    )
