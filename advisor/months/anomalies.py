"""Days on which a project cost far more than its weekday usually does, and what drove it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ledger import money

HISTORY_DAYS = 28
"""A day is compared with the closed days of the four weeks before it, and none without them."""
LEAST_FEMTO_USD = 25 * money.FEMTO_PER_USD
MOST_DRIVERS = 3
_DEVIATIONS, _LEAST_SHARE = 3, Fraction("0.1")
_WEEK = 7

Place = tuple[str, str]
"""Workload and model."""
Costs = Mapping[Place, int]
"""What a day cost by place, in femto-USD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A place of a project, and by how much it cost more than on its usual weekday."""

    workload: str
    model: str
    more_femto_usd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """A day far above the mean of its weekday; amounts in femto-USD, the largest driver first."""

    day: int
    cost_femto_usd: int
    usual_femto_usd: int
    drivers: tuple[Driver, ...]


def is_far_above(cost_femto_usd: int, history_femto_usd: Sequence[int]) -> bool:
    """Whether a day is over its weekday's mean + 3 max(sqrt(s2), 10 % of the mean), and by 25 USD.

    `history_femto_usd` are the 28 days before it, oldest first; s2 is the variance about their
    weekday means, with 21 degrees of freedom.
    """
    by_weekday = [history_femto_usd[weekday::_WEEK] for weekday in range(_WEEK)]
    means = [Fraction(sum(costs), len(costs)) for costs in by_weekday]
    mean = means[0]
    above = cost_femto_usd - mean
    if above < LEAST_FEMTO_USD or above <= _DEVIATIONS * _LEAST_SHARE * mean:
        return False
    squares = sum(
        (
            (cost - weekday_mean) ** 2
            for costs, weekday_mean in zip(by_weekday, means, strict=True)
            for cost in costs
        ),
        Fraction(0),
    )
    # Compared as squares, so that no root has to be rounded.
    return above**2 > _DEVIATIONS**2 * squares / (HISTORY_DAYS - _WEEK)


def find(days: range, costs: Mapping[int, Costs], first_day: int | None) -> tuple[Anomaly, ...]:
    """The anomalies of one project on some closed days.

    `costs` has its days by number; a day without traffic may be absent. `first_day` is its first
    full day; nothing is an anomaly before 28 days have closed since.
    """
    if first_day is None:
        return ()
    anomalies = []
    for day in days:
        if day - first_day < HISTORY_DAYS:
            continue
        history = [_sum(costs, earlier) for earlier in range(day - HISTORY_DAYS, day)]
        cost = _sum(costs, day)
        if is_far_above(cost, history):
            usual = Fraction(sum(history[::_WEEK]), HISTORY_DAYS // _WEEK)
            anomalies.append(
                Anomaly(
                    day=day,
                    cost_femto_usd=cost,
                    usual_femto_usd=money.round_to_nano_usd(usual),
                    drivers=_drivers(day, costs),
                )
            )
    return tuple(anomalies)


def _sum(costs: Mapping[int, Costs], day: int) -> int:
    return sum(costs.get(day, {}).values())


def _drivers(day: int, costs: Mapping[int, Costs]) -> tuple[Driver, ...]:
    """The places that rose most against the mean of the same weekday."""
    weekdays = range(day - HISTORY_DAYS, day, _WEEK)
    drivers = []
    for (workload, model), cost in costs.get(day, {}).items():
        usual = sum(costs.get(earlier, {}).get((workload, model), 0) for earlier in weekdays)
        more = money.round_to_nano_usd(cost - Fraction(usual, len(weekdays)))
        if more > 0:
            drivers.append(Driver(workload=workload, model=model, more_femto_usd=more))
    drivers.sort(key=lambda driver: (-driver.more_femto_usd, driver.workload, driver.model))
    return tuple(drivers[:MOST_DRIVERS])
