"""Of the shipped book no model is worth a look that its maker has shut down, or soon will."""

from dataclasses import replace

import pytest

from advisor.switching import ranking
from advisor.switching.life import DAYS_PER_YEAR
from advisor.switching.market import Market
from ledger import clock
from ledger.pricing import price_book
from tests.advisor import books

DAY = clock.day_number(clock.EPOCH.replace(year=2026, month=12, day=15).date())
SHUT_DOWN = {
    "openai": "o1-mini o1-preview gpt-3.5-turbo-0613 gpt-4-32k gpt-4-vision-preview"
    " chatgpt-4o-latest codex-mini gpt-4o-realtime-preview gpt-3.5-turbo gpt-4 o1 o4-mini",
    "anthropic": "claude-3-5-sonnet claude-3-5-haiku-latest claude-3-7-sonnet-latest"
    " claude-3-haiku claude-opus-4-1 claude-opus-4-0 claude-sonnet-4-0 claude-2",
    "gcp.gemini": "gemini-1.5-flash gemini-1.5-pro gemini-2.0-flash gemini-2.0-flash-lite"
    " gemini-pro gemini-flash-1.5-8b",
    "groq": "deepseek-r1-distill-llama-70b moonshotai/kimi-k2-instruct qwen/qwen3-32b"
    " meta-llama/llama-4-maverick-17b-128e-instruct meta-llama/llama-guard-4-12b",
    "azure.ai.openai": "o1-mini o1-preview",
}
"""What the makers' pages list as shut down before that day."""


@pytest.mark.parametrize("provider", SHUT_DOWN)
def test_what_its_maker_shut_down_is_dated_in_the_book_with_a_source(provider: str) -> None:
    book = price_book.shipped()
    for model in SHUT_DOWN[provider].split():
        assert model in book.models[provider], model
        retirement = book.facts_of(provider, model).retirement
        assert retirement is not None, model
        assert retirement.shutdown_day < DAY
        assert "https://" in retirement.source


@pytest.mark.parametrize("provider", SHUT_DOWN)
def test_every_other_model_outlives_the_source_by_a_year(provider: str) -> None:
    market = Market(price_book.shipped(), DAY)
    gone, offered = set(SHUT_DOWN[provider].split()), set()
    for source in sorted(market.book.models[provider]):
        slice_ = replace(
            books.slice_of(books.cell(10**7, output=10**6)), provider=provider, model=source
        )
        source_days = market.days_left(provider, source) or 0
        for other in ranking.other_models(slice_, market, ()):
            offered.add(other.model)
            days_left = other.target_days_left
            assert days_left is None or days_left >= source_days + DAYS_PER_YEAR
    assert offered
    assert not offered & gone
