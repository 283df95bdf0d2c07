"""How the forecasts of a finished month did: one made on the morning of each of its days, against what it came to. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from advisor.months import forecast


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a finished month came to, and how far its forecasts were from that; a run rate has no band and counts in none.

    The errors are sums of (forecast - actual) in femto-USD, once as they are and once without their signs.
    """

    actual_femto_usd: int
    forecasts: int
    signed_error_femto_usd: int
    absolute_error_femto_usd: int
    banded: int
    covered: int

    @property
    def error_ratio(self) -> Fraction:
        """The mean distance of a forecast from the actual, as a share of that."""
        return Fraction(self.absolute_error_femto_usd, self.actual_femto_usd * self.forecasts)

    @property
    def bias_ratio(self) -> Fraction:
        """The same with signs: above 0 where forecasts were too high on average."""
        return Fraction(self.signed_error_femto_usd, self.actual_femto_usd * self.forecasts)


def run(
    first_day: int, costs_femto_usd: Sequence[int], histories_femto_usd: Sequence[Sequence[int]]
) -> Backtest | None:
    """The back-test of a finished month; None where it cost nothing, or where the ledger began after its first day.

    Of each day of the month: its cost, and the costs of the full closed days before it as `forecast.for_month` takes them.
    A forecast is made as of the first instant of its day, with nothing spent on it yet.
    """
    actual = sum(costs_femto_usd)
    # A month seen in part came to less than it cost, and its forecasts knew no more than that part.
    if not actual or not histories_femto_usd[1]:
        return None
    made = []
    for day, history in enumerate(histories_femto_usd):
        month = forecast.MonthSoFar(
            first_day, len(costs_femto_usd), first_day + day, sum(costs_femto_usd[:day])
        )
        made.append(forecast.for_month(month, history))
    found = [each for each in made if each is not None]
    errors = [each.femto_usd - actual for each in found]
    bands = [
        (each.low_femto_usd, each.high_femto_usd)
        for each in found
        if each.low_femto_usd is not None and each.high_femto_usd is not None
    ]
    covered = sum(low <= actual <= high for low, high in bands)
    return Backtest(actual, len(found), sum(errors), sum(map(abs, errors)), len(bands), covered)
