"""How forecasts did, as every face shows it: decimal text for money and ratios, integers for counts. No arithmetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BacktestFigure:
    """How the forecasts made on the mornings of a finished month did, against what it came to.

    `error_ratio` is their mean distance from the actual as a share of it, `bias_ratio` the same with signs. `covered` of the
    `banded` forecasts held the actual in their 80 % band.
    """

    month: str
    actual_usd: str
    forecasts: int
    error_ratio: str
    bias_ratio: str
    banded: int
    covered: int


@dataclass(frozen=True, slots=True)
class ForecastRecord:
    """How forecasts did in the finished months, the latest first; `coverage_ratio` is the share of their bands that held."""

    coverage_ratio: str | None
    banded: int
    covered: int
    months: tuple[BacktestFigure, ...]
