"""What a month paid for requests sent again and for other service tiers than asked. Pure.

Both follow from the same usage and pricing as the statement's lines, at the prices of the days of
use.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from advisor.months import statements
from advisor.months.statements import DayUsage, Priced, Pricing
from ledger import events, usage
from ledger.pricing import charges, prices

Comparison = Literal["compared", "asked_unpriced", "served_unpriced", "no_usage"]
"""Whether the tiers asked for and served are compared, or why not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidRetry:
    """Requests of a project to a model that their client had sent before, and that used tokens.

    The cost is that of the priced tokens, None without any. It was paid twice only as far as the
    earlier attempt was billed too, as after a time-out; no log says that.
    """

    project: str
    provider: str
    model: str
    requests: int
    tokens: int
    unpriced_tokens: int
    cost_femto_usd: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidRetries:
    """A month's requests sent again: the sums over the groups.

    The cost is None where nothing is priced.
    """

    requests: int
    tokens: int
    unpriced_tokens: int
    cost_femto_usd: int | None
    groups: tuple[PaidRetry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TierSwap:
    """Requests that asked for one service tier and were served, and are priced, at another.

    `asked_cost_femto_usd` is the cost of the same tokens on the same days at the tier asked for.
    The difference is the cost less that: above 0 more was paid, below 0 a higher price was not
    charged. Both are None unless the state is `compared`.
    """

    project: str
    provider: str
    model: str
    asked_tier: str
    served_tier: str
    state: Comparison
    requests: int
    tokens: int
    unpriced_tokens: int
    cost_femto_usd: int | None
    asked_cost_femto_usd: int | None
    difference_femto_usd: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTier:
    """A month's requests at another tier than asked: the sums over the groups.

    The amounts are None where no group is compared. The difference is what was paid more less what
    was not charged, neither of which is below 0.
    """

    requests: int
    tokens: int
    not_compared_tokens: int
    paid_more_femto_usd: int | None
    not_charged_femto_usd: int | None
    difference_femto_usd: int | None
    groups: tuple[TierSwap, ...]


@dataclass(frozen=True, slots=True)
class Waste:
    """A month's paid retries, and its requests at another tier than asked."""

    paid_retries: PaidRetries
    other_tier: OtherTier


class _RetryPlace(NamedTuple):
    project: str
    provider: str
    model: str


class _TierPlace(NamedTuple):
    project: str
    provider: str
    model: str
    asked_tier: str
    served_tier: str
    state: Comparison


class _Span(NamedTuple):
    """A series over days of one price, and of one price at the tier that it asked for."""

    series_id: int
    priced: Priced
    asked_price: prices.Price | None


@dataclass(slots=True)
class _Sums:
    requests: int = 0
    cost: prices.Cost = field(default_factory=prices.Cost)
    asked_cost: prices.Cost = field(default_factory=prices.Cost)

    @property
    def tokens(self) -> int:
        return self.cost.priced_tokens + self.cost.unpriced_tokens

    def add(self, requests: int, cost: prices.Cost, asked_cost: prices.Cost) -> None:
        self.requests += requests
        self.cost += cost
        self.asked_cost += asked_cost


def from_usage(days: Iterable[DayUsage], pricing: Pricing) -> Waste:
    """The waste in a month's usage, whatever the order of its days. Exact."""
    retries: dict[_RetryPlace, _Sums] = {}
    swaps: dict[_TierPlace, _Sums] = {}
    for span, amounts in _spans(days, pricing).items():
        labels, priced = pricing.series[span.series_id].labels, span.priced
        requests, asked_price = amounts[usage.INDEX["requests"]], span.asked_price
        cost = charges.cost_of(labels, amounts, priced.price.rates if priced.price else None)
        asked_cost = charges.cost_of(labels, amounts, asked_price.rates if asked_price else None)
        if is_paid_retry(labels):
            place = _RetryPlace(labels.project, priced.provider, priced.model)
            retries.setdefault(place, _Sums()).add(requests, cost, asked_cost)
        if statements.is_other_tier(labels):
            tier_place = _TierPlace(
                project=labels.project,
                provider=priced.provider,
                model=priced.model,
                asked_tier=labels.service_tier_requested,
                served_tier=labels.service_tier,
                state=_state(cost, asked_cost),
            )
            swaps.setdefault(tier_place, _Sums()).add(requests, cost, asked_cost)
    return _waste(
        [_paid_retry(place, sums) for place, sums in sorted(retries.items(), key=_by_cost)],
        [_tier_swap(place, sums) for place, sums in sorted(swaps.items(), key=_by_requests)],
    )


def for_project(waste: Waste, project: str) -> Waste:
    """One project's part of a month's waste."""
    return _waste(
        [retry for retry in waste.paid_retries.groups if retry.project == project],
        [swap for swap in waste.other_tier.groups if swap.project == project],
    )


def is_paid_retry(labels: events.Labels) -> bool:
    """Whether a client library sent these requests again, and they used billable tokens."""
    return (
        bool(labels.features & events.FEATURE_CLIENT_RETRY)
        and labels.usage_source in events.BILLABLE_SOURCES
    )


def _spans(days: Iterable[DayUsage], pricing: Pricing) -> dict[_Span, list[int]]:
    labels_of = {
        number: series.labels
        for number, series in pricing.series.items()
        if is_paid_retry(series.labels) or statements.is_other_tier(series.labels)
    }
    spans: dict[_Span, list[int]] = {}
    for day in days:
        for series_id in day.amounts.keys() & labels_of.keys():
            labels, priced = labels_of[series_id], pricing.resolve(series_id, day.day)
            asked_price = pricing.book.at(
                priced.provider,
                priced.model,
                labels.service_tier_requested,
                context_band=labels.context_band,
                day=day.day,
                region=priced.region,
            )
            span, amounts = _Span(series_id, priced, asked_price), day.amounts[series_id]
            spans[span] = usage.combine(spans[span], amounts) if span in spans else amounts
    return spans


def _state(cost: prices.Cost, asked_cost: prices.Cost) -> Comparison:
    if not cost.priced_tokens + cost.unpriced_tokens:
        return "no_usage"
    if cost.unpriced_tokens:
        return "served_unpriced"
    return "asked_unpriced" if asked_cost.unpriced_tokens else "compared"


def _by_cost(group: tuple[_RetryPlace, _Sums]) -> tuple[int, _RetryPlace]:
    place, sums = group
    return -sums.cost.femto_usd, place


def _by_requests(group: tuple[_TierPlace, _Sums]) -> tuple[int, _TierPlace]:
    place, sums = group
    return -sums.requests, place


def _paid_retry(place: _RetryPlace, sums: _Sums) -> PaidRetry:
    return PaidRetry(
        **place._asdict(),
        requests=sums.requests,
        tokens=sums.tokens,
        unpriced_tokens=sums.cost.unpriced_tokens,
        cost_femto_usd=_priced_femto_usd(sums.cost),
    )


def _tier_swap(place: _TierPlace, sums: _Sums) -> TierSwap:
    compared = place.state == "compared"
    return TierSwap(
        **place._asdict(),
        requests=sums.requests,
        tokens=sums.tokens,
        unpriced_tokens=sums.cost.unpriced_tokens,
        cost_femto_usd=_priced_femto_usd(sums.cost),
        asked_cost_femto_usd=sums.asked_cost.femto_usd if compared else None,
        difference_femto_usd=(
            sums.cost.femto_usd - sums.asked_cost.femto_usd if compared else None
        ),
    )


def _priced_femto_usd(cost: prices.Cost) -> int | None:
    return cost.femto_usd if cost.priced_tokens else None


def _waste(retries: Sequence[PaidRetry], swaps: Sequence[TierSwap]) -> Waste:
    return Waste(_paid_retries(retries), _other_tier(swaps))


def _paid_retries(groups: Sequence[PaidRetry]) -> PaidRetries:
    costs = [group.cost_femto_usd for group in groups if group.cost_femto_usd is not None]
    return PaidRetries(
        requests=sum(group.requests for group in groups),
        tokens=sum(group.tokens for group in groups),
        unpriced_tokens=sum(group.unpriced_tokens for group in groups),
        cost_femto_usd=sum(costs) if costs else None,
        groups=tuple(groups),
    )


def _other_tier(groups: Sequence[TierSwap]) -> OtherTier:
    differences = [
        group.difference_femto_usd for group in groups if group.difference_femto_usd is not None
    ]
    paid_more = sum(max(0, difference) for difference in differences)
    not_charged = sum(max(0, -difference) for difference in differences)
    return OtherTier(
        requests=sum(group.requests for group in groups),
        tokens=sum(group.tokens for group in groups),
        not_compared_tokens=sum(group.tokens for group in groups if group.state != "compared"),
        paid_more_femto_usd=paid_more if differences else None,
        not_charged_femto_usd=not_charged if differences else None,
        difference_femto_usd=paid_more - not_charged if differences else None,
        groups=tuple(groups),
    )
