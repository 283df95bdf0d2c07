"""How the two methods of a forecast did a week ahead, and so which of them speaks. Pure.

On each morning of the last six weeks whose next seven days have closed, both methods forecast those
days from what had closed by then.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from advisor.months import trend, weekday_mean
from advisor.months.weekday_mean import Projection
from ledger import money

MORNINGS, DAYS_AHEAD = 42, 7
LEAST_MORNINGS = 8
HISTORY_DAYS = trend.WINDOW_DAYS + MORNINGS - 1 + DAYS_AHEAD
"""The closed days that a full test looks back on; more say nothing new."""
HEAD_START = Fraction(3, 2)
"""The trend speaks unless its error is this many times that of the weekdays.

The tests overlap, so a smaller difference is noise; a trend of twelve weeks is the better evidence.
"""
_OWN_WEIGHT = 3
"""How many independent tests a method's own formula of its band counts for."""
_MOST_SQUARE = 25.0
"""No test counts as more than five standard errors, so that one freak does not rule the band."""
_RATIO_DECIMALS, _SCALE_DECIMALS = 9, 4

Method = Literal["trend", "weekday_mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekAhead:
    """How the forecasts of a week by one method did, made on so many mornings.

    The errors are sums of (forecast - actual) in femto-USD, once with their signs and once without.
    `band_scale` is what the method's 80 % band is multiplied by, so that it would have held them.
    """

    method: Method
    mornings: int
    actual_femto_usd: int
    signed_error_femto_usd: int
    absolute_error_femto_usd: int
    band_scale: Fraction

    @property
    def error_ratio(self) -> Fraction:
        """The mean distance from what the days cost, as a share of that, to 9 decimals."""
        return round(
            Fraction(self.absolute_error_femto_usd, self.actual_femto_usd), _RATIO_DECIMALS
        )

    @property
    def bias_ratio(self) -> Fraction:
        """The same with signs: above 0 where forecasts were too high on average."""
        return round(Fraction(self.signed_error_femto_usd, self.actual_femto_usd), _RATIO_DECIMALS)


def test(first_day: int, costs_femto_usd: Sequence[int]) -> tuple[WeekAhead, ...]:
    """How the method that speaks did, and then the other, on the closed days from `first_day` on.

    Empty for fewer than 56 days and where they cost nothing. The weekdays stand alone where the
    trend cannot be fitted throughout.
    """
    last_morning = len(costs_femto_usd) - DAYS_AHEAD
    mornings = range(max(trend.LEAST_DAYS, last_morning - MORNINGS + 1), last_morning + 1)
    actuals = [sum(costs_femto_usd[morning : morning + DAYS_AHEAD]) for morning in mornings]
    if len(mornings) < LEAST_MORNINGS or not sum(actuals):
        return ()
    by_weekday = _judge(
        "weekday_mean",
        [
            _by_weekday(
                *_last(weekday_mean.FULL_HISTORY_DAYS, first_day, costs_femto_usd[:morning])
            )
            for morning in mornings
        ],
        actuals,
    )
    trends = [
        _by_trend(*_last(trend.WINDOW_DAYS, first_day, costs_femto_usd[:morning]))
        for morning in mornings
    ]
    fitted = [projection for projection in trends if projection is not None]
    if len(fitted) < len(trends) or trend.fit(first_day, costs_femto_usd) is None:
        return (by_weekday,)
    by_trend = _judge("trend", fitted, actuals)
    limit = HEAD_START * by_weekday.absolute_error_femto_usd
    if by_trend.absolute_error_femto_usd < limit:
        return (by_trend, by_weekday)
    return (by_weekday, by_trend)


def _last(days: int, first_day: int, costs_femto_usd: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """The last days of a history, with the first of them."""
    recent = tuple(costs_femto_usd[-days:])
    return first_day + len(costs_femto_usd) - len(recent), recent


# A back-test asks for the same mornings again on each day of its month.
@functools.lru_cache(maxsize=512)
def _by_weekday(first_day: int, costs_femto_usd: tuple[int, ...]) -> Projection:
    return weekday_mean.project(first_day, costs_femto_usd, _week_after(first_day, costs_femto_usd))


@functools.lru_cache(maxsize=512)
def _by_trend(first_day: int, costs_femto_usd: tuple[int, ...]) -> Projection | None:
    fitted = trend.fit(first_day, costs_femto_usd)
    return fitted.project(_week_after(first_day, costs_femto_usd)) if fitted else None


def _week_after(first_day: int, costs_femto_usd: Sequence[int]) -> range:
    morning = first_day + len(costs_femto_usd)
    return range(morning, morning + DAYS_AHEAD)


def _judge(method: Method, projections: Sequence[Projection], actuals: Sequence[int]) -> WeekAhead:
    errors = [
        money.round_to_nano_usd(projection.expected_femto_usd) - actual
        for projection, actual in zip(projections, actuals, strict=True)
    ]
    squares = [
        _squared_error(error, projection.half_femto_usd)
        for error, projection in zip(errors, projections, strict=True)
    ]
    return WeekAhead(
        method=method,
        mornings=len(errors),
        actual_femto_usd=sum(actuals),
        signed_error_femto_usd=sum(errors),
        absolute_error_femto_usd=sum(map(abs, errors)),
        band_scale=_band_scale(squares),
    )


def _squared_error(error_femto_usd: int, half_femto_usd: Fraction) -> float:
    """In standard errors of the method's own formula."""
    if not half_femto_usd:
        return _MOST_SQUARE if error_femto_usd else 0.0
    return min(_MOST_SQUARE, float(error_femto_usd * weekday_mean.T90 / half_femto_usd) ** 2)


def _band_scale(squares: Sequence[float]) -> Fraction:
    """The root of the mean of the formula's variance, 1, and that of the tests.

    Tests a week apart are independent: so many count, against the weight of the formula.
    """
    independent = 1 + (len(squares) - 1) / DAYS_AHEAD
    mean = math.fsum(squares) / len(squares)
    variance = (_OWN_WEIGHT + independent * mean) / (_OWN_WEIGHT + independent)
    return round(Fraction(math.sqrt(variance)), _SCALE_DECIMALS)
