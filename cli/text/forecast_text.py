"""The forecast of a month explained in a terminal: what it rests on, and how its methods did."""

from collections.abc import Iterator
from fractions import Fraction

from advisor import words
from advisor.months import trend, week_ahead
from advisor.months.forecast_figures import ForecastFigure, WeekAheadFigure
from advisor.report import sentences

_METHODS = {"trend": "the trend", "weekday_mean": "the mean of each weekday"}


def lines(forecast: ForecastFigure) -> Iterator[str]:
    """The text, line by line."""
    basis = sentences.forecast_basis(forecast)
    yield f"The whole month, forecast {basis}: {words.dollars(forecast.cost_usd)}"
    if forecast.low_usd is not None:
        band = f"{words.dollars(forecast.low_usd)} to {words.dollars(forecast.high_usd)}"
        yield f"  80 % band {band}{_scaled(forecast)}"
    if forecast.effects is not None:
        fading = words.percent(1 - Fraction(str(trend.DAMPING)))
        yield (
            f"  growth is {words.ratio(forecast.effects.growth_t)} standard errors away from none;"
            f" it counts above {trend.LEAST_T:g} and fades by {fading} a day"
        )
    if forecast.tests:
        yield "  Forecasts of a week made on past mornings decide which method speaks: the trend,"
        yield f"  unless its error is {float(week_ahead.HEAD_START):g} times that of the weekdays."
    for tested in forecast.tests:
        yield f"  {_test(tested)}"


def _scaled(forecast: ForecastFigure) -> str:
    if not forecast.tests:
        return ""
    return f", {words.ratio(forecast.tests[0].band_scale)} times what the fit alone says"


def _test(tested: WeekAheadFigure) -> str:
    return (
        f"  {_METHODS[tested.method]}: {sentences.forecast_error(tested)},"
        f" {words.counted(tested.mornings, 'morning')}"
    )
