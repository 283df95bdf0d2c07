"""Facts of models by family: they hold at every seller, have sources, and the ladder leads down."""

import re

import pytest

from ledger.pricing import book_file, compilation, families, names, overlay, price_book
from ledger.pricing.prices import ModelFacts
from tests.ledger.pricing import shipped

BOOK = price_book.shipped()
FAMILIES = families.load_families()
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
PAIRS = {
    ("openai", "gpt-4.1"): "gpt-4.1-mini",
    ("openai", "gpt-4.1-mini"): "gpt-4.1-nano",
    ("openai", "gpt-4o"): "gpt-4o-mini",
    ("openai", "gpt-5"): "gpt-5-mini",
    ("openai", "gpt-5-mini"): "gpt-5-nano",
    ("openai", "gpt-5.4"): "gpt-5.4-mini",
    ("openai", "gpt-5.4-mini"): "gpt-5.4-nano",
    ("openai", "gpt-5.6-sol"): "gpt-5.6-terra",
    ("openai", "gpt-5.6-terra"): "gpt-5.6-luna",
    ("openai", "gpt-6-astra"): "gpt-6.1-sol",
    ("openai", "gpt-6.1-sol"): "gpt-6.1-terra",
    ("openai", "gpt-6.1-terra"): "gpt-6-luna",
    ("openai", "o3"): "o4-mini",
    ("azure.ai.openai", "gpt-4.1"): "gpt-4.1-mini",
    ("anthropic", "claude-opus-5-5"): "claude-sonnet-5-5",
    ("anthropic", "claude-sonnet-5-5"): "claude-haiku-5-5",
    ("anthropic", "claude-opus-4-6"): "claude-sonnet-4-6",
    ("anthropic", "claude-sonnet-4-6"): "claude-haiku-4-5",
    ("gcp.vertex_ai", "claude-opus-5"): "claude-sonnet-5-5",
    ("gcp.gemini", "gemini-2.5-pro"): "gemini-2.5-flash",
    ("gcp.gemini", "gemini-2.5-flash"): "gemini-2.5-flash-lite",
    ("gcp.gemini", "gemini-4-argon"): "gemini-3.8-flash",
    ("gcp.gemini", "gemini-3.8-flash"): "gemini-3.5-flash-lite",
    ("aws.bedrock", "amazon.nova-pro-v1:0"): "amazon.nova-lite-v1:0",
    ("aws.bedrock", "amazon.nova-lite-v1:0"): "amazon.nova-micro-v1:0",
    (
        "aws.bedrock",
        "regional.anthropic.claude-opus-4-8-v1:0",
    ): "regional.anthropic.claude-sonnet-5-v1:0",
    ("aws.bedrock", "openai.gpt-oss-120b-1:0"): "openai.gpt-oss-20b-1:0",
    ("aws.bedrock", "meta.llama3-1-70b-instruct-v1:0"): "meta.llama3-1-8b-instruct-v1:0",
    ("mistral_ai", "mistral-large-2512"): "mistral-small-2603",
    ("x_ai", "grok-4.7"): "grok-4.3",
}


def _sold() -> list[tuple[str, str]]:
    return [(provider, model) for provider, sold in BOOK.models.items() for model in sorted(sold)]


def _smaller(provider: str, model: str) -> str | None:
    return BOOK.facts_of(provider, model).smaller


@pytest.mark.parametrize(
    ("model", "bare"),
    [
        ("global.anthropic.claude-opus-4-8-v1:0", "claude-opus-4-8"),
        ("regional.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("ft:gpt-4.1-mini", "gpt-4.1-mini"),
        ("gpt-4o-2024-05-13", "gpt-4o"),
        ("kimi-k2p5", "kimi-k2.5"),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "llama-4-scout-17b-16e-instruct"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("deepseek-v3.2", "deepseek-v3.2"),
    ],
)
def test_a_bare_name_lacks_what_its_seller_adds(model: str, bare: str) -> None:
    assert families.bare_name(model) == bare


@pytest.mark.parametrize(
    ("provider", "name", "alike"),
    [
        ("azure.ai.openai", "azure/gpt-4.1-2025-04-14", "gpt-4.1"),
        ("aws.bedrock", "us.anthropic.claude-opus-4-8", "claude-opus-4-8"),
        (
            "aws.bedrock",
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-6",
            "claude-sonnet-4-6",
        ),
        ("gcp.vertex_ai", "claude-opus-4-8@default", "claude-opus-4-8"),
        ("gcp.vertex_ai", "publishers/anthropic/models/claude-haiku-5-5", "claude-haiku-5-5"),
    ],
)
def test_a_name_as_sent_has_the_facts_of_its_model_at_every_seller(
    provider: str, name: str, alike: str
) -> None:
    def facts(seller: str, sent: str) -> tuple[object, ...]:
        fact = BOOK.facts_of(seller, names.canonical_model(BOOK, seller, sent))
        return fact.reasons, fact.efforts, fact.default_effort, fact.tokenizer, fact.maker

    maker = "openai" if alike.startswith("gpt") else "anthropic"
    assert facts(provider, name) == facts(maker, alike)
    assert facts(maker, alike)[-1] == maker


def test_what_models_of_the_default_pairs_are() -> None:
    big, luna, mini = (BOOK.facts_of("openai", m) for m in ("gpt-4.1", "gpt-6-luna", "gpt-5-mini"))
    assert (big.reasons, big.can_reason, big.efforts) == (False, False, ())
    assert (luna.reasons, luna.default_effort, luna.efforts[0]) == (True, "medium", "none")
    assert (mini.reasons, mini.default_effort, "none" in mini.efforts) == (True, "medium", False)
    assert big.tokenizer == luna.tokenizer == "o200k_base"


def test_a_model_that_reasons_only_when_asked_to_says_both() -> None:
    facts = BOOK.facts_of("openai", "gpt-5.1")
    assert (facts.reasons, facts.default_effort, facts.can_reason) == (False, "none", True)
    doubtful = BOOK.facts_of("openai", "gpt-5.4-mini")
    assert (doubtful.reasons, doubtful.default_effort, doubtful.efforts[0]) == (True, None, "none")
    assert ModelFacts().can_reason is None
    unknown = BOOK.facts_of("mistral_ai", "mistral-large-4")
    assert (unknown.reasons, unknown.can_reason) == (None, True)


def test_the_tokenizer_of_claude_changed_with_opus_4_7() -> None:
    older, newer = (
        {BOOK.facts_of("anthropic", model).tokenizer for model in models}
        for models in (
            ("claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-3-haiku"),
            ("claude-opus-4-7", "claude-sonnet-5", "claude-haiku-5-5", "claude-fable-5-1"),
        )
    )
    assert (older, newer) == ({"claude-3"}, {"claude-4.7"})


def test_writes_are_billed_unasked_only_where_a_write_has_a_rate() -> None:
    writing = {
        (provider, model)
        for provider, model in _sold()
        if BOOK.facts_of(provider, model).writes_cache_from_tokens is not None
    }
    assert {("openai", "gpt-6-luna"), ("openai", "gpt-5.6-luna")} <= writing
    assert ("aws.bedrock", "global.openai.gpt-6-luna") in writing
    assert ("openai", "gpt-5.5") not in writing
    assert not [model for provider, model in writing if "claude" in model]
    for provider, model in writing:
        rates = shipped.price(model, provider=provider).rates
        assert rates.cache_write_input is not None


def test_openai_asks_a_quarter_more_for_a_write() -> None:
    rates = shipped.price("gpt-6-luna").rates
    assert rates.cache_write_input == (rates.uncached_input or 0) * 5 // 4


@pytest.mark.parametrize(("provider", "model"), PAIRS)
def test_the_ladder_leads_to_the_next_smaller_sibling(provider: str, model: str) -> None:
    assert _smaller(provider, model) == PAIRS[provider, model]


def test_every_smaller_sibling_is_priced_at_its_seller_and_costs_less() -> None:
    pairs = [(seller, model) for seller, model in _sold() if _smaller(seller, model)]
    assert len(pairs) > 200
    for seller, model in pairs:
        smaller = _smaller(seller, model) or ""
        costs = [
            3 * (rates.uncached_input or 0) + (rates.output or 0)
            for rates in (shipped.price(name, provider=seller).rates for name in (smaller, model))
        ]
        assert costs[0] < costs[1], (seller, model, smaller)
        makers = {BOOK.facts_of(seller, name).maker for name in (smaller, model)}
        assert len(makers) == 1, (seller, model, smaller)


def test_a_tuned_model_has_its_family_s_facts_but_no_sibling() -> None:
    tuned = BOOK.facts_of("openai", "ft:gpt-4.1")
    assert (tuned.reasons, tuned.tokenizer, tuned.smaller) == (False, "o200k_base", None)


def test_every_model_of_a_ladder_is_in_the_book() -> None:
    known = {families.bare_name(model) for _, model in _sold()}
    missing = [
        name
        for ladder in FAMILIES.ladder
        for step in ladder.steps
        for name in step
        if name not in known
    ]
    assert missing == []


def test_no_entry_is_dead_and_every_fact_has_its_source() -> None:
    known = {families.bare_name(model) for _, model in _sold()}
    for entry in (*FAMILIES.maker, *FAMILIES.reasoning, *FAMILIES.tokenizer, *FAMILIES.cache):
        for pattern in entry.models:
            assert any(re.fullmatch(pattern, name) for name in known), pattern
    listed = [
        (row.source, row.checked)
        for rows in (FAMILIES.reasoning, FAMILIES.tokenizer, FAMILIES.cache, FAMILIES.ladder)
        for row in rows
    ]
    for source, checked in listed:
        is_read = source.startswith("https://") and checked is not None
        assert is_read != source.startswith(families.ASSUMED), source
    for fact in BOOK.facts.values():
        kinds = {
            "reasoning": fact.can_reason,
            "tokenizer": fact.tokenizer,
            "smaller": fact.smaller,
            "cache": fact.least_cached_tokens or fact.writes_cache_from_tokens,
        }
        known_kinds = {kind for kind, value in kinds.items() if value is not None}
        assert known_kinds <= set(fact.sources)
        assert all(fact.sources.values())


def test_efforts_rise_and_hold_their_default() -> None:
    for entry in FAMILIES.reasoning:
        assert entry.efforts == tuple(e for e in EFFORTS if e in entry.efforts), entry.models
        assert entry.default is None or entry.default in entry.efforts, entry.models
        assert entry.default != "none" or not entry.reasons, entry.models


def test_the_book_is_compiled_with_the_families() -> None:
    compiled = compilation.compile_book(overlay.load_overlay())
    facts = {(row.provider, row.model): row for row in compiled.facts}
    on_disk = book_file.decode(price_book.BOOK_PATH.read_bytes())
    assert facts == {(row.provider, row.model): row for row in on_disk.facts}
