"""The trend method: what weekday, growth and month-end make of a day's cost. Pure.

One least-squares fit of ln(cost) = weekday + growth x day + month-end over the last 84 days. Floats
describe the shape only, as shares of what the window cost in all, so that it is the same at any
scale; they become money once, rounded to 12 decimals.
"""

import functools
import math
import operator
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from advisor.months import least_squares, weekday_mean
from advisor.months.least_squares import Column, Regression
from advisor.months.weekday_mean import DAYS_PER_WEEK, Projection
from ledger import clock

WINDOW_DAYS = 84
"""The closed days that are fitted: twelve of each weekday, with two or three month-ends."""
LEAST_DAYS = 42
"""Fewer days are not fitted: a trend over a few weeks is mostly noise."""
DAMPING = 0.98
"""What is left of the growth after each day, so that no growth goes on for ever."""
LEAST_T = 2.0
"""Growth counts only where it is more than this many standard errors away from none."""
MONTH_END_DAYS = range(1, 6)
"""How many last days of the month may cost more or less than others."""
MONTH_END_T = 3.0
"""The same for a month-end; it is stricter, as five lengths are tried."""
_LEAST_MONTH_ENDS = 2
_LEAST_OF_EFFECT = 0.5
_RECENT_DAYS, _MOST_OFF = 14, 0.15
_LOW_DIVISOR = 20
"""A day below a twentieth of its weekday's median is no usual day; a zero has no logarithm."""
_MOST_LOW_DIVISOR = 10
"""Where more than a tenth of the days are as low, effects do not multiply: nothing is fitted."""
_MOST_T = 999
_SHARE_DECIMALS, _EFFECT_DECIMALS = 12, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A regression of logarithms: with growth where it is sure, and with a month-end or 0 days.

    `t` says how sure the growth is.
    """

    regression: Regression
    has_growth: bool
    month_end_days: int
    t: float

    @property
    def growth(self) -> float:
        """The logarithm of a day's growth; 0 where it is not sure."""
        return self.regression.coefficients[0] if self.has_growth else 0.0

    @property
    def month_end(self) -> float:
        """What the logarithm of a last day of the month has more; 0 where that is not sure."""
        return self.regression.coefficients[-1] if self.month_end_days else 0.0

    def regressors(self, day: int, growth_days: float) -> list[float]:
        """Those of a day; its growth is that of some days."""
        is_month_end = _days_after(day) < self.month_end_days
        return [growth_days] * self.has_growth + [float(is_month_end)] * bool(self.month_end_days)

    def predict(self, day: int, growth_days: float) -> float:
        """The logarithm of a day's cost."""
        return self.regression.predict(day % DAYS_PER_WEEK, self.regressors(day, growth_days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A fitted window, in shares of what it cost.

    `level` is added to each logarithm, so that the days of the window come to all of it.
    """

    last_day: int
    days: int
    total_femto_usd: int
    idle_weekdays: frozenset[int]
    shape: _Shape
    level: float

    @property
    def weekly_growth(self) -> Fraction:
        """The growth of a week, as a share to 4 decimals; 0 where it is not sure."""
        return round(Fraction(math.expm1(self.shape.growth * DAYS_PER_WEEK)), _EFFECT_DECIMALS)

    @property
    def t(self) -> Fraction:
        """How sure the growth is: its distance from none in standard errors, at most 999."""
        return round(Fraction(min(self.shape.t, _MOST_T)), _EFFECT_DECIMALS)

    @property
    def month_end_days(self) -> int:
        """How many last days of a month cost more or less than others."""
        return self.shape.month_end_days

    @property
    def month_end_factor(self) -> Fraction:
        """What such a day costs, as a multiple of another day, to 4 decimals."""
        return round(Fraction(math.exp(self.shape.month_end)), _EFFECT_DECIMALS)

    def project(self, days: range) -> Projection:
        """The cost of some days in a row after the window.

        The band counts the noise of the days, that of the fit, and the growth that damping takes
        away: it may go on, or end.
        """
        shape = self.shape
        busy = [day for day in days if day % DAYS_PER_WEEK not in self.idle_weekdays]
        steps = [day - self.last_day for day in busy]
        damped = [DAMPING * (1 - DAMPING**step) / (1 - DAMPING) for step in steps]
        dated = list(zip(busy, damped, strict=True))
        costs = [
            math.exp(self.level + shape.predict(day, growth_days)) for day, growth_days in dated
        ]
        undamped = math.fsum(
            cost * math.expm1(shape.growth * (step - growth_days))
            for cost, step, growth_days in zip(costs, steps, damped, strict=True)
        )
        variance = undamped**2 + shape.regression.sum_variance(
            [day % DAYS_PER_WEEK for day in busy],
            costs,
            [shape.regressors(day, growth_days) for day, growth_days in dated],
        )
        return Projection(
            expected_femto_usd=self._money(math.fsum(costs)),
            half_femto_usd=self._money(math.sqrt(variance)) * weekday_mean.T90,
        )

    def _money(self, share: float) -> Fraction:
        return round(Fraction(share), _SHARE_DECIMALS) * self.total_femto_usd


def fit(first_day: int, costs_femto_usd: Sequence[int]) -> Trend | None:
    """The trend of the costs of days from `first_day` on; only the last 84 count.

    None for fewer than 42, or where effects do not multiply: a weekday that costs nothing in most
    of its weeks but not in all, or low days throughout.
    """
    window = tuple(costs_femto_usd[-WINDOW_DAYS:])
    return _fit(first_day + len(costs_femto_usd) - len(window), window)


# A back-test asks for the same days again.
@functools.lru_cache(maxsize=256)
def _fit(first_day: int, costs_femto_usd: tuple[int, ...]) -> Trend | None:
    total = sum(costs_femto_usd)
    if len(costs_femto_usd) < LEAST_DAYS or not total:
        return None
    costs = dict(enumerate(costs_femto_usd, start=first_day))
    last_day = max(costs)
    idle = _idle_weekdays(costs)
    busy = {day: cost for day, cost in costs.items() if day % DAYS_PER_WEEK not in idle}
    usual = _usual_days(busy)
    if usual is None:
        return None
    # The quotient of two integers is rounded once, so that it is the same at any scale.
    shape = _fit_shape({day: math.log(busy[day] / total) for day in usual}, last_day)
    if _has_moved(shape, usual):
        return None
    fitted = math.fsum(math.exp(shape.predict(day, day - last_day)) for day in busy)
    return Trend(
        last_day=last_day,
        days=len(costs_femto_usd),
        total_femto_usd=total,
        idle_weekdays=idle,
        shape=shape,
        level=-math.log(fitted),
    )


def _idle_weekdays(costs_femto_usd: Mapping[int, int]) -> frozenset[int]:
    busy = {day % DAYS_PER_WEEK for day, cost in costs_femto_usd.items() if cost}
    return frozenset(range(DAYS_PER_WEEK)) - busy


def _usual_days(costs_femto_usd: Mapping[int, int]) -> list[int] | None:
    """The days to fit: those that are not low. None where too many are, or a median is 0."""
    by_weekday: dict[int, list[int]] = {}
    for day, cost_femto_usd in costs_femto_usd.items():
        by_weekday.setdefault(day % DAYS_PER_WEEK, []).append(cost_femto_usd)
    medians = {weekday: statistics.median_low(costs) for weekday, costs in by_weekday.items()}
    usual = [
        day
        for day, cost in costs_femto_usd.items()
        if cost * _LOW_DIVISOR >= medians[day % DAYS_PER_WEEK] > 0
    ]
    low = len(costs_femto_usd) - len(usual)
    return usual if low * _MOST_LOW_DIVISOR <= len(costs_femto_usd) else None


def _fit_shape(logarithms: Mapping[int, float], last_day: int) -> _Shape:
    """The shape with the month-end that fits best, and with growth only where that is sure."""
    centre = functools.partial(least_squares.centre, [day % DAYS_PER_WEEK for day in logarithms])
    y = centre(list(logarithms.values()))
    growth = [centre([float(day - last_day) for day in logarithms])]
    best, best_end, month_end_days = least_squares.fit(y, growth), list[Column](), 0
    dates = list(logarithms)
    after = [_days_after(day) for day in dates]
    for days in MONTH_END_DAYS:
        if sum(number < days for number in after) < days * _LEAST_MONTH_ENDS:
            continue
        end = [centre([float(number < days) for number in after])]
        regression = least_squares.fit(y, growth + end)
        is_sure = regression.t(1) > MONTH_END_T and _is_in_each_month(regression, dates, days)
        if is_sure and regression.squares < best.squares:
            best, best_end, month_end_days = regression, end, days
    t = best.t(0, best.inflation)
    has_growth = t > LEAST_T
    return _Shape(
        regression=best if has_growth else least_squares.fit(y, best_end),
        has_growth=has_growth,
        month_end_days=month_end_days,
        t=t,
    )


def _has_moved(shape: _Shape, dates: Sequence[int]) -> bool:
    """Whether the last two weeks lie off the fit: the level has jumped, and growth has not."""
    residuals = shape.regression.residuals
    recent = [
        residual
        for day, residual in zip(dates, residuals, strict=True)
        if day > dates[-1] - _RECENT_DAYS
    ]
    # The noise from one day to the next does not see a jump of the level.
    differences = map(operator.sub, residuals[1:], residuals[:-1])
    noise = math.sqrt(math.fsum(step * step for step in differences) / 2 / len(residuals))
    limit = max(_MOST_OFF, MONTH_END_T * noise / math.sqrt(len(recent)))
    return abs(statistics.fmean(recent)) > limit


def _is_in_each_month(regression: Regression, dates: Sequence[int], month_end_days: int) -> bool:
    """Whether every month's end shows at least half the effect, so that one freak makes none."""
    effect = regression.coefficients[1]
    by_month: dict[int, list[float]] = {}
    for day, residual in zip(dates, regression.residuals, strict=True):
        if (after := _days_after(day)) < month_end_days:
            by_month.setdefault(day + after, []).append(residual)
    return all(
        statistics.fmean(residuals) / effect >= _LEAST_OF_EFFECT - 1
        for residuals in by_month.values()
    )


@functools.lru_cache(maxsize=4096)
def _days_after(day: int) -> int:
    """How many days of its month follow a day."""
    date = clock.date_of(day)
    next_month = (date.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (next_month - date).days - 1
