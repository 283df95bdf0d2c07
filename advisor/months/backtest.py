"""How the forecasts of a finished month did, one made on the morning of each day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from advisor.months import forecast

_RATIO_DECIMALS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a finished month came to, and how far its forecasts were from that.

    The errors are sums of (forecast - actual) in femto-USD, once with their signs and once without.
    `covered` of the `banded` forecasts had the actual in their 80 % band; a run rate has no band.
    """

    actual_femto_usd: int
    forecasts: int
    signed_error_femto_usd: int
    absolute_error_femto_usd: int
    banded: int
    covered: int

    @property
    def error_ratio(self) -> Fraction:
        """The mean distance of a forecast from the actual, as a share of the actual.

        Rounded half-even to 9 decimals as it is published, so that a mean of it can be checked by
        hand.
        """
        return self._share_of_actual(self.absolute_error_femto_usd)

    @property
    def bias_ratio(self) -> Fraction:
        """The same with signs: above 0 where forecasts were too high on average."""
        return self._share_of_actual(self.signed_error_femto_usd)

    def _share_of_actual(self, error_femto_usd: int) -> Fraction:
        share = Fraction(error_femto_usd, self.actual_femto_usd * self.forecasts)
        return round(share, _RATIO_DECIMALS)


def run(
    first_day: int, costs_femto_usd: Sequence[int], histories_femto_usd: Sequence[Sequence[int]]
) -> Backtest | None:
    """The back-test of a finished month.

    None where it cost nothing, or where the ledger began after its first day: a month seen in part
    came to less than it cost. For each day of the month it takes the cost, and the costs of the
    full closed days before it, as `forecast.for_month` does. A forecast is made as of the first
    instant of its day, with nothing spent on it yet.
    """
    actual = sum(costs_femto_usd)
    if not actual or not histories_femto_usd[1]:
        return None
    forecasts: list[forecast.Forecast] = []
    for day, history in enumerate(histories_femto_usd):
        month = forecast.MonthSoFar(
            first_day=first_day,
            days=len(costs_femto_usd),
            today=first_day + day,
            spent_femto_usd=sum(costs_femto_usd[:day]),
        )
        if (morning_forecast := forecast.for_month(month, history)) is not None:
            forecasts.append(morning_forecast)
    errors = [prediction.cost_femto_usd - actual for prediction in forecasts]
    bands = [
        (prediction.low_femto_usd, prediction.high_femto_usd)
        for prediction in forecasts
        if prediction.low_femto_usd is not None and prediction.high_femto_usd is not None
    ]
    return Backtest(
        actual_femto_usd=actual,
        forecasts=len(forecasts),
        signed_error_femto_usd=sum(errors),
        absolute_error_femto_usd=sum(map(abs, errors)),
        banded=len(bands),
        covered=sum(low <= actual <= high for low, high in bands),
    )
