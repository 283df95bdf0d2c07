"""Names as sent find their provider and model by exact rules, and never by likeness."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.pricing import names, price_book
from ledger.pricing.names import Alias, Names

BOOK = price_book.shipped()


@pytest.mark.parametrize(
    ("sent", "provider"),
    [
        ("openai", "openai"),
        ("azure", "azure.ai.openai"),
        ("azure_ai", "azure.ai.inference"),
        ("anthropic", "anthropic"),
        ("bedrock", "aws.bedrock"),
        ("vertex_ai", "gcp.vertex_ai"),
        ("gemini", "gcp.gemini"),
        ("mistral", "mistral_ai"),
        ("groq", "groq"),
        ("xai", "x_ai"),
        ("x-ai", "x_ai"),
        ("deepseek", "deepseek"),
        ("cohere", "cohere"),
        ("together_ai", "together_ai"),
        ("azure.ai.openai", "azure.ai.openai"),
        (" OpenAI ", "openai"),
        ("My-Gateway", "my-gateway"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_provider_has_one_word_however_it_is_spelt(sent: str | None, provider: str) -> None:
    assert names.provider_name(sent) == provider


@given(st.text())
def test_naming_a_provider_twice_is_naming_it_once(sent: str) -> None:
    once = names.provider_name(sent)
    assert once
    assert names.provider_name(once) == once


@pytest.mark.parametrize(
    ("provider", "sent", "model"),
    [
        ("openai", "gpt-4.1", "gpt-4.1"),
        ("openai", "GPT-4.1", "gpt-4.1"),
        ("openai", "gpt-4.1-2025-04-14", "gpt-4.1"),
        ("openai", "openai/gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("azure.ai.openai", "azure/gpt-4.1", "gpt-4.1"),
        ("azure.ai.openai", "gpt-35-turbo", "gpt-3.5-turbo"),
        ("openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("openai", "gpt-4o-2024-11-20", "gpt-4o"),
        ("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("gcp.vertex_ai", "vertex_ai/claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("groq", "openai/gpt-oss-120b", "openai/gpt-oss-120b"),
        ("groq", "groq/openai/gpt-oss-120b", "openai/gpt-oss-120b"),
        ("openai", "ft:gpt-4.1-2025-04-14:acme:support:AbC", "ft:gpt-4.1"),
        ("openai", "ft:gpt-4.1-mini-2025-04-14:acme::AbC", "ft:gpt-4.1-mini"),
        ("openai", "openai/ft:gpt-4.1-mini-2025-04-14", "ft:gpt-4.1-mini"),
    ],
)
def test_a_name_as_sent_is_priced_under_its_model(provider: str, sent: str, model: str) -> None:
    assert names.canonical_model(BOOK, provider, sent) == model
    assert BOOK.at(provider, model, "standard", context_band=0, day=20_780) is not None


@pytest.mark.parametrize(
    "sent",
    [
        "gpt-4.1-turbo",
        "gpt-4.1-nano-2026",
        "gpt-4.10",
        "my-gpt-4.1",
        "gpt-4.1-2025-04-14-preview",
        "ft:gpt-9:acme::x",
    ],
)
def test_litellm_38730_a_name_that_only_begins_like_a_model_is_not_that_model(sent: str) -> None:
    assert names.canonical_model(BOOK, "openai", sent) == sent
    assert BOOK.at("openai", sent, "standard", context_band=0, day=20_780) is None


def test_a_tuned_model_never_takes_the_price_of_its_base() -> None:
    assert (
        names.canonical_model(BOOK, "openai", "ft:gpt-5-2025-08-07:acme::x")
        == "ft:gpt-5-2025-08-07:acme::x"
    )


def test_a_model_of_one_provider_is_not_priced_at_another() -> None:
    assert (
        BOOK.at(
            "groq",
            names.canonical_model(BOOK, "groq", "gpt-4.1"),
            "standard",
            context_band=0,
            day=20_780,
        )
        is None
    )
    assert (
        BOOK.at(
            "unknown",
            names.canonical_model(BOOK, "unknown", "gpt-4.1"),
            "standard",
            context_band=0,
            day=20_780,
        )
        is None
    )


def test_an_unpriced_name_loses_the_prefix_of_its_own_provider_only() -> None:
    assert names.canonical_model(BOOK, "azure.ai.openai", "azure/prod-chat") == "prod-chat"
    assert names.canonical_model(BOOK, "openrouter", "openai/gpt-9") == "openai/gpt-9"


@given(st.sampled_from(sorted(BOOK.names)))
def test_a_canonical_name_is_its_own_canonical_name(priced_name: tuple[str, str]) -> None:
    provider, name = priced_name
    model = names.canonical_model(BOOK, provider, name)
    assert names.canonical_model(BOOK, provider, model) == model
    assert BOOK.names[provider, model.lower()] == model


@given(st.sampled_from(sorted({key[:2] for key in BOOK.prices})))
def test_a_model_with_rates_of_its_own_is_itself(priced_name: tuple[str, str]) -> None:
    assert names.canonical_model(BOOK, *priced_name) == priced_name[1]


@pytest.mark.parametrize(
    ("model", "vendor"),
    [
        ("gpt-4.1", "openai"),
        ("gpt-4.1-2025-04-14", "openai"),
        ("openai/gpt-4.1", "openai"),
        ("claude-sonnet-4-5", "anthropic"),
        ("gemini-2.5-pro", "gcp.gemini"),
        ("ft:gpt-4.1-mini:acme::x", "openai"),
        ("azure/gpt-4.1", None),
        ("openai/gpt-oss-120b", None),
        ("gpt-9", None),
    ],
)
def test_a_model_named_without_a_provider_is_its_sole_vendor_s(
    model: str, vendor: str | None
) -> None:
    assert names.sole_vendor(BOOK, model) == vendor


def _alias(namespace: str = "default", model: str = "gpt-4.1", day: int = 20_700) -> Alias:
    return Alias(
        namespace=namespace,
        provider="azure.ai.openai",
        name="prod-chat",
        model_provider="azure.ai.openai",
        model=model,
        effective_from=day,
    )


def test_ll_8538_a_deployment_name_has_a_price_from_its_alias_on() -> None:
    resolver = Names(BOOK, [_alias()])
    assert resolver.resolve("default", "azure.ai.openai", "prod-chat", 20_699)[:2] == (
        "azure.ai.openai",
        "prod-chat",
    )
    assert resolver.resolve("default", "azure.ai.openai", "prod-chat", 20_700)[:2] == (
        "azure.ai.openai",
        "gpt-4.1",
    )
    assert resolver.change_days() == [20_700]


def test_an_alias_holds_for_its_own_sender_only() -> None:
    resolver = Names(BOOK, [_alias("other")])
    assert resolver.resolve("default", "azure.ai.openai", "prod-chat", 20_780)[:2] == (
        "azure.ai.openai",
        "prod-chat",
    )


def test_the_latest_alias_in_force_wins_whatever_their_order() -> None:
    resolver = Names(BOOK, [_alias(model="gpt-4.1-mini", day=20_750), _alias()])
    models = [
        resolver.resolve("default", "azure.ai.openai", "prod-chat", day)[1]
        for day in (20_749, 20_750, 20_780)
    ]
    assert models == ["gpt-4.1", "gpt-4.1-mini", "gpt-4.1-mini"]


def test_an_alias_goes_before_the_book_and_may_name_a_snapshot_at_another_provider() -> None:
    alias = Alias(
        namespace="default",
        provider="unknown",
        name="gpt-4.1",
        model_provider="openai",
        model="gpt-4.1-mini-2025-04-14",
        effective_from=0,
    )
    assert Names(BOOK, [alias]).resolve("default", "unknown", "gpt-4.1", 20_780)[:2] == (
        "openai",
        "gpt-4.1-mini",
    )


def test_without_an_alias_the_book_resolves_and_the_provider_stays() -> None:
    resolver = Names(BOOK)
    for _ in range(2):
        assert resolver.resolve("default", "openai", "gpt-4.1-2025-04-14", 20_780)[:2] == (
            "openai",
            "gpt-4.1",
        )
        assert resolver.resolve("default", "unknown", "gpt-4.1-2025-04-14", 20_780)[:2] == (
            "unknown",
            "gpt-4.1-2025-04-14",
        )


@given(
    days=st.lists(st.integers(0, 30), unique=True, max_size=6),
    models=st.lists(
        st.sampled_from(["gpt-4.1", "gpt-4.1-mini", "gpt-4o", ""]), min_size=6, max_size=6
    ),
    regions=st.lists(st.sampled_from(["", "swedencentral"]), min_size=6, max_size=6),
    day=st.integers(0, 31),
    data=st.data(),
)
def test_a_name_means_what_the_last_alias_up_to_a_day_says_and_itself_where_that_ends_it(
    days: list[int], models: list[str], regions: list[str], day: int, data: st.DataObject
) -> None:
    azure = "azure.ai.openai"
    aliases = [
        Alias(
            namespace="default",
            provider=azure,
            name="prod-chat",
            model_provider=azure,
            model=model,
            effective_from=since,
            region=region,
        )
        for since, model, region in zip(days, models, regions, strict=False)
    ]
    resolver = Names(BOOK, data.draw(st.permutations(aliases)))
    last = max(
        (alias for alias in aliases if alias.effective_from <= day),
        key=lambda alias: alias.effective_from,
        default=None,
    )
    expected_name = (
        (azure, last.model, last.region) if last and last.model else (azure, "prod-chat", "")
    )
    assert resolver.resolve("default", azure, "prod-chat", day) == expected_name
    assert resolver.change_days() == sorted(days)
