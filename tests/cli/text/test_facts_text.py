"""The line of facts beside a model's prices."""

import pytest

from cli.text import facts_text
from ledger.pricing import price_book
from ledger.pricing.prices import ModelFacts

BOOK = price_book.shipped()


@pytest.mark.parametrize(
    ("provider", "model", "text"),
    [
        (
            "openai",
            "gpt-4.1",
            (
                "does not reason; tokenizer o200k_base; caches prompts from 1,024 tokens;"
                " next smaller gpt-4.1-mini"
            ),
        ),
        (
            "openai",
            "gpt-6-luna",
            (
                "reasons by default (efforts none, low, medium, high, xhigh, max, medium by"
                " default); tokenizer o200k_base; caches prompts from 1,024 tokens; bills cache"
                " writes unasked from 1,024"
            ),
        ),
        (
            "azure.ai.openai",
            "gpt-5.1",
            (
                "reasons only when asked to (efforts none, low, medium, high, none by default);"
                " tokenizer o200k_base; caches prompts from 1,024 tokens; next smaller gpt-5.4-mini"
            ),
        ),
        (
            "mistral_ai",
            "mistral-large-4",
            (
                "can reason, its default is unknown (efforts none, high);"
                " tokenizer mistral-tekken; next smaller mistral-small-2603"
            ),
        ),
    ],
)
def test_what_is_known_is_one_line(provider: str, model: str, text: str) -> None:
    facts = BOOK.facts_of(provider, model)
    assert facts_text.describe_facts(facts) == text
    assert facts_text.list_sources(facts) == sorted(set(facts.sources.values()))


def test_a_model_that_nobody_described_has_no_line() -> None:
    assert facts_text.describe_facts(ModelFacts()) == ""
    assert facts_text.list_sources(ModelFacts()) == []
