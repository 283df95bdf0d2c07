"""The arithmetic behind a figure: tokens, meter by meter, at the price of the day of use. Pure.

The costs of the rows add up exactly to those of `statements.lines` at the same usage and pricing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from advisor import words
from advisor.months import statements
from advisor.months.statements import DayUsage, LineKey, Pricing
from ledger import meters, prose, usage
from ledger.events import Labels
from ledger.pricing import charges, prices
from ledger.readings import StoredSeries


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterCost:
    """Quantity x nano-USD per million = femto-USD, exact. None where the meter has no rate."""

    meter: str
    unit: str
    quantity: int
    nano_usd_per_mtok: int | None
    cost_femto_usd: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUsed:
    """The price that gave the rates, from the UTC day `effective_from` on (None: it is not known).

    `source` and `checked` are those of the list price. `contract` says what changed its rates, and
    is empty where nothing did. `list_nano_usd_per_mtok` has the list rates by meter.
    """

    service_tier: str
    over_input_tokens: int
    effective_from: int | None
    backdated: bool
    source: str
    checked: str
    contract: str
    list_nano_usd_per_mtok: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """Part of a line: the tokens of one context band, region and price, and the UTC days of use.

    `priced_tier` is the tier that set the price: the one asked for where the one served is unknown.
    Without a price all tokens are unpriced. `unpriced_because` says why tokens have no rate, and is
    empty where all have one. The costs are those of the priced meters, None without any.
    """

    provider: str
    model: str
    service_tier: str
    project: str
    workload: str
    priced_tier: str
    context_band: int
    region: str
    first_day: int
    last_day: int
    requests: int
    price: PriceUsed | None
    meters: tuple[MeterCost, ...]
    cost_femto_usd: int | None
    list_cost_femto_usd: int | None
    unpriced_tokens: int
    unpriced_because: str

    @property
    def key(self) -> LineKey:
        """The line that the row is part of."""
        return LineKey(
            provider=self.provider,
            model=self.model,
            service_tier=self.service_tier,
            project=self.project,
            workload=self.workload,
        )


class _Place(NamedTuple):
    key: LineKey
    priced_tier: str
    context_band: int
    region: str
    price: prices.Price | None


@dataclass(slots=True)
class _Sums:
    first_day: int
    last_day: int
    requests: int = 0
    quantities: dict[str, int] = field(default_factory=lambda: dict.fromkeys(prices.METERS, 0))
    list_cost: prices.Cost = field(default_factory=prices.Cost)

    def add(self, day: int, labels: Labels, amounts: list[int], price: prices.Price | None) -> None:
        self.first_day, self.last_day = min(self.first_day, day), max(self.last_day, day)
        self.requests += amounts[usage.INDEX["requests"]]
        rates = price.rates if price else charges.EVERY_RATE
        for meter, quantity in charges.quantities(labels, amounts, rates).items():
            self.quantities[meter] = self.quantities.get(meter, 0) + quantity
        self.list_cost += charges.cost_of(labels, amounts, price.list_rates if price else None)


def rows(days: Iterable[DayUsage], pricing: Pricing) -> tuple[TraceRow, ...]:
    """The rows of some usage, line by line and day by day.

    Requests without billable tokens are rows without meters.
    """
    sums: dict[_Place, _Sums] = {}
    for day in days:
        for series_id, amounts in day.amounts.items():
            series = pricing.series[series_id]
            place = _place(series, pricing.resolve(series_id, day.day))
            place_sums = sums.setdefault(place, _Sums(day.day, day.day))
            place_sums.add(day.day, series.labels, amounts, place.price)
    return tuple(
        sorted(
            (_row(place, place_sums, pricing.book) for place, place_sums in sums.items()),
            key=lambda row: (row.key, row.priced_tier, row.context_band, row.region, row.first_day),
        )
    )


def _place(series: StoredSeries, priced: statements.Priced) -> _Place:
    labels = series.labels
    return _Place(
        key=statements.line_key(labels, priced),
        priced_tier=statements.priced_tier(labels),
        context_band=labels.context_band,
        region=priced.region,
        price=priced.price,
    )


def _row(place: _Place, sums: _Sums, book: prices.PriceBook) -> TraceRow:
    rates = place.price.rates if place.price else prices.Rates()
    metered = tuple(
        _meter(name, quantity, rates) for name, quantity in sums.quantities.items() if quantity
    )
    costs = [meter.cost_femto_usd for meter in metered if meter.cost_femto_usd is not None]
    unpriced = [meter for meter in metered if meter.cost_femto_usd is None]
    return TraceRow(
        **place.key._asdict(),
        priced_tier=place.priced_tier,
        context_band=place.context_band,
        region=place.region,
        first_day=sums.first_day,
        last_day=sums.last_day,
        requests=sums.requests,
        price=_price_used(place.price) if place.price else None,
        meters=metered,
        cost_femto_usd=sum(costs) if costs else None,
        list_cost_femto_usd=sums.list_cost.femto_usd if costs else None,
        unpriced_tokens=sum(
            meter.quantity for meter in unpriced if charges.is_of_tokens(meter.meter)
        ),
        unpriced_because=_unpriced_because(place, [meter.meter for meter in unpriced], book),
    )


def _unpriced_because(place: _Place, meter_names: list[str], book: prices.PriceBook) -> str:
    if not meter_names:
        return ""
    if place.price is not None:
        return f"the price has no rate for {prose.all_of(map(words.label, meter_names))}"
    key, tier = place.key, place.priced_tier
    price_key = prices.PriceKey(key.provider, key.model, tier, region=place.region)
    reason = book.facts_of(key.provider, key.model).without_rate.get(tier)
    missing = f"there is no price for {price_key}"
    return f"{missing}: {reason}" if reason else missing


def _meter(name: str, quantity: int, rates: prices.Rates) -> MeterCost:
    rate = rates.by_meter.get(name)
    return MeterCost(
        meter=name,
        unit="token" if name in prices.METERS else meters.BY_NAME[name].unit,
        quantity=quantity,
        nano_usd_per_mtok=rate,
        cost_femto_usd=None if rate is None else quantity * rate,
    )


def _price_used(price: prices.Price) -> PriceUsed:
    return PriceUsed(
        service_tier=price.key.service_tier,
        over_input_tokens=price.key.over_input_tokens,
        effective_from=price.effective_from or None,
        backdated=price.backdated,
        source=price.source,
        checked=price.checked,
        contract=price.contract,
        list_nano_usd_per_mtok=price.list_rates.by_meter,
    )
