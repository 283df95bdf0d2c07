"""Announced shutdowns come from a reviewed file; the overlay's win, and contradictions are listed."""

from dataclasses import replace
from datetime import date

import pytest

from ledger.errors import UsageError
from ledger.pricing import compilation, names, overlay, price_book, shutdowns
from ledger.pricing.book_file import ShutdownRow
from ledger.pricing.prices import PriceBook

BOOK = price_book.shipped()
MAP = {
    "sample_spec": {"deprecation_date": "a day", "litellm_provider": "one of many"},
    "gpt-4.1-2025-04-14": {
        "deprecation_date": "2027-01-14",
        "litellm_provider": "openai",
        "successor_model": "openai/gpt-6-luna",
        "deprecation_source": "https://example.org/deprecations",
    },
    "vertex_ai/gemini-9@default": {
        "deprecation_date": "2027-02-01",
        "litellm_provider": "vertex_ai-language-models",
    },
    "1024-x-1024/dall-e-2": {"deprecation_date": "2026-05-12", "litellm_provider": "openai"},
    "acme/llm": {"deprecation_date": "2026-05-12", "litellm_provider": "acme"},
    "gpt-6": {"litellm_provider": "openai"},
}


def _row(name: str, shutdown: str, provider: str = "openai") -> ShutdownRow:
    return ShutdownRow(
        provider=provider,
        name=name,
        shutdown=date.fromisoformat(shutdown),
        successor=None,
        source="test",
    )


def _without_retirements() -> PriceBook:
    facts = {key: replace(fact, retirement=None) for key, fact in BOOK.facts.items()}
    return replace(BOOK, facts=facts, shutdowns={})


def test_the_shipped_file_is_what_its_rows_say() -> None:
    rows = shutdowns.load_shutdowns()
    assert shutdowns.text_of(rows) == shutdowns.PATH.read_text()
    assert len(rows) > 700


@pytest.mark.parametrize(
    "provider",
    [
        "openai",
        "azure.ai.openai",
        "anthropic",
        "aws.bedrock",
        "gcp.vertex_ai",
        "gcp.gemini",
        "x_ai",
        "mistral_ai",
        "groq",
        "fireworks_ai",
    ],
)
def test_the_book_knows_shutdowns_of_every_large_seller_with_their_source(provider: str) -> None:
    of_models = [
        fact.retirement
        for (seller, _), fact in BOOK.facts.items()
        if seller == provider and fact.retirement
    ]
    of_names = [row for (seller, _), row in BOOK.shutdowns.items() if seller == provider]
    assert of_models
    assert all(row.source for row in (*of_models, *of_names))


def test_a_map_gives_the_dated_names_of_sellers_with_their_source() -> None:
    rows = shutdowns.read_map(MAP, "1.2.3")
    assert [(row.provider, row.name, row.successor, row.source) for row in rows] == [
        ("gcp.vertex_ai", "gemini-9@default", None, "unconfirmed: LiteLLM 1.2.3"),
        (
            "openai",
            "gpt-4.1-2025-04-14",
            "gpt-6-luna",
            "https://example.org/deprecations, as LiteLLM 1.2.3 has it",
        ),
    ]
    with pytest.raises(UsageError, match="give LiteLLM's model_prices"):
        shutdowns.read_map({"gpt-6": {"litellm_provider": "openai"}}, "1.2.3")


def test_a_model_takes_the_date_of_its_own_id_and_other_names_keep_theirs() -> None:
    rows = [_row("gpt-5.1", "2027-04-01"), _row("gpt-5.1-codex", "2026-07-23")]
    placed = shutdowns.place(rows, _without_retirements())
    assert placed.of_models == {("openai", "gpt-5.1"): rows[0]}
    assert placed.of_names == (rows[1],)


def test_names_that_agree_date_their_model_and_names_that_differ_do_not() -> None:
    agreeing = [_row("gpt-5.1-codex", "2026-07-23"), _row("gpt-5.1-chat-latest", "2026-07-23")]
    assert ("openai", "gpt-5.1") in shutdowns.place(agreeing, _without_retirements()).of_models
    differing = [agreeing[0], _row("gpt-5.1-chat-latest", "2026-08-23")]
    placed = shutdowns.place(differing, _without_retirements())
    assert placed.of_models == {}
    assert placed.of_names == tuple(differing)


def test_the_overlay_wins_and_the_contradiction_is_listed() -> None:
    rows = [_row("gpt-4.1-2025-04-14", "2026-12-31"), _row("gpt-9-unpriced", "2027-01-01")]
    placed = shutdowns.place(rows, BOOK)
    assert placed.contradictions == (
        ("openai", "gpt-4.1-2025-04-14", date(2027, 1, 14), date(2026, 12, 31)),
    )
    assert placed.of_names == (rows[1],)
    compiled = compilation.compile_book(overlay.load_overlay(), rows)
    facts = {(fact.provider, fact.model): fact for fact in compiled.facts}
    assert facts["openai", "gpt-4.1"].shutdown == date(2027, 1, 14)
    assert compilation.contradictions(overlay.load_overlay()) == ()


def test_a_name_of_its_own_retires_on_its_own_day_under_every_spelling() -> None:
    for sent in ("gpt-5.1-codex", "openai/GPT-5.1-codex"):
        own = names.retirement_of_name(BOOK, "openai", sent)
        assert own is not None
        assert own != BOOK.facts_of("openai", "gpt-5.1").retirement
    assert names.retirement_of_name(BOOK, "openai", "gpt-4.1") is None
