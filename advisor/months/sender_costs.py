"""What senders and providers say that requests cost, beside our own figure, by model and day. Pure.

Only requests whose sender names a cost are compared, and ours never gives way to theirs. A
difference is our cheapest guard: the likely cause is what differs by as much.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Literal, NamedTuple

from advisor.months import statements
from advisor.months.statements import DayUsage, Pricing
from ledger import events, usage
from ledger.pricing import charges, prices
from ledger.pricing.prices import Rates

Cause = Literal["agrees", "unpriced", "contract", "fees", "parts", "tier", "cache", "unknown"]
"""Why the two differ: `agrees` within a thousandth. Tokens are `unpriced` here; or the sender has
the list price without our `contract`, no `fees`, no rate of their own for `parts` such as tokens
cached for an hour, the standard price in place of the `tier`, or no price for the `cache`.
"""
TOLERANCE = Fraction(1, 1_000)
_FEMTO_PER_PICO = 1_000
_ROUNDING_FEMTO_USD = 10**6
"""What rounding may move the cost of one request: a nano-dollar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderCost:
    """What one project's requests to a model cost on a UTC day, ours and the sender's.

    `cost_femto_usd` is ours, None where nothing of it is priced; so is the difference, the sender's
    less ours.
    """

    project: str
    provider: str
    model: str
    day: int
    requests: int
    cost_femto_usd: int | None
    sender_femto_usd: int
    difference_femto_usd: int | None
    cause: Cause


@dataclass(slots=True)
class _Sums:
    requests: int = 0
    sender: int = 0
    unpriced_tokens: int = 0
    ours: int = 0
    contract: int = 0
    fees: int = 0
    parts: int = 0
    tier: int = 0
    cache: int = 0

    def add(self, other: "_Sums") -> None:
        for column in fields(self):
            own, added = getattr(self, column.name), getattr(other, column.name)
            setattr(self, column.name, own + added)


class _Place(NamedTuple):
    project: str
    provider: str
    model: str
    day: int


def from_usage(days: Iterable[DayUsage], pricing: Pricing) -> tuple[SenderCost, ...]:
    """The costs of a month's usage whose senders say what it cost. Exact.

    A series of which only some requests have the sender's cost is left out: nobody knows which.
    """
    sums: dict[_Place, _Sums] = {}
    for day in days:
        metered = _by_request_series(day, pricing)
        for series_id, amounts in day.amounts.items():
            if _is_fully_told(amounts):
                labels = pricing.series[series_id].labels
                priced = pricing.resolve(series_id, day.day)
                place = _Place(labels.project, priced.provider, priced.model, day.day)
                series_ids = (series_id, *metered.get(labels, ()))
                sums.setdefault(place, _Sums()).add(_compare(day, series_ids, pricing))
    return tuple(_sender_cost(place, total) for place, total in sorted(sums.items()))


def for_project(costs: Iterable[SenderCost], project: str) -> tuple[SenderCost, ...]:
    """One project's part."""
    return tuple(cost for cost in costs if cost.project == project)


def by_model(costs: Iterable[SenderCost]) -> tuple[SenderCost, ...]:
    """The costs of a whole month by model, the largest difference first; the day is the last one.

    The cause is the one that most of the difference has.
    """
    groups: dict[tuple[str, str], list[SenderCost]] = {}
    for cost in costs:
        groups.setdefault((cost.provider, cost.model), []).append(cost)
    return tuple(sorted(map(_add_up, groups.values()), key=_by_difference))


def _by_difference(cost: SenderCost) -> tuple[int, str, str]:
    return -abs(cost.difference_femto_usd or 0), cost.provider, cost.model


def _add_up(costs: Sequence[SenderCost]) -> SenderCost:
    by_cause: dict[Cause, int] = {}
    for cost in costs:
        weight = abs(cost.difference_femto_usd or 0)
        by_cause[cost.cause] = by_cause.get(cost.cause, 0) + weight
    cause: Cause = max(by_cause, key=lambda name: (by_cause[name], name != "agrees", name))
    known = [cost.cost_femto_usd for cost in costs if cost.cost_femto_usd is not None]
    sender = sum(cost.sender_femto_usd for cost in costs)
    requests = sum(cost.requests for cost in costs)
    difference = sender - sum(known)
    if cause != "unpriced" and _is_equal(difference, sender, requests):
        cause = "agrees"
    return replace(
        costs[-1],
        project="",
        requests=requests,
        cost_femto_usd=sum(known) if known else None,
        sender_femto_usd=sender,
        difference_femto_usd=difference if known else None,
        cause=cause,
    )


def _by_request_series(day: DayUsage, pricing: Pricing) -> dict[events.Labels, list[int]]:
    """The series of meters by the label set of their requests."""
    by_labels: dict[events.Labels, list[int]] = {}
    for series_id in day.amounts:
        labels = pricing.series[series_id].labels
        if labels.meter:
            by_labels.setdefault(events.request_labels(labels), []).append(series_id)
    return by_labels


def _is_fully_told(amounts: list[int]) -> bool:
    told = amounts[usage.INDEX["sender_cost_requests"]]
    return bool(told) and told == amounts[usage.INDEX["requests"]]


def _compare(day: DayUsage, series_ids: Sequence[int], pricing: Pricing) -> _Sums:
    """One series and its meters: our cost, the sender's, and ours in each way that may differ."""
    request_id = series_ids[0]
    amounts = day.amounts[request_id]
    sums = _Sums(
        requests=amounts[usage.INDEX["requests"]],
        sender=amounts[usage.INDEX["sender_cost_pico_usd"]] * _FEMTO_PER_PICO,
    )
    for series_id in series_ids:
        labels = pricing.series[series_id].labels
        price = pricing.resolve(series_id, day.day).price
        standard = _standard_price(pricing, series_id, day.day)
        rates = price.rates if price else None
        amounts = day.amounts[series_id]
        cost = charges.cost_of(labels, amounts, rates)
        is_fee = charges.fee_of(labels, amounts, rates) is not None
        is_part = bool(labels.meter) and not is_fee
        sums.ours += cost.femto_usd
        sums.unpriced_tokens += cost.unpriced_tokens
        sums.contract += _femto_usd(labels, amounts, price.list_rates if price else None)
        sums.fees += 0 if is_fee else cost.femto_usd
        sums.parts += 0 if is_part else cost.femto_usd
        sums.tier += _femto_usd(labels, amounts, standard.rates if standard else None)
        sums.cache += 0 if is_part else _femto_usd(labels, amounts, _without_cache(rates))
    return sums


def _femto_usd(labels: events.Labels, amounts: list[int], rates: Rates | None) -> int:
    return charges.cost_of(labels, amounts, rates).femto_usd


def _standard_price(pricing: Pricing, series_id: int, day: int) -> prices.Price | None:
    labels, priced = pricing.series[series_id].labels, pricing.resolve(series_id, day)
    if statements.priced_tier(labels) == "standard":
        return priced.price
    return pricing.book.at(
        priced.provider,
        priced.model,
        "standard",
        context_band=labels.context_band,
        day=day,
        region=priced.region,
    )


def _without_cache(rates: Rates | None) -> Rates | None:
    return None if rates is None else replace(rates, cached_input=None, cache_write_input=None)


def _sender_cost(place: _Place, sums: _Sums) -> SenderCost:
    is_priced = bool(sums.ours) or not sums.unpriced_tokens
    return SenderCost(
        **place._asdict(),
        requests=sums.requests,
        cost_femto_usd=sums.ours if is_priced else None,
        sender_femto_usd=sums.sender,
        difference_femto_usd=sums.sender - sums.ours if is_priced else None,
        cause=_cause(sums),
    )


def _cause(sums: _Sums) -> Cause:
    if sums.unpriced_tokens:
        return "unpriced"
    candidates = tuple(_candidates(sums))
    for cause, femto_usd in candidates:
        if _is_equal(sums.sender - femto_usd, sums.sender, sums.requests):
            return cause
    return "unknown"


def _candidates(sums: _Sums) -> Iterator[tuple[Cause, int]]:
    yield "agrees", sums.ours
    yield "contract", sums.contract
    yield "fees", sums.fees
    yield "parts", sums.parts
    yield "tier", sums.tier
    yield "cache", sums.cache


def _is_equal(difference_femto_usd: int, sender_femto_usd: int, requests: int) -> bool:
    allowed = max(sender_femto_usd * TOLERANCE, Fraction(requests * _ROUNDING_FEMTO_USD))
    return abs(difference_femto_usd) <= allowed
