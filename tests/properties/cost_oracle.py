"""The cost of events in fractions, event by event, from a price list and its contracts.

Written apart from the product on purpose: it shares the rows and the events with it, and no
arithmetic.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ledger import clock, events
from ledger.events import Event
from ledger.pricing.contracts import Contract, Discount, FixedPrice
from ledger.pricing.prices import METERS, Price, PriceKey, Rates
from tests import ledgers

FIRST_DAY = clock.day_of(ledgers.NOON_US) - 50
DAYS = 50
PROVIDERS, MODELS, TIERS, OVER = (
    ("openai", "azure.ai.openai"),
    ("big", "mini", "spoken"),
    ("standard", "batch"),
    (0, 200_000),
)
LineName = tuple[str, str, str, str]
"""Provider, model, tier served, project."""


@dataclass(slots=True)
class Amount:
    """A line's cost in femto-USD, at list and after contract, and its unpriced tokens."""

    list_femto_usd: Fraction = Fraction(0)
    femto_usd: Fraction = Fraction(0)
    unpriced_tokens: int = 0


def price_list(chance: random.Random) -> dict[PriceKey, tuple[Price, ...]]:
    """Prices that change on some days.

    Some meters have no rate, one model has no batch price and one no long-context price.
    """
    listed = {}
    for provider in PROVIDERS:
        for model in MODELS:
            for tier in TIERS:
                for over in OVER:
                    if (model, tier) != ("spoken", "batch") and (model, over) != ("mini", 200_000):
                        key = PriceKey(provider, model, tier, over)
                        days = sorted(
                            chance.sample(
                                range(FIRST_DAY - 5, FIRST_DAY + DAYS), chance.randint(1, 4)
                            )
                        )
                        listed[key] = tuple(_price(key, day, chance) for day in days)
    return listed


def _price(key: PriceKey, day: int, chance: random.Random) -> Price:
    input_rate = chance.randrange(1, 4_000_000_001)
    rates = Rates(
        uncached_input=input_rate,
        cached_input=chance.choice([None, chance.randint(0, input_rate)]),
        cache_write_input=chance.choice([None, chance.randrange(5_000_000_001)]),
        output=chance.randrange(16_000_000_001),
        input_audio=chance.choice([None, 40_000_000_001]),
        output_audio=chance.choice([None, 80_000_000_003]),
    )
    return Price(
        key=key,
        effective_from=day,
        rates=rates,
        list_rates=rates,
        source="drawn",
        checked="2026-11-01",
    )


def contracts(chance: random.Random, keys: Sequence[PriceKey]) -> list[Contract]:
    """Discounts and fixed prices, each for some days; the most specific discount applies."""
    agreed_contracts: list[Contract] = []
    for model, tier in (("", ""), ("big", ""), ("", "batch"), ("spoken", "standard")):
        start = chance.randrange(FIRST_DAY, FIRST_DAY + DAYS)
        until = chance.choice([None, start + chance.randint(1, 20)])
        agreed_contracts.append(
            Discount(
                effective_from=start,
                effective_until=until,
                source="agreed",
                provider="openai",
                discount_ppm=chance.randrange(1_000_001),
                model=model,
                service_tier=tier,
            )
        )
    for key in chance.sample(list(keys), 3):
        start = chance.randrange(FIRST_DAY, FIRST_DAY + DAYS)
        agreed = Rates(uncached_input=chance.randrange(10**9), output=chance.randrange(10**9))
        agreed_contracts.append(
            FixedPrice(
                effective_from=start,
                effective_until=start + chance.randint(1, 30),
                source="agreed",
                key=key,
                rates=agreed,
            )
        )
    return agreed_contracts


def traffic(chance: random.Random, count: int, first_number: int = 0) -> list[Event]:
    """Any events that a parser could hand over, over all prices, days and kinds of usage."""
    return [_event(chance, number) for number in range(first_number, first_number + count)]


def _event(chance: random.Random, number: int) -> Event:
    draw = chance.randrange
    cached, cache_write, uncached, output = draw(200_000), draw(20_000), draw(150_000), draw(30_000)
    input_tokens = cached + cache_write + uncached
    source = chance.choice(["provider"] * 8 + ["estimated", "gateway_cache", "missing"])
    silent, has_details = source == "missing", chance.random() < 0.8
    audio = chance.random() < 0.1
    labels = ledgers.labels(
        provider=chance.choice(PROVIDERS),
        model=chance.choice([*MODELS, "nobody-knows"]),
        service_tier=chance.choice([*TIERS, "flex", "unknown"]),
        service_tier_requested=chance.choice(TIERS),
        project=chance.choice(["search", "support"]),
        usage_source=source,
        context_band=0 if silent else events.context_band(input_tokens),
    )
    return Event(
        dedupe_key=f"oracle:{number}",
        occurred_at=FIRST_DAY * clock.DAY_US + draw(DAYS * clock.DAY_US),
        labels=labels,
        input_tokens=None if silent else input_tokens,
        cached_input_tokens=cached if has_details and not silent else None,
        cache_write_input_tokens=cache_write if has_details and not silent else None,
        output_tokens=None if silent else output,
        reasoning_tokens=output // 3 if has_details and not silent else None,
        input_audio_tokens=draw(input_tokens + 1) if audio and not silent else None,
        output_audio_tokens=draw(output + 1) if audio and not silent else None,
    )


def costs(
    sent: Iterable[Event], listed: dict[PriceKey, tuple[Price, ...]], agreed: Sequence[Contract]
) -> dict[LineName, Amount]:
    """The cost of events by line, each event priced on its own."""
    amounts: defaultdict[LineName, Amount] = defaultdict(Amount)
    rates_by_key: dict[tuple[PriceKey, int], tuple[Rates, dict[str, Fraction | None]] | None] = {}
    for event in sent:
        labels = event.labels
        if labels.usage_source not in ("provider", "estimated"):
            continue
        tier = (
            labels.service_tier_requested
            if labels.service_tier == "unknown"
            else labels.service_tier
        )
        line = amounts[labels.provider, labels.model, labels.service_tier, labels.project]
        long = (event.input_tokens or 0) > 200_000
        place = (
            PriceKey(labels.provider, labels.model, tier, 1 if long else 0),
            clock.day_of(event.occurred_at),
        )
        if place not in rates_by_key:
            rates_by_key[place] = _rates(*place, listed, agreed)
        _add(line, event, rates_by_key[place])
    return dict(amounts)


def _rates(
    key: PriceKey, day: int, listed: dict[PriceKey, tuple[Price, ...]], agreed: Sequence[Contract]
) -> tuple[Rates, dict[str, Fraction | None]] | None:
    """List rates of a key on a day, and the rates after contract; None where nothing is sold."""
    keys = [key._replace(over_input_tokens=200_000)] if key.over_input_tokens else []
    key = next(
        (
            candidate
            for candidate in [*keys, key._replace(over_input_tokens=0)]
            if candidate in listed
        ),
        key,
    )
    if key not in listed:
        return None
    before = [row for row in listed[key] if row.effective_from <= day]
    row = before[-1] if before else listed[key][0]
    in_force = [
        contract
        for contract in agreed
        if contract.effective_from <= day and (contract.effective_until or day + 1) > day
    ]
    off = [
        contract
        for contract in in_force
        if isinstance(contract, Discount)
        and contract.provider == key.provider
        and contract.model in ("", key.model)
        and contract.service_tier in ("", key.service_tier)
    ]
    off.sort(key=lambda contract: (contract.model != "", contract.service_tier != ""))
    fixed = [
        contract
        for contract in in_force
        if isinstance(contract, FixedPrice) and contract.key == key
    ]
    after: dict[str, Fraction | None] = {}
    for meter in METERS:
        rate = getattr(row.rates, meter)
        after[meter] = None if rate is None else Fraction(rate)
        if rate is not None and off:
            after[meter] = Fraction(
                round(Fraction(rate) * (1_000_000 - off[-1].discount_ppm) / 1_000_000)
            )
        if fixed and getattr(fixed[0].rates, meter) is not None:
            after[meter] = Fraction(getattr(fixed[0].rates, meter))
    return row.rates, after


def _add(
    line: Amount, event: Event, rates: tuple[Rates, dict[str, Fraction | None]] | None
) -> None:
    input_tokens, output_tokens = event.input_tokens or 0, event.output_tokens or 0
    if rates is None:
        line.unpriced_tokens += input_tokens + output_tokens
        return
    list_rates, after = rates
    line.list_femto_usd += _cost(event, {meter: getattr(list_rates, meter) for meter in METERS})[0]
    cost, unpriced = _cost(event, after)
    line.femto_usd += cost
    line.unpriced_tokens += unpriced


def _cost(event: Event, rates: dict[str, Fraction | None]) -> tuple[Fraction, int]:
    """Femto-USD of one event, and its tokens on meters without a rate."""
    cached, written = event.cached_input_tokens or 0, event.cache_write_input_tokens or 0
    uncached, spoken = (event.input_tokens or 0) - cached - written, event.output_audio_tokens or 0
    heard = min(event.input_audio_tokens or 0, uncached)
    plain = uncached - heard
    if rates["cached_input"] is None:
        cached, plain = 0, plain + cached
    if rates["cache_write_input"] is None:
        written, plain = 0, plain + written
    tokens = (plain, cached, written, (event.output_tokens or 0) - spoken, heard, spoken)
    names = (
        "uncached_input",
        "cached_input",
        "cache_write_input",
        "output",
        "input_audio",
        "output_audio",
    )
    cost, unpriced = Fraction(0), 0
    for name, amount in zip(names, tokens, strict=True):
        rate = rates[name]
        if rate is None:
            unpriced += amount
        else:
            cost += amount * rate
    return cost, unpriced
