"""What a month paid for requests sent again, and for tiers other than those asked for, at the prices of the days of use. Pure.

Both are told apart by series, so they follow from the same rollups and the same pricing as the statement's lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from advisor.months import statements
from advisor.months.figures import OtherTier, PaidRetries, RetryFigure, TierFigure, Waste
from advisor.months.statements import DayUsage, Priced, Pricing
from ledger import events, money, usage
from ledger.pricing import prices

COMPARED, ASKED_UNPRICED, SERVED_UNPRICED, NO_USAGE = (
    "compared",
    "asked_unpriced",
    "served_unpriced",
    "no_usage",
)


class _SentAgain(NamedTuple):
    project: str
    provider: str
    model: str


class _Served(NamedTuple):
    project: str
    provider: str
    model: str
    asked: str
    served: str
    state: str


class _Span(NamedTuple):
    """A series over days of one price, and of one price at the tier that it asked for."""

    series_id: int
    priced: Priced
    asked: prices.Price | None


@dataclass(slots=True)
class _Sum:
    requests: int = 0
    cost: prices.Cost = field(default_factory=prices.Cost)
    asked: prices.Cost = field(default_factory=prices.Cost)

    @property
    def tokens(self) -> int:
        return self.cost.priced_tokens + self.cost.unpriced_tokens

    def add(self, requests: int, cost: prices.Cost, asked: prices.Cost) -> None:
        self.requests += requests
        self.cost += cost
        self.asked += asked


def from_usage(parts: Iterable[DayUsage], pricing: Pricing) -> Waste:
    """The waste of a month's parts, whatever their order; femto-USD are exact."""
    again: dict[_SentAgain, _Sum] = {}
    served: dict[_Served, _Sum] = {}
    for span, amounts in _spans(parts, pricing).items():
        labels, priced = pricing.series[span.series_id].labels, span.priced
        counts, requests = usage.token_counts(amounts), amounts[usage.INDEX["requests"]]
        cost = prices.cost(counts, priced.price.rates if priced.price else None)
        asked = prices.cost(counts, span.asked.rates if span.asked else None)
        if is_paid_retry(labels):
            place = _SentAgain(labels.project, priced.provider, priced.model)
            again.setdefault(place, _Sum()).add(requests, cost, asked)
        if statements.is_other_tier(labels):
            tiers = labels.service_tier_requested, labels.service_tier
            group = _Served(
                labels.project, priced.provider, priced.model, *tiers, _state(cost, asked)
            )
            served.setdefault(group, _Sum()).add(requests, cost, asked)
    retries = sorted(again.items(), key=lambda item: (-item[1].cost.femto_usd, item[0]))
    tiers_ = sorted(served.items(), key=lambda item: (-item[1].requests, item[0]))
    return Waste(
        _paid_retries([_retry(*item) for item in retries]),
        _other_tier([_tier(*item) for item in tiers_]),
    )


def for_project(found: Waste, project: str) -> Waste:
    """One project's part of a month's waste."""
    return Waste(
        _paid_retries([each for each in found.paid_retries.groups if each.project == project]),
        _other_tier([each for each in found.other_tier.groups if each.project == project]),
    )


def is_paid_retry(labels: events.Labels) -> bool:
    """Whether a client library sent these requests again, and they used tokens that somebody bills."""
    return (
        bool(labels.features & events.FEATURE_CLIENT_RETRY)
        and labels.usage_source in events.BILLABLE_SOURCES
    )


def _spans(parts: Iterable[DayUsage], pricing: Pricing) -> dict[_Span, list[int]]:
    wanted = {
        number: stored.labels
        for number, stored in pricing.series.items()
        if is_paid_retry(stored.labels) or statements.is_other_tier(stored.labels)
    }
    spans: dict[_Span, list[int]] = {}
    for part in parts:
        for series_id in part.amounts.keys() & wanted.keys():
            labels, priced = wanted[series_id], pricing.resolve(series_id, part.day)
            asked = pricing.book.at(
                priced.provider,
                priced.model,
                labels.service_tier_requested,
                context_band=labels.context_band,
                day=part.day,
                region=priced.region,
            )
            span, amounts = _Span(series_id, priced, asked), part.amounts[series_id]
            spans[span] = usage.combine(spans[span], amounts) if span in spans else amounts
    return spans


def _state(served: prices.Cost, asked: prices.Cost) -> str:
    if not served.priced_tokens + served.unpriced_tokens:
        return NO_USAGE
    if served.unpriced_tokens:
        return SERVED_UNPRICED
    return ASKED_UNPRICED if asked.unpriced_tokens else COMPARED


def _retry(place: _SentAgain, found: _Sum) -> RetryFigure:
    return RetryFigure(
        *place, found.requests, found.tokens, found.cost.unpriced_tokens, _priced_part(found.cost)
    )


def _tier(place: _Served, found: _Sum) -> TierFigure:
    difference = found.cost.femto_usd - found.asked.femto_usd if place.state == COMPARED else None
    return TierFigure(
        *place,
        found.requests,
        found.tokens,
        found.cost.unpriced_tokens,
        _priced_part(found.cost),
        None if difference is None else money.usd_text(found.asked.femto_usd),
        None if difference is None else money.usd_text(difference),
        _meaning(place.state, difference),
    )


def _meaning(state: str, difference_femto_usd: int | None) -> str:
    if state == NO_USAGE:
        return "no tokens were used"
    if state == SERVED_UNPRICED:
        return (
            "the tier served has no price for some of these tokens, so what was paid is not known"
        )
    if difference_femto_usd is None:
        return "the tier asked for has no price for these tokens, so what it would have cost is not known"
    if difference_femto_usd > 0:
        return "paid more than at the tier asked for"
    return (
        "the tier asked for did not serve, and its higher price was not charged"
        if difference_femto_usd
        else "costs the same"
    )


def _priced_part(cost: prices.Cost) -> str | None:
    return money.usd_text(cost.femto_usd) if cost.priced_tokens else None


def _paid_retries(groups: Sequence[RetryFigure]) -> PaidRetries:
    requests, tokens, unpriced = (
        sum(getattr(each, name) for each in groups)
        for name in ("requests", "tokens", "unpriced_tokens")
    )
    costs = [money.femto_usd(each.cost_usd) for each in groups if each.cost_usd is not None]
    return PaidRetries(
        requests, tokens, unpriced, money.usd_text(sum(costs)) if costs else None, tuple(groups)
    )


def _other_tier(groups: Sequence[TierFigure]) -> OtherTier:
    differences = [
        money.femto_usd(each.difference_usd) for each in groups if each.difference_usd is not None
    ]
    more, less = (
        sum(max(0, each) for each in differences),
        sum(max(0, -each) for each in differences),
    )
    paid_more, not_charged, difference = (
        money.usd_text(amount) if differences else None for amount in (more, less, more - less)
    )
    return OtherTier(
        sum(each.requests for each in groups),
        sum(each.tokens for each in groups),
        sum(each.tokens for each in groups if each.difference_usd is None),
        paid_more,
        not_charged,
        difference,
        tuple(groups),
    )
