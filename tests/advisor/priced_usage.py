"""Any usage of a few series over some days, and a hand-written book in which prices, a contract and an alias change midway."""

from hypothesis import strategies as st

from advisor.months import statements
from ledger import events, usage
from ledger.pricing import names, prices
from ledger.readings import StoredSeries
from tests import ledgers
from tests.advisor import books

FIRST_DAY, CHANGE_DAY, LAST_DAY = 20_727, 20_741, 20_757
"""2026-10-01, 15 and 31."""
_LABELS = (
    ledgers.labels(),
    ledgers.labels(project="support", workload="triage", model="gpt-4.1-2025-04-14"),
    ledgers.labels(service_tier="unknown", service_tier_requested="batch", context_band=200_000),
    ledgers.labels(service_tier="priority", service_tier_requested="standard"),
    ledgers.labels(model="gpt-4.1-mini", usage_source="estimated", status="failure"),
    ledgers.labels(provider="azure.ai.openai", model="prod-chat", project="lab"),
    ledgers.labels(provider="house", model="house-model", usage_source="missing"),
    ledgers.labels(project="support", features=events.FEATURE_CLIENT_RETRY | events.FEATURE_TOOLS),
    ledgers.labels(service_tier_requested="priority", features=events.FEATURE_CLIENT_RETRY),
    ledgers.labels(service_tier_requested="flex", model="gpt-4.1-mini", project="lab"),
)
SERIES = {
    number: StoredSeries(number, labels, number == 3) for number, labels in enumerate(_LABELS)
}


def book() -> prices.PriceBook:
    """The hand-written prices; from CHANGE_DAY on GPT-4.1 costs half, under a contract that has no cached rate."""
    found = {key: list(rows) for key, rows in books.book().prices.items()}
    for tier in ("standard", "batch"):
        listed = books.rates("1", "0.25", "4")
        key = prices.PriceKey(books.OPENAI, books.BIG, tier)
        own = prices.Price(
            key=key,
            effective_from=CHANGE_DAY,
            rates=books.rates("0.90", None, "3.6"),
            list_rates=listed,
            source="contract",
            checked="2026-10-15",
        )
        found[key].append(own)
    eu = prices.PriceKey(books.AZURE, books.BIG, "standard", 0, "eu")
    rates = books.rates("2.2", "0.55", None)
    found[eu] = [
        prices.Price(
            key=eu,
            effective_from=CHANGE_DAY + 3,
            rates=rates,
            list_rates=rates,
            source="regional",
            checked="2026-10-15",
        )
    ]
    return prices.PriceBook(
        version="by hand",
        prices={key: tuple(rows) for key, rows in found.items()},
        facts=books.FACTS,
    )


def pricing() -> statements.Pricing:
    """Everything that prices the series; a deployment is GPT-4.1 in the EU from CHANGE_DAY on."""
    held = book()
    alias = names.Alias(
        namespace="default",
        provider=books.AZURE,
        name="prod-chat",
        model_provider=books.AZURE,
        model=books.BIG,
        effective_from=CHANGE_DAY,
        region="eu",
    )
    return statements.Pricing(SERIES, held, names.Names(held, [alias]), "by hand")


@st.composite
def amounts(draw: st.DrawFn) -> list[int]:
    """Sums whose parts do not exceed their whole."""
    cached, written, audio, text, output = (draw(st.integers(0, 10**7)) for _ in range(5))
    spoken = draw(st.integers(0, output))
    held = {
        "requests": draw(st.integers(1, 1_000)),
        "input_tokens": cached + written + audio + text,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": written,
        "input_audio_tokens": audio,
        "output_tokens": output,
        "output_audio_tokens": spoken,
    }
    return [held.get(name, 0) for name in usage.COLUMNS]


DAYS = st.lists(
    st.builds(
        statements.DayUsage,
        st.integers(FIRST_DAY, LAST_DAY),
        st.dictionaries(st.sampled_from(sorted(SERIES)), amounts(), min_size=1, max_size=4),
    ),
    max_size=8,
)
