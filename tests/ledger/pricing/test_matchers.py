"""Names reach the prices that the catalogue's own resolver finds, or a reason says why not."""

import csv
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from genai_prices import data, data_snapshot, types
from hypothesis import given
from hypothesis import strategies as st

from ledger.pricing import catalogue, matchers, names, price_book
from ledger.pricing.names import Names
from tests.ledger.pricing.shipped import TODAY

BOOK = price_book.shipped()
GOLDEN = Path(__file__).parent.parent.parent / "golden" / "prices"
WORDS = dict(catalogue.providers())

# Where our answer is not the catalogue's: a name, as an expression, and why.
DIFFERENCES = {
    r"us-gov": "GovCloud costs 20 % more, and the catalogue gives the commercial price",
    r"^(eu|apac|jp)\.(amazon|meta)\.": "outside the United States they cost more",
    r"^bedrock/(ap|ca|eu|sa)-": "outside the United States they cost more",
    r"^azure/(us|eu)/": "a data zone costs 10 % more",
    r"^ft:gpt-4-0613$": "a tuned model never takes the price of its base",
    r"^ft:": "the overlay prices tuned models by their exact names",
    r"gemini-3\.8-flash-cyber$": "another product than Flash; no source says that it costs the same",
    r"^gpt-5-search-api-2025-10-14$": "the snapshot of a model that the catalogue knows undated",
    r"^azure/gpt-5\.1-codex-2025-11-13$": "the snapshot of a model that is known undated",
    r"^fireworks_ai/": "the overlay or a snapshot names it; the catalogue wants the account's path",
    r"google-gla:gemini-2\.5-flashgoogle": "several names run together: no name of a model",
    r"^claude-sonnet-4-0'$": "a quote that came in by mistake: suggested, not priced",
    r"^publishers/google/models/": "Google's own path of a model, which the catalogue does not know",
}
# Where a name that only a matcher resolves has another price in the second table, and why.
PRICE_DIFFERENCES = {
    r"^(anthropic\.)?claude-(haiku|opus|sonnet)-4-[5-8]": "no geography: the book's is regional",
    r"^openai\.gpt-6-(sol|luna)$": "no geography: the book's is regional",
    r"^vertex_ai/claude-3-5-haiku@": "the two tables differ, with the name as with the model",
    r"^mistral/magistral-(medium|small)-latest$": "the second table has the price of a later one",
}


class SentName(NamedTuple):
    """A name of a golden file, under a provider as the sender writes it."""

    provider: str
    name: str
    input: str = ""
    output: str = ""

    @property
    def word(self) -> str:
        return names.provider_name(self.provider)

    @property
    def model(self) -> str | None:
        """Our model; None without a price."""
        canonical = names.canonical_model(BOOK, self.word, self.name)
        return canonical if (self.word, canonical.lower()) in BOOK.names else None


def _sent(file: str) -> list[SentName]:
    with (GOLDEN / file).open() as lines:
        return [SentName(**row) for row in csv.DictReader(lines)]


SECOND_TABLE = _sent("litellm-1.110.2-names.csv")
CATALOGUE_TESTS = _sent("genai-prices-names.csv")


def _in_catalogue(sent: SentName, provider: types.Provider) -> str | None:
    """The model that the catalogue's resolver finds, if our book prices it under that word."""
    for spelling in (sent.name, sent.name.partition("/")[2]):
        model = provider.find_model(spelling, all_providers=data.providers)
        if model is not None:
            return model.id if (sent.word, model.id.lower()) in BOOK.names else None
    return None


def _compared() -> Iterator[tuple[SentName, str | None]]:
    for sent in SECOND_TABLE:
        if sent.word in WORDS:
            yield sent, _in_catalogue(sent, WORDS[sent.word])
    for sent in CATALOGUE_TESTS:
        provider = data_snapshot.find_provider_by_id(data.providers, sent.provider)
        if provider is not None and sent.word in WORDS and WORDS[sent.word].id == provider.id:
            yield sent, _in_catalogue(sent, provider)


COMPARED = list(_compared())


def test_every_name_resolves_as_in_the_catalogue_or_a_reason_stands_here() -> None:
    assert len(COMPARED) > 2_000
    assert sum(model is not None for _, model in COMPARED) > 600
    unexplained = [
        (sent.word, sent.name, sent.model, model)
        for sent, model in COMPARED
        if sent.model != model and not any(re.search(pattern, sent.name) for pattern in DIFFERENCES)
    ]
    assert unexplained == []


@pytest.mark.parametrize("pattern", DIFFERENCES)
def test_no_reason_outlives_its_difference(pattern: str) -> None:
    assert any(re.search(pattern, sent.name) for sent, model in COMPARED if sent.model != model)


def test_a_price_that_only_a_matcher_finds_is_that_of_the_second_table() -> None:
    different = set()
    compared = 0
    for sent in SECOND_TABLE:
        exact = {key for key in BOOK.names if key[0] == sent.word} if sent.model else set()
        bare = sent.name.lower().partition("/")[2]
        price = (
            BOOK.at(sent.word, sent.model, "standard", context_band=0, day=TODAY)
            if sent.model
            else None
        )
        if price is None or {(sent.word, bare), (sent.word, sent.name.lower())} & exact:
            continue
        rates = price.rates.uncached_input, price.rates.output
        for text, rate in zip((sent.input, sent.output), rates, strict=True):
            if text and Decimal(text) and not sent.name.startswith("ft:"):
                compared += 1
                if Decimal(text) * 10**9 != rate:
                    different.add(sent.name)
    assert compared > 250
    unexplained = {
        name for name in different if not any(re.search(row, name) for row in PRICE_DIFFERENCES)
    }
    assert unexplained == set()
    assert all(any(re.search(row, name) for name in different) for row in PRICE_DIFFERENCES)


@pytest.mark.parametrize(
    ("sent", "model"),
    [
        ("us.anthropic.claude-sonnet-5", "regional.anthropic.claude-sonnet-5-v1:0"),
        ("anthropic.claude-sonnet-5", "regional.anthropic.claude-sonnet-5-v1:0"),
        ("global.anthropic.claude-sonnet-5", "global.anthropic.claude-sonnet-5-v1:0"),
        (
            "bedrock/converse/us.anthropic.claude-sonnet-5",
            "regional.anthropic.claude-sonnet-5-v1:0",
        ),
        (
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-5",
            "regional.anthropic.claude-sonnet-5-v1:0",
        ),
        (
            "bedrock/arn:aws:bedrock:eu-west-1:1:inference-profile/global.anthropic.claude-opus-4-8",
            "global.anthropic.claude-opus-4-8-v1:0",
        ),
        (
            "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
            "regional.anthropic.claude-3-haiku-20240307-v1:0",
        ),
    ],
)
def test_posthog_74366_a_name_of_bedrock_reaches_the_row_of_its_geography(
    sent: str, model: str
) -> None:
    assert names.canonical_model(BOOK, "aws.bedrock", sent) == model


@pytest.mark.parametrize(
    "sent",
    [
        "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6",
        "arn:aws:bedrock:us-east-1:1:custom-model/anthropic.claude-3-haiku-20240307-v1:0:200k/abcdef",
        "arn:aws:bedrock:us-east-1:1:provisioned-model/anthropic.claude-3-haiku-20240307",
        "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0",
        "arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/anthropic.claude-3-haiku-20240307-v1:0",
        "bedrock/us-east-1/1-month-commitment/anthropic.claude-3-haiku-20240307-v1:0",
        "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ],
)
def test_what_may_cost_something_else_takes_no_price_and_has_a_reason(sent: str) -> None:
    assert names.sellers(BOOK, sent) == []
    assert names.reason_refused(BOOK, "aws.bedrock", sent)


@pytest.mark.parametrize(
    ("provider", "sent", "near"),
    [
        ("anthropic", "claude-haiku-4-5-of-support", "claude-haiku-4-5"),
        ("gcp.gemini", "gemini-2.0-flash-exp-image-generation", "gemini-2.0-flash"),
        ("gcp.vertex_ai", "my-tuned-gemini-2.0-flash", "gemini-2.0-flash"),
    ],
)
def test_a_name_that_says_more_than_its_match_is_suggested_and_never_priced(
    provider: str, sent: str, near: str
) -> None:
    assert names.canonical_model(BOOK, provider, sent) == sent
    assert names.near_miss(BOOK, provider, sent) == near


def test_the_first_matcher_of_the_catalogue_s_order_decides() -> None:
    alternatives = {
        "a": matchers.Condition("contains", "pro"),
        "b": matchers.Condition("equals", "m-pro"),
    }
    rows = [
        matchers.MatcherRow(provider="p", model=model, conditions=(condition,))
        for model, condition in alternatives.items()
    ]
    assert matchers.first_match(rows, "M-PRO") == ("a", "m-/")
    assert matchers.first_match(rows[::-1], "M-PRO") == ("b", "")
    assert matchers.first_match(rows, "mini") is None


@given(st.sampled_from(sorted(BOOK.names)), st.sampled_from(["-mine", "-tts", "/x.ft-1", "-audio"]))
def test_a_word_of_one_s_own_behind_a_name_never_takes_its_price(
    priced_name: tuple[str, str], suffix: str
) -> None:
    provider, name = priced_name
    model = names.canonical_model(BOOK, provider, name + suffix)
    assert model != BOOK.names[priced_name] or name.endswith(suffix)


def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Names(BOOK)
    sent = "aws.bedrock", "us.anthropic.claude-sonnet-5", TODAY
    resolution = resolver.resolve("n", *sent)
    monkeypatch.setattr(matchers, "first_match", lambda *_: pytest.fail("resolved again"))
    assert resolver.resolve("n", *sent) == resolver.resolve("other", *sent) == resolution
