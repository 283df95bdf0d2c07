"""What a month's faces show of its forecast and of earlier ones: decimal text and integers."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from advisor.months.backtest import Backtest
from advisor.months.forecast import Effects, Forecast
from advisor.months.statement_store import MonthStatement
from advisor.months.week_ahead import WeekAhead
from ledger import money


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekAheadFigure:
    """How one method's forecasts of a week, made on so many mornings of the last six weeks, did.

    `error_ratio` is their mean distance from what the days cost as a share of it, `bias_ratio` the
    same with signs. The 80 % band is the method's own, times `band_scale`.
    """

    method: str
    mornings: int
    error_ratio: str
    bias_ratio: str
    band_scale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectsFigure:
    """What a trend, fitted to the last so many days, says of the days to come.

    `weekly_growth_ratio` is 0 where the growth is not sure; `growth_t` is its distance from none in
    standard errors. The last `month_end_days` of a month cost `month_end_factor` times as much as
    other days; 0 where no such effect is sure.
    """

    days: int
    weekly_growth_ratio: str
    growth_t: str
    month_end_days: int
    month_end_factor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastFigure:
    """The whole month's expected cost, its 80 % band (None for a run rate), and the method.

    `tests` has how the method did a week ahead, then the other one; it is empty for a history of
    fewer than eight weeks. `effects` are those of a trend, else None.

    Where a sender fell silent, the band holds both readings: `if_broken_usd` with its usual spend,
    as if its events were lost, and `if_ended_usd` without it. Else both are None.
    """

    cost_usd: str
    low_usd: str | None
    high_usd: str | None
    method: str
    tests: tuple[WeekAheadFigure, ...]
    effects: EffectsFigure | None
    if_broken_usd: str | None
    if_ended_usd: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestFigure:
    """How the forecasts made on the mornings of a finished month did, against what it came to.

    `error_ratio` is their mean distance from the actual as a share of it, `bias_ratio` the same
    with signs. `covered` of the `banded` forecasts had the actual in their 80 % band.
    """

    month: str
    actual_usd: str
    forecasts: int
    error_ratio: str
    bias_ratio: str
    banded: int
    covered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRecordFigure:
    """How forecasts did in the finished months, the latest first.

    `coverage_ratio` is the share of their bands that had the actual in them.
    """

    coverage_ratio: str | None
    banded: int
    covered: int
    months: tuple[BacktestFigure, ...]


def known_forecast_figure(statement: MonthStatement) -> ForecastFigure | None:
    """The stored forecast, unless nothing that it rests on is priced: it is then unknown, not 0."""
    forecast = statement.forecast
    if forecast is None:
        return None
    priced = any(line.is_priced for line in statement.lines.values())
    if not priced and not forecast.cost_femto_usd:
        return None
    return forecast_figure(forecast)


def forecast_figure(forecast: Forecast) -> ForecastFigure:
    """The forecast of a month."""
    return ForecastFigure(
        cost_usd=money.usd_text(forecast.cost_femto_usd),
        low_usd=money.optional_usd_text(forecast.low_femto_usd),
        high_usd=money.optional_usd_text(forecast.high_femto_usd),
        method=forecast.method,
        tests=tuple(map(_week_ahead_figure, forecast.tests)),
        effects=_effects_figure(forecast.effects) if forecast.effects else None,
        if_broken_usd=money.optional_usd_text(forecast.if_broken_femto_usd),
        if_ended_usd=money.optional_usd_text(forecast.if_ended_femto_usd),
    )


def _week_ahead_figure(tested: WeekAhead) -> WeekAheadFigure:
    return WeekAheadFigure(
        method=tested.method,
        mornings=tested.mornings,
        error_ratio=money.ratio_text(tested.error_ratio),
        bias_ratio=money.ratio_text(tested.bias_ratio),
        band_scale=money.ratio_text(tested.band_scale),
    )


def _effects_figure(effects: Effects) -> EffectsFigure:
    return EffectsFigure(
        days=effects.days,
        weekly_growth_ratio=money.ratio_text(effects.weekly_growth),
        growth_t=money.ratio_text(effects.t),
        month_end_days=effects.month_end_days,
        month_end_factor=money.ratio_text(effects.month_end_factor),
    )


def backtest_figure(month: str, backtest: Backtest) -> BacktestFigure:
    """How the forecasts of a finished month did."""
    return BacktestFigure(
        month=month,
        actual_usd=money.usd_text(backtest.actual_femto_usd),
        forecasts=backtest.forecasts,
        error_ratio=money.ratio_text(backtest.error_ratio),
        bias_ratio=money.ratio_text(backtest.bias_ratio),
        banded=backtest.banded,
        covered=backtest.covered,
    )


def forecast_record_figure(backtests: Mapping[str, Backtest]) -> ForecastRecordFigure | None:
    """How the forecasts of some months did, in their order; None without any."""
    if not backtests:
        return None
    banded = sum(backtest.banded for backtest in backtests.values())
    covered = sum(backtest.covered for backtest in backtests.values())
    return ForecastRecordFigure(
        coverage_ratio=money.ratio_text(Fraction(covered, banded)) if banded else None,
        banded=banded,
        covered=covered,
        months=tuple(backtest_figure(month, backtest) for month, backtest in backtests.items()),
    )
