"""The sender's costs beside ours as every face shows them: decimal text, and the cause in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from advisor.months import sender_costs
from advisor.months.sender_costs import SenderCost
from ledger import clock, money

MEANINGS = {
    "agrees": "the two agree",
    "unpriced": "some tokens have no price here",
    "contract": "the sender has the list price, without the contract",
    "fees": "the sender leaves out fees such as web searches",
    "parts": "the sender has no rate of its own for cache writes of an hour, images or the like",
    "tier": "the sender has the standard price, whatever tier served",
    "cache": "the sender prices cached input as plain input",
    "unknown": "the cause is not known; compare the price lists",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderCostFigure:
    """What requests to a model cost on a UTC day, or in the month where `day` is None.

    `difference_usd` is the sender's cost less ours, and its ratio is of the sender's.
    """

    day: str | None
    project: str | None
    provider: str
    model: str
    requests: int
    cost_usd: str | None
    sender_cost_usd: str
    difference_usd: str | None
    difference_ratio: str | None
    cause: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderCostsFigure:
    """A month's costs whose senders say what they are: the sums, by model, and by day."""

    requests: int
    cost_usd: str
    sender_cost_usd: str
    difference_usd: str
    models: tuple[SenderCostFigure, ...]
    days: tuple[SenderCostFigure, ...]


def costs_figure(costs: Iterable[SenderCost]) -> SenderCostsFigure | None:
    """The figure of a month; None where no sender says what its requests cost."""
    by_day = tuple(costs)
    if not by_day:
        return None
    ours = sum(cost.cost_femto_usd or 0 for cost in by_day)
    told = sum(cost.sender_femto_usd for cost in by_day)
    return SenderCostsFigure(
        requests=sum(cost.requests for cost in by_day),
        cost_usd=money.usd_text(ours),
        sender_cost_usd=money.usd_text(told),
        difference_usd=money.usd_text(told - ours),
        models=tuple(_figure(cost, is_month=True) for cost in sender_costs.by_model(by_day)),
        days=tuple(_figure(cost) for cost in by_day),
    )


def _figure(cost: SenderCost, *, is_month: bool = False) -> SenderCostFigure:
    difference = cost.difference_femto_usd
    ratio = None
    if difference is not None and cost.sender_femto_usd:
        ratio = money.ratio_text(Fraction(difference, cost.sender_femto_usd))
    return SenderCostFigure(
        day=None if is_month else clock.date_of(cost.day).isoformat(),
        project=None if is_month else cost.project,
        provider=cost.provider,
        model=cost.model,
        requests=cost.requests,
        cost_usd=money.optional_usd_text(cost.cost_femto_usd),
        sender_cost_usd=money.usd_text(cost.sender_femto_usd),
        difference_usd=money.optional_usd_text(difference),
        difference_ratio=ratio,
        cause=cost.cause,
        meaning=MEANINGS[cost.cause],
    )
