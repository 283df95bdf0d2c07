"""The shipped price book as tests ask it: the price in force, as rates of text."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from ledger import clock
from ledger.pricing import price_book, prices
from ledger.pricing.prices import Price, Rates
from ledger.tokens import TokenCounts

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = clock.day_number(NOON.date())


def usd(uncached: str, cached: str | None, output: str, cache_write: str | None = None) -> Rates:
    """Rates of USD per million tokens."""
    input_rate, cached_rate, cache_write_rate, output_rate = (
        None if text is None else int(Decimal(text) * 10**9)
        for text in (uncached, cached, cache_write, output)
    )
    return Rates(
        uncached_input=input_rate,
        cached_input=cached_rate,
        cache_write_input=cache_write_rate,
        output=output_rate,
    )


def price(
    model: str,
    tier: str = "standard",
    day: date | None = None,
    provider: str = "openai",
    band: int = 0,
    region: str = "",
) -> Price:
    """The price of a key on a day, today by default; a key without one fails the test."""
    number = TODAY if day is None else clock.day_number(day)
    price_in_force = price_book.shipped().at(
        provider, model, tier, context_band=band, day=number, region=region
    )
    assert price_in_force is not None, (provider, model, tier, band, region)
    return price_in_force


def token_rates(at: Price) -> Rates:
    """The rates of tokens alone, without the fees that few requests have."""
    return replace(at.rates, rare=())


def cost_usd(counts: TokenCounts, at: Price) -> Decimal:
    """What tokens cost at a price; a token without a rate fails the test."""
    cost = prices.cost(counts, at.rates)
    assert cost.unpriced_tokens == 0
    return Decimal(cost.femto_usd).scaleb(-15)
