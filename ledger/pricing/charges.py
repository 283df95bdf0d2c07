"""What the amounts of a series cost at some rates, with the meters that few requests have. Pure.

Tokens of a part (cached for one hour, of an image) stand in their plain meter too. Their own series
moves them from there to the part's meter: so costs of series add up, in any order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from ledger import events, meters, usage
from ledger.events import Labels
from ledger.meters import Meter
from ledger.pricing import prices
from ledger.pricing.prices import Cost, Price, Rates

EVERY_RATE = prices.from_meters(dict.fromkeys(prices.METERS, 0))
"""Rates that keep all plain meters apart."""
_IN_COLUMNS = frozenset(meter.name for meter in meters.IN_COLUMNS)
_FALLBACKS = {"cached_input": "uncached_input", "cache_write_input": "uncached_input"}
"""Where tokens are counted whose own rate the provider does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A quantity of a meter that is no part of plain tokens, and its cost; None without a rate."""

    meter: str
    quantity: int
    requests: int
    femto_usd: int | None


def quantities(labels: Labels, amounts: list[int], rates: Rates) -> dict[str, int]:
    """The quantities by meter. A part's series takes its tokens out of the plain meter, below 0."""
    if labels.meter:
        quantity = amounts[usage.INDEX["meter_quantity"]]
        return _moved(meters.BY_NAME[labels.meter], quantity, rates.by_meter)
    by_meter = prices.tokens_by_meter(usage.token_counts(amounts), rates)
    if _has_column_rates(rates) and labels.usage_source in events.BILLABLE_SOURCES:
        by_rate = rates.by_meter
        for meter in meters.IN_COLUMNS:
            if meter.name in by_rate:
                moved = _moved(meter, amounts[usage.INDEX[meter.column]], by_rate)
                by_meter |= {name: by_meter.get(name, 0) + moved[name] for name in moved}
    return by_meter


def cost_of(labels: Labels, amounts: list[int], rates: Rates | None) -> Cost:
    """What the amounts of one series cost, fees included, and how many tokens have no rate."""
    if not labels.meter and (rates is None or not _has_column_rates(rates)):
        return prices.cost(usage.token_counts(amounts), rates)
    if rates is None:
        return Cost()
    femto_usd = priced = unpriced = 0
    by_meter = rates.by_meter
    for name, quantity in quantities(labels, amounts, rates).items():
        rate = by_meter.get(name)
        tokens = quantity if is_of_tokens(name) else 0
        if rate is None:
            unpriced += tokens
        else:
            priced += tokens
            femto_usd += quantity * rate
    return Cost(femto_usd, priced, unpriced)


def _has_column_rates(rates: Rates) -> bool:
    return any(name in _IN_COLUMNS for name, _ in rates.rare)


def is_of_tokens(meter: str) -> bool:
    """Whether a meter counts the tokens of requests, and no units beside them."""
    return meter in prices.METERS or bool(meters.BY_NAME[meter].part_of)


def fee_of(labels: Labels, amounts: list[int], rates: Rates | None) -> Fee | None:
    """The fee of a meter's series; None where the series is of requests or a part of tokens."""
    if not labels.meter or meters.BY_NAME[labels.meter].part_of:
        return None
    quantity = amounts[usage.INDEX["meter_quantity"]]
    rate = rates.by_meter.get(labels.meter) if rates else None
    return Fee(
        meter=labels.meter,
        quantity=quantity,
        requests=amounts[usage.INDEX["meter_requests"]],
        femto_usd=None if rate is None else quantity * rate,
    )


def modify_price(
    price: Price | None, modifiers: str, multipliers: Mapping[str, Fraction]
) -> Price | None:
    """The price of requests with modifiers; None where a modifier has no known multiplier.

    Only token rates are multiplied: a fee for each search is the same at every speed and place.
    """
    factor = Fraction(1)
    for modifier in modifiers.split():
        if price is None or modifier not in multipliers:
            return None
        factor *= multipliers[modifier]
    if price is None or factor == 1:
        return price
    rates, list_rates = (_scale(side, factor) for side in (price.rates, price.list_rates))
    if rates is None or list_rates is None:
        return None
    return replace(price, rates=rates, list_rates=list_rates)


def _scale(rates: Rates, factor: Fraction) -> Rates | None:
    """The token rates times a factor; None where one would be finer than femto-USD per token."""
    scaled = {
        name: rate * factor if is_of_tokens(name) else Fraction(rate)
        for name, rate in rates.by_meter.items()
    }
    if any(rate.denominator != 1 for rate in scaled.values()):
        return None
    return prices.from_meters({name: int(rate) for name, rate in scaled.items()})


def _moved(meter: Meter, quantity: int, by_rate: Mapping[str, int]) -> dict[str, int]:
    if not meter.part_of:
        return {meter.name: quantity}
    if meter.name not in by_rate and meter.is_plain_without_rate:
        return {}
    plain = meter.part_of
    if plain not in by_rate:
        plain = _FALLBACKS.get(plain, plain)
    return {meter.name: quantity, plain: -quantity}
