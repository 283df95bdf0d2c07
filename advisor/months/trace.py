"""The arithmetic behind a figure: every line's tokens, meter by meter, at the price that was in force while they were used.

Pure. It turns the same parts at the same pricing as `statements.lines` into rows whose costs add up to the lines', exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from advisor.months import statements
from advisor.months.statements import DayUsage, LineKey, Pricing
from ledger import clock, money, usage
from ledger.pricing import price_book, prices
from ledger.readings import StoredSeries

_EVERY_METER = prices.Rates(**dict.fromkeys(prices.METERS, 0))


class Meter(msgspec.Struct, frozen=True):
    """Tokens x USD per million tokens / 1,000,000 = USD, exact decimal text; None where the meter has no rate."""

    meter: str
    tokens: int
    usd_per_mtok: str | None
    cost_usd: str | None


class PriceUsed(msgspec.Struct, frozen=True):
    """The price that gave the rates, in force from `effective_from` on (None: its first day is not known).

    `source` and `checked` are the list price's; `contract` is what changed its rates, empty where nothing did.
    """

    service_tier: str
    over_input_tokens: int
    effective_from: str | None
    backdated: bool
    source: str
    checked: str
    contract: str
    list_usd_per_mtok: dict[str, str]


class Row(msgspec.Struct, frozen=True):
    """DayUsage of a line: the tokens of one context band, region and price, used on UTC days from the first to the last.

    `priced_tier` is the tier that set the price, where nobody said which one served. Without a price all tokens are unpriced;
    `unpriced_because` says why, empty where every token has a rate.
    """

    provider: str
    model: str
    service_tier: str
    project: str
    workload: str
    priced_tier: str
    context_band: int
    region: str
    first_day: str
    last_day: str
    requests: int
    price: PriceUsed | None
    meters: tuple[Meter, ...]
    cost_usd: str | None
    list_cost_usd: str | None
    unpriced_tokens: int
    unpriced_because: str

    @property
    def key(self) -> LineKey:
        """The line that the row is part of."""
        return LineKey(self.provider, self.model, self.service_tier, self.project, self.workload)


class _Place(NamedTuple):
    key: LineKey
    priced_tier: str
    context_band: int
    region: str
    price: prices.Price | None


@dataclass(slots=True)
class _Gathered:
    first_day: int
    last_day: int
    requests: int = 0
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(prices.METERS, 0))
    list_cost: prices.Cost = field(default_factory=prices.Cost)

    def add(self, day: int, amounts: list[int], price: prices.Price | None) -> None:
        counts = usage.token_counts(amounts)
        self.first_day, self.last_day = min(self.first_day, day), max(self.last_day, day)
        self.requests += amounts[usage.INDEX["requests"]]
        for meter, metered in prices.tokens_by_meter(
            counts, price.rates if price else _EVERY_METER
        ).items():
            self.tokens[meter] += metered
        self.list_cost += prices.cost(counts, price.list_rates if price else None)


def rows(parts: Iterable[DayUsage], pricing: Pricing) -> tuple[Row, ...]:
    """The rows of these parts, line by line and day by day. Requests without billable tokens are rows without meters."""
    found: dict[_Place, _Gathered] = {}
    for part in parts:
        for series_id, amounts in part.amounts.items():
            place = _place(pricing.series[series_id], pricing.resolve(series_id, part.day))
            found.setdefault(place, _Gathered(part.day, part.day)).add(
                part.day, amounts, place.price
            )
    made = [_row(place, gathered, pricing.book) for place, gathered in found.items()]
    return tuple(
        sorted(
            made,
            key=lambda row: (row.key, row.priced_tier, row.context_band, row.region, row.first_day),
        )
    )


def _place(stored: StoredSeries, priced: statements.Priced) -> _Place:
    labels = stored.labels
    key = statements.line_key(labels, priced)
    return _Place(
        key, statements.priced_tier(labels), labels.context_band, priced.region, priced.price
    )


def _row(place: _Place, gathered: _Gathered, book: prices.PriceBook) -> Row:
    rates = place.price.rates if place.price else prices.Rates()
    meters = tuple(_meter(name, held, rates) for name, held in gathered.tokens.items() if held)
    priced = [money.femto_usd(meter.cost_usd) for meter in meters if meter.cost_usd is not None]
    return Row(
        **place.key._asdict(),
        priced_tier=place.priced_tier,
        context_band=place.context_band,
        region=place.region,
        first_day=_date(gathered.first_day),
        last_day=_date(gathered.last_day),
        requests=gathered.requests,
        price=_price_used(place.price) if place.price else None,
        meters=meters,
        cost_usd=money.usd_text(sum(priced)) if priced else None,
        list_cost_usd=money.usd_text(gathered.list_cost.femto_usd) if priced else None,
        unpriced_tokens=sum(meter.tokens for meter in meters if meter.cost_usd is None),
        unpriced_because=_unpriced_because(
            place, [meter.meter for meter in meters if meter.cost_usd is None], book
        ),
    )


def _unpriced_because(place: _Place, lacking: list[str], book: prices.PriceBook) -> str:
    if not lacking:
        return ""
    if place.price is not None:
        return (
            f"the price has no rate for {', '.join(meter.replace('_', ' ') for meter in lacking)}"
        )
    key, tier = place.key, place.priced_tier
    missing = (
        f"there is no price for {prices.PriceKey(key.provider, key.model, tier, 0, place.region)}"
    )
    told = book.facts_of(key.provider, key.model).without_rate.get(tier)
    return f"{missing}: {told}" if told else missing


def _meter(name: str, held: int, rates: prices.Rates) -> Meter:
    rate: int | None = getattr(rates, name)
    if rate is None:
        return Meter(name, held, None, None)
    return Meter(name, held, price_book.rate_texts(rates)[name], money.usd_text(held * rate))


def _price_used(price: prices.Price) -> PriceUsed:
    return PriceUsed(
        price.key.service_tier,
        price.key.over_input_tokens,
        _date(price.effective_from) if price.effective_from else None,
        price.backdated,
        price.source,
        price.checked,
        price.contract,
        price_book.rate_texts(price.list_rates),
    )


def _date(day: int) -> str:
    return clock.date_of(day).isoformat()
