"""Small price books written by hand, and short ways to say a cell, a slice or a priced cell."""

from dataclasses import replace
from fractions import Fraction

from advisor.switching import candidates, cost, counterfactual
from advisor.switching.market import Market
from ledger import money
from ledger.pricing import prices
from ledger.tokens import TokenCounts

OPENAI, AZURE = "openai", "azure.ai.openai"
BIG, MINI, LUNA, DEAR = "gpt-4.1", "gpt-4.1-mini", "gpt-6-luna", "dear-answers"
AS_OF_DAY = 20_780
SHUTDOWN_DAY = AS_OF_DAY + 52
USD = money.FEMTO_PER_USD


def rates(
    uncached: str, cached: str | None, output: str | None, cache_write: str | None = None
) -> prices.Rates:
    """Rates of USD per MTok."""
    usd = {
        "uncached_input": uncached,
        "cached_input": cached,
        "cache_write_input": cache_write,
        "output": output,
    }
    return prices.from_meters(
        {meter: int(Fraction(text) * 10**9) for meter, text in usd.items() if text is not None}
    )


RATES = {
    (BIG, "standard"): rates("2", "0.50", "8"),
    (BIG, "batch"): rates("1", "0.50", "4"),
    (BIG, "priority"): rates("3.50", "0.875", "14"),
    (MINI, "standard"): rates("0.40", "0.10", "1.60"),
    (MINI, "batch"): rates("0.20", "0.10", "0.80"),
    (MINI, "priority"): rates("0.70", "0.175", "2.80"),
    (LUNA, "standard"): rates("0.10", "0.01", "0.50", "0.125"),
    (DEAR, "standard"): rates("0.40", "0.10", "40"),
}
PLAIN_FACTS = prices.ModelFacts(
    reasons=False, tokenizer="o200k_base", writes_cache_from_tokens=1_024
)
"""What the models of the hand-written book have in common: they answer at once."""
RETIREMENT = prices.Retirement(SHUTDOWN_DAY, LUNA, "https://example.com/deprecations")
FACTS = {
    (OPENAI, BIG): replace(
        PLAIN_FACTS,
        context_window=1_047_576,
        max_output_tokens=32_768,
        modalities=frozenset({"text", "image"}),
        retirement=RETIREMENT,
    ),
    (OPENAI, MINI): replace(
        PLAIN_FACTS,
        context_window=1_047_576,
        max_output_tokens=32_768,
        modalities=frozenset({"text", "image"}),
        retirement=RETIREMENT,
    ),
    (OPENAI, LUNA): replace(PLAIN_FACTS, context_window=1_050_000, max_output_tokens=128_000),
    (OPENAI, DEAR): replace(PLAIN_FACTS, context_window=200_000),
}


def price(
    model: str, service_tier: str = "standard", provider: str = OPENAI, effective_from: int = 0
) -> prices.Price:
    """One price of the hand-written book."""
    key = prices.PriceKey(provider, model, service_tier)
    found = RATES[model, service_tier]
    return prices.Price(
        key=key,
        effective_from=effective_from,
        rates=found,
        list_rates=found,
        source="by hand",
        checked="2026-11-01",
    )


def book(facts: dict[str, prices.ModelFacts] | None = None) -> prices.PriceBook:
    """The hand-written book; the facts of models of openai may be replaced.

    A fact that is left out there and that an assumption follows from is the one of plain models.
    """
    found = {prices.PriceKey(OPENAI, *key): (price(*key),) for key in RATES}
    found[prices.PriceKey("elsewhere", "sold-elsewhere", "standard")] = (price(MINI),)
    replaced = {
        (OPENAI, model): replace(
            given,
            reasons=bool(given.reasons),
            tokenizer=given.tokenizer or PLAIN_FACTS.tokenizer,
            writes_cache_from_tokens=PLAIN_FACTS.writes_cache_from_tokens,
        )
        for model, given in (facts or {}).items()
    }
    return prices.PriceBook(version="by hand", prices=found, facts=FACTS | replaced)


MARKET = Market(book(), AS_OF_DAY)
"""The hand-written book on the day of the tests."""


def cell(
    input_tokens: int,
    cached: int = 0,
    output: int = 0,
    tier: str = "standard",
    requests: int = 2_000,
    **more: int,
) -> cost.Cell:
    """A cell of text tokens."""
    unknown, band, written = more.get("unknown", 0), more.get("band", 0), more.get("written", 0)
    counts = TokenCounts(
        input_tokens=input_tokens,
        cached_input_tokens=cached,
        cache_write_input_tokens=written,
        output_tokens=output,
    )
    return cost.Cell(
        service_tier=tier,
        context_band=band,
        counts=counts,
        requests=requests,
        detail_unknown_input_tokens=unknown,
        features=more.get("features", 0),
    )


def moved(of: cost.Cell, target: str = MINI, source: str = BIG) -> counterfactual.PricedCell:
    """A cell with the prices of both models at its own tier."""
    return counterfactual.PricedCell(
        of, price(source, of.service_tier), price(target, of.service_tier)
    )


def slice_of(
    *cells: cost.Cell, days: int = 28, can_wait: bool = False, **largest: int
) -> candidates.Slice:
    """A slice of GPT-4.1 traffic."""
    return candidates.Slice(
        provider=OPENAI,
        project="search",
        workload="ranking",
        model=BIG,
        cells=cells,
        days=days,
        largest_output_tokens=largest.get("largest_output_tokens", 0),
        can_wait=can_wait,
    )
