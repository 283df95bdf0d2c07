"""The shipped book against a second public price table: equal, or explained with a reason."""

from dataclasses import replace

import pytest

from ledger.pricing import price_book
from ledger.pricing.prices import PriceBook, PriceKey
from tests.ledger.pricing import second_table
from tests.ledger.pricing.second_table import Difference

# Names of LiteLLM's that we do not price, each with the reason. Their tokens are unpriced, which is
# seen and counted.
UNPRICED_HERE = {
    "daybreak-blue-latest": "a preview for invited customers that genai-prices does not list",
    "daybreak-red-latest": "a preview for invited customers that genai-prices does not list",
    "gpt-daybreak-blue-latest": "the same model as daybreak-blue-latest",
    "gpt-daybreak-red-latest": "the same model as daybreak-red-latest",
    "gpt-5.5-cyber-preview": (
        "a preview for invited customers;"
        " genai-prices lists gpt-5.5-cyber, which is no snapshot of it"
    ),
    "gpt-6-astra-law": "a model for one trade that genai-prices does not list",
    "ft:gpt-4-0613": "was never sold to all; LiteLLM repeats the base model's rates",
}

# Where OpenAI's batch table names no cached rate, genai-prices keeps the standard one and LiteLLM
# has none.
CACHED_OF_BATCH = {
    "gpt-4.1": "0.5",
    "gpt-4.1-2025-04-14": "0.5",
    "gpt-4.1-mini": "0.1",
    "gpt-4.1-mini-2025-04-14": "0.1",
    "gpt-4.1-nano": "0.025",
    "gpt-4.1-nano-2025-04-14": "0.025",
    "gpt-4o": "1.25",
    "gpt-4o-2024-08-06": "1.25",
    "gpt-4o-2024-11-20": "1.25",
    "gpt-4o-mini": "0.075",
    "gpt-4o-mini-2024-07-18": "0.075",
    "gpt-4o-mini-search-preview": "0.075",
    "gpt-4o-mini-search-preview-2025-03-11": "0.075",
    "o1": "7.5",
    "o1-2024-12-17": "7.5",
    "o3": "0.5",
    "o3-2025-04-16": "0.5",
    "o3-mini": "0.55",
    "o3-mini-2025-01-31": "0.55",
    "o4-mini": "0.275",
    "o4-mini-2025-04-16": "0.275",
}


def _difference(line: str) -> Difference:
    """The difference of a line: name, tier, threshold, meter, our rate and theirs."""
    name, tier, over, meter, ours, theirs = line.split()
    return Difference(name=name, tier=tier, over=int(over), meter=meter, ours=ours, theirs=theirs)


OTHERS = {
    _difference("ft:gpt-4o-2024-11-20 standard 0 cached 1.875 -"): (
        "LiteLLM has it as the cache-write rate"
    ),
    _difference("ft:gpt-4o-2024-11-20 standard 0 cache_write - 1.875"): (
        "see above: OpenAI has no such rate"
    ),
    **{
        _difference(f"{name} {tier} 0 {meter} - {theirs}"): (
            "shut down on 2026-07-23; genai-prices has neither cached nor batch"
        )
        for name in ("gpt-4o-search-preview", "gpt-4o-search-preview-2025-03-11")
        for tier, meter, theirs in (
            ("standard", "cached", "1.25"),
            ("batch", "input", "1.25"),
            ("batch", "output", "5"),
        )
    },
}

NOT_IN_THE_SECOND_TABLE = {
    "no longer served": {
        "ada",
        "babbage",
        "babbage-002",
        "chatgpt-4o-latest",
        "codex-mini",
        "curie",
        "davinci",
        "davinci-002",
        "gpt-3.5-0301",
        "gpt-3.5-turbo-0613",
        "gpt-3.5-turbo-instruct",
        "gpt-4-32k",
        "gpt-4-vision-preview",
        "gpt-4.5-preview",
        "o1-mini",
        "o1-preview",
        "text-davinci-002",
        "text-davinci-003",
    },
    "not a text model there": {
        "gpt-4o-mini-realtime-preview",
        "gpt-4o-mini-transcribe",
        "gpt-4o-mini-tts",
        "gpt-4o-realtime-preview",
        "gpt-4o-transcribe",
        "gpt-5-image",
        "gpt-5-image-mini",
        "gpt-5.4-image-2",
        "gpt-realtime",
        "gpt-realtime-2",
        "gpt-realtime-mini",
    },
    "billed by images, minutes or characters too, which the map has in other columns": {
        "chatgpt-image-latest",
        "gpt-image-1",
        "gpt-image-1-mini",
        "gpt-image-1.5",
        "gpt-image-2",
        "gpt-image-2.5-flare",
        "gpt-image-2.5-sunburst",
        "gpt-transcribe",
        "tts-1",
        "tts-1-hd",
        "whisper-1",
    },
    "a pattern of the catalogue, which no name equals": {
        "ft:gpt-3.5-turbo-",
        "gpt-4o-mini-2024-07-18.ft-",
        "gpt-4o:extended",
    },
}


# What the map of July says otherwise than we do for that day, each with the reason.
IN_JULY = {
    "LiteLLM had 10 for 12.50; its later maps and OpenAI's own page of that time have 12.50": """
        gpt-5.5 priority 0 input 12.5 10
        gpt-5.5 priority 0 cached 1.25 1
        gpt-5.5 priority 0 output 75 60
        gpt-5.5-2026-04-23 priority 0 input 12.5 10
        gpt-5.5-2026-04-23 priority 0 cached 1.25 1
        gpt-5.5-2026-04-23 priority 0 output 75 60""",
    "a slip of LiteLLM's (nano is not sold at priority; 2.50 is GPT-5's), gone since": """
        gpt-5-nano priority 0 input - 2.5""",
    "OpenAI names no cached rate for a pro model; LiteLLM has dropped it since": """
        gpt-5.4-pro standard 0 cached - 3
        gpt-5.4-pro standard 272000 cached - 6
        gpt-5.4-pro-2026-03-05 standard 0 cached - 3
        gpt-5.4-pro-2026-03-05 standard 272000 cached - 6
        gpt-5.5-pro standard 0 cached - 3
        gpt-5.5-pro standard 272000 cached - 6
        gpt-5.5-pro-2026-04-23 standard 0 cached - 3
        gpt-5.5-pro-2026-04-23 standard 272000 cached - 6""",
    "half of the standard rate there, until LiteLLM took OpenAI's batch table over": """
        ft:gpt-4o-2024-08-06 batch 0 input 2.225 1.875
        ft:gpt-4o-2024-08-06 batch 0 output 12.5 7.5""",
    "OpenAI rounds to 0.138": """
        o4-mini flex 0 cached 0.138 0.1375""",
    "a model at a tier that genai-prices does not list; shut down by August, so unpriced here": """
        gpt-5.1-codex-mini priority 0 input - 0.45
        gpt-5.1-codex-mini priority 0 cached - 0.045
        gpt-5.1-codex-mini priority 0 output - 3.6
        gpt-5.3-chat-latest priority 0 input - 3.5
        gpt-5.3-chat-latest priority 0 cached - 0.35
        gpt-5.3-chat-latest priority 0 output - 28
        o3-deep-research batch 0 input - 5
        o3-deep-research batch 0 output - 20
        o3-deep-research-2025-06-26 batch 0 input - 5
        o3-deep-research-2025-06-26 batch 0 output - 20
        o4-mini-deep-research batch 0 input - 1
        o4-mini-deep-research batch 0 output - 4
        o4-mini-deep-research-2025-06-26 batch 0 input - 1
        o4-mini-deep-research-2025-06-26 batch 0 output - 4""",
}


def _parsed(text: str) -> set[Difference]:
    return {_difference(line) for line in text.strip().splitlines()}


def test_the_prices_of_july_are_those_of_a_second_table_or_the_difference_is_explained() -> None:
    """LiteLLM had no cached rate for any batch then, so it says nothing of ours."""
    assert not any(
        row["cached"] for row in second_table.rows(second_table.JULY) if row["tier"] == "batch"
    )
    explained = set[Difference]().union(*map(_parsed, IN_JULY.values())) | OTHERS.keys()
    differences = {
        difference
        for difference in second_table.differences(price_book.shipped(), second_table.JULY)
        if (difference.tier, difference.meter) != ("batch", "cached")
        and difference.name not in UNPRICED_HERE
    }
    assert differences == explained


def _explained(difference: Difference) -> bool:
    if difference.name in UNPRICED_HERE:
        return difference.ours == "-"
    if (difference.tier, difference.meter, difference.theirs) == ("batch", "cached", "-"):
        return CACHED_OF_BATCH.get(difference.name) == difference.ours
    return difference in OTHERS


def test_every_rate_on_which_the_two_tables_differ_is_explained() -> None:
    assert [
        difference
        for difference in second_table.differences(price_book.shipped(), second_table.NOW)
        if not _explained(difference)
    ] == []


def test_no_explanation_outlives_its_difference() -> None:
    differences = second_table.differences(price_book.shipped(), second_table.NOW)
    assert UNPRICED_HERE.keys() <= {difference.name for difference in differences}
    assert CACHED_OF_BATCH.keys() == {
        difference.name
        for difference in differences
        if (difference.tier, difference.meter) == ("batch", "cached")
    }
    assert OTHERS.keys() <= set(differences)


def test_every_price_that_the_second_table_lacks_is_named() -> None:
    explained_models = set[str]().union(*NOT_IN_THE_SECOND_TABLE.values())
    assert {key.model for key in second_table.only_ours(price_book.shipped())} == explained_models


def test_the_comparison_covers_the_pair_at_every_tier_and_hundreds_of_rows() -> None:
    rows = {(row["model"], row["tier"]) for row in second_table.rows(second_table.NOW)}
    pair = {
        (model, tier)
        for model in ("gpt-4.1", "gpt-4.1-mini")
        for tier in ("standard", "batch", "priority")
    }
    assert pair <= rows
    assert len(second_table.rows(second_table.NOW)) > 300


def _with_wrong_rate(key: PriceKey, meter: str) -> PriceBook:
    """The shipped book with one meter's newest rate raised by a thousandth of a dollar."""
    book = price_book.shipped()
    *before, last = book.prices[key]
    wrong = replace(last.rates, **{meter: getattr(last.rates, meter) + 1_000_000})
    return replace(book, prices={**book.prices, key: (*before, replace(last, rates=wrong))})


@pytest.mark.parametrize("meter", ["uncached_input", "cached_input", "output"])
@pytest.mark.parametrize(
    "key",
    [
        PriceKey("openai", "gpt-4.1", "standard"),
        PriceKey("openai", "gpt-4.1", "batch"),
        PriceKey("openai", "gpt-4.1-mini", "priority"),
        PriceKey("openai", "ft:gpt-4.1", "standard"),
        PriceKey("openai", "gpt-6-luna", "flex", 272_000),
    ],
)
def test_litellm_38730_a_wrong_rate_in_the_book_does_not_pass_unseen(
    key: PriceKey, meter: str
) -> None:
    differences = second_table.differences(_with_wrong_rate(key, meter), second_table.NOW)
    assert {difference.tier for difference in differences if not _explained(difference)} == {
        key.service_tier
    }
