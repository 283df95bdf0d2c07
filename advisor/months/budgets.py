"""How budgets and target costs of a month stand: spent, expected and when spent. Pure.

The total is expected to cost what the month's forecast says. No other scope has a forecast of its
own: it is expected to go on at its run rate, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from advisor.months.forecast import Forecast
from advisor.months.statements import Line, LineKey
from ledger import clock, money
from ledger.policies import Scope

Standing = Literal["within", "may_run_out", "runs_out", "used_up", "unknown"]
RUN_RATE = "run_rate"
"""The method of a scope without a forecast of its own: its mean day so far, for the days left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthClock:
    """A month's start, its end and the time of its figures, in UTC epoch microseconds.

    `begun_us` is the start of the first day with traffic, where the ledger began in the month.
    """

    begun_us: int
    end_us: int
    as_of_us: int

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be spent."""
        return self.as_of_us >= self.end_us


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeOutlook:
    """What a scope has cost in a month and will have cost, in femto-USD.

    `expected_femto_usd` is None before a whole day is over. `has_unknown` where part of the usage
    has no price, so that more is spent than is known.
    """

    spent_femto_usd: int
    expected_femto_usd: int | None
    high_femto_usd: int | None
    method: str | None
    has_unknown: bool

    def standing(self, amount_femto_usd: int) -> Standing:
        """How an amount stands against it."""
        if self.spent_femto_usd >= amount_femto_usd:
            return "used_up"
        if self.expected_femto_usd is None:
            return "unknown"
        if self.expected_femto_usd > amount_femto_usd:
            return "runs_out"
        is_near = self.high_femto_usd is not None and self.high_femto_usd > amount_femto_usd
        return "may_run_out" if is_near else "within"

    def runs_out_us(self, amount_femto_usd: int, month: MonthClock) -> int | None:
        """The instant at which an amount is spent, if what is still expected comes evenly.

        None where it lasts, is spent already or cannot be told.
        """
        if self.standing(amount_femto_usd) != "runs_out" or self.expected_femto_usd is None:
            return None
        to_come = self.expected_femto_usd - self.spent_femto_usd
        left = amount_femto_usd - self.spent_femto_usd
        return month.as_of_us + (month.end_us - month.as_of_us) * left // to_come


def look_ahead(
    scope: Scope,
    lines: Mapping[LineKey, Line],
    month: MonthClock,
    forecast: Forecast | None,
    *,
    lacks_usage: bool = False,
) -> ScopeOutlook:
    """What a scope has cost and will. `lacks_usage` says that usage of the month is unknown."""
    covered = [
        line
        for key, line in lines.items()
        if scope.covers(
            project=key.project, workload=key.workload, provider=key.provider, model=key.model
        )
    ]
    spent = sum(line.cost.femto_usd for line in covered)
    has_unknown = lacks_usage or any(map(_has_unknown, covered))
    own_forecast = forecast if scope.is_total and not month.is_over else None
    expected = spent if month.is_over else _run_rate(spent, month)
    method = "actual" if month.is_over else RUN_RATE
    if own_forecast is not None:
        expected, method = own_forecast.cost_femto_usd, own_forecast.method
    return ScopeOutlook(
        spent_femto_usd=spent,
        expected_femto_usd=expected,
        high_femto_usd=own_forecast.high_femto_usd if own_forecast else None,
        method=None if expected is None else method,
        has_unknown=has_unknown,
    )


def _run_rate(spent_femto_usd: int, month: MonthClock) -> int | None:
    """Spent by the time that has passed, for the whole; None before a day has passed."""
    elapsed = month.as_of_us - month.begun_us
    if elapsed < clock.DAY_US:
        return None
    whole = Fraction(spent_femto_usd * (month.end_us - month.begun_us), elapsed)
    return money.round_to_nano_usd(whole)


def _has_unknown(line: Line) -> bool:
    return bool(
        line.cost.unpriced_tokens
        or line.missing_requests
        or any(total.unpriced_quantity for _, total in line.meters)
    )
