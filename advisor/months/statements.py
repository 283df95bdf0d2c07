"""A month's statement: usage by series, priced day by day into lines that add up. Pure."""

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeVar

from advisor.months import meter_sums
from advisor.months.meter_sums import MeterSums
from ledger import events, tokens, usage
from ledger.pricing import charges, names, prices
from ledger.readings import StoredSeries

K = TypeVar("K", bound=Hashable)


class LineKey(NamedTuple):
    """What a statement line is for; the model is canonical, the tier the one served."""

    provider: str
    model: str
    service_tier: str
    project: str
    workload: str


@dataclass(slots=True)
class Line:
    """Sums of one line. Costs are those of the priced tokens; some counts are of unknown usage."""

    counts: tokens.TokenCounts = tokens.NONE
    cost: prices.Cost = field(default_factory=prices.Cost)
    list_cost_femto_usd: int = 0
    requests: int = 0
    avoided_tokens: int = 0
    tier_unknown_tokens: int = 0
    backdated_tokens: int = 0
    successes: int = 0
    provider_usage_successes: int = 0
    estimated_requests: int = 0
    missing_requests: int = 0
    detail_unknown_requests: int = 0
    folded_requests: int = 0
    paid_retry_requests: int = 0
    tier_mismatch_requests: int = 0
    meters: MeterSums = meter_sums.NONE

    def add(self, series: StoredSeries, amounts: list[int], price: prices.Price | None) -> None:
        """Add the amounts of one series over days of one price."""
        labels, index = series.labels, usage.INDEX
        rates, list_rates = (price.rates, price.list_rates) if price else (None, None)
        self.cost += charges.cost_of(labels, amounts, rates)
        self.list_cost_femto_usd += charges.cost_of(labels, amounts, list_rates).femto_usd
        if labels.meter:
            if (fee := charges.fee_of(labels, amounts, rates)) is not None:
                self.meters += meter_sums.from_fee(fee)
            return
        counts = usage.token_counts(amounts)
        requests = amounts[index["requests"]]
        self.counts += counts
        self.requests += requests
        self.avoided_tokens += (
            amounts[index["avoided_input_tokens"]] + amounts[index["avoided_output_tokens"]]
        )
        self.tier_unknown_tokens += (
            counts.total_tokens if labels.service_tier == events.UNKNOWN else 0
        )
        self.backdated_tokens += counts.total_tokens if price and price.backdated else 0
        if labels.status == "success" and labels.usage_source != "gateway_cache":
            self.successes += requests
            self.provider_usage_successes += requests if labels.usage_source == "provider" else 0
            self.missing_requests += requests if labels.usage_source == "missing" else 0
        self.estimated_requests += requests if labels.usage_source == "estimated" else 0
        if rates is not None and rates.cached_input not in (None, rates.uncached_input):
            self.detail_unknown_requests += amounts[index["detail_unknown_requests"]]
        self.folded_requests += requests if series.folded else 0
        self.paid_retry_requests += amounts[index["paid_retry_requests"]]
        self.tier_mismatch_requests += requests if is_other_tier(labels) else 0

    def __add__(self, other: "Line") -> "Line":
        return self._with(other, operator.add)

    def __sub__(self, other: "Line") -> "Line":
        return self._with(other, operator.sub)

    def _with(self, other: "Line", combine: Callable[[Any, Any], Any]) -> "Line":
        names = (column.name for column in fields(self))
        return Line(**{name: combine(getattr(self, name), getattr(other, name)) for name in names})

    @property
    def is_priced(self) -> bool:
        """Whether the line has any money; in a difference the priced tokens may cancel out."""
        return bool(self.cost.priced_tokens or self.cost.femto_usd or self.list_cost_femto_usd)


@dataclass(frozen=True, slots=True)
class DayUsage:
    """The amounts of series over hours of one UTC day, which sets their prices and names."""

    day: int
    amounts: dict[int, list[int]]


class Priced(NamedTuple):
    """What a series is on a day; `model` is canonical, `price` None where it has none."""

    provider: str
    model: str
    region: str
    price: prices.Price | None


@dataclass(slots=True)
class Pricing:
    """Everything that turns a series and a day into a canonical name and a price."""

    series: dict[int, StoredSeries]
    book: prices.PriceBook
    names: names.Names
    names_version: str = ""
    _resolved: dict[tuple[int, int], Priced] = field(default_factory=dict)

    def resolve(self, series_id: int, day: int) -> Priced:
        """What a series is, and costs, on a UTC day."""
        priced = self._resolved.get((series_id, day))
        if priced is None:
            labels = self.series[series_id].labels
            provider, model, region = self.names.resolve(
                labels.namespace, labels.provider, labels.model, day
            )
            price = self.book.at(
                provider,
                model,
                priced_tier(labels),
                context_band=labels.context_band,
                day=day,
                region=region,
            )
            if labels.modifiers:
                multipliers = self.book.facts_of(provider, model).multipliers
                price = charges.modify_price(price, labels.modifiers, multipliers)
            priced = Priced(provider, model, region, price)
            self._resolved[series_id, day] = priced
        return priced

    def cost_of(self, series_id: int, day: int, amounts: list[int]) -> prices.Cost:
        """What the amounts of a series cost on a UTC day."""
        price = self.resolve(series_id, day).price
        return charges.cost_of(
            self.series[series_id].labels, amounts, price.rates if price else None
        )


def priced_tier(labels: events.Labels) -> str:
    """The tier that sets the price: the one served; where nobody said which, the one asked for."""
    return (
        labels.service_tier_requested
        if labels.service_tier == events.UNKNOWN
        else labels.service_tier
    )


def is_other_tier(labels: events.Labels) -> bool:
    """Whether a request asked for one tier and was served, and is priced, at another."""
    return events.UNKNOWN not in (labels.service_tier, labels.service_tier_requested) and (
        labels.service_tier != labels.service_tier_requested
    )


def lines(days: Iterable[DayUsage], pricing: Pricing) -> dict[LineKey, Line]:
    """The lines of a month's usage, whatever the order of its days.

    Days between two changes of a price or name are summed first, then priced.
    """
    spans: dict[tuple[int, Priced], list[int]] = {}
    for day in days:
        for series_id, amounts in day.amounts.items():
            _add_amounts(spans, (series_id, pricing.resolve(series_id, day.day)), amounts)
    by_key: dict[LineKey, Line] = {}
    for (series_id, priced), amounts in spans.items():
        series = pricing.series[series_id]
        line = by_key.setdefault(line_key(series.labels, priced), Line())
        line.add(series, amounts, priced.price)
    return by_key


def line_key(labels: events.Labels, priced: Priced) -> LineKey:
    """The line that usage of a series belongs to on a day."""
    return LineKey(
        provider=priced.provider,
        model=priced.model,
        service_tier=labels.service_tier,
        project=labels.project,
        workload=labels.workload,
    )


def meters_by_model(lines: Mapping[LineKey, Line]) -> dict[tuple[str, str], MeterSums]:
    """What was used besides plain tokens, by provider and model; without those that used none."""
    sums: dict[tuple[str, str], MeterSums] = {}
    for key, line in sorted(lines.items()):
        if line.meters:
            model = (key.provider, key.model)
            sums[model] = sums.get(model, meter_sums.NONE) + line.meters
    return sums


def merge(statements: Iterable[Mapping[LineKey, Line]]) -> dict[LineKey, Line]:
    """Several sets of lines as one, each line their sum."""
    merged: dict[LineKey, Line] = {}
    for statement in statements:
        for key, line in statement.items():
            merged[key] = merged[key] + line if key in merged else line
    return merged


def cost_of(day: DayUsage, pricing: Pricing) -> prices.Cost:
    """What all the usage of a day costs."""
    return prices.sum_costs(
        pricing.cost_of(series_id, day.day, amounts) for series_id, amounts in day.amounts.items()
    )


def _add_amounts(sums: dict[K, list[int]], key: K, amounts: list[int]) -> None:
    before = sums.get(key)
    sums[key] = amounts if before is None else usage.combine(before, amounts)
