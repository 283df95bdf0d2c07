"""Recorded OpenAI usages with their published cost: ours is the same to the last digit."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ledger import bands
from ledger.pricing import names, price_book, prices
from ledger.tokens import TokenCounts
from tests.ledger.pricing import shipped

FOLDER = Path(__file__).parents[2] / "golden" / "prices"
COUNTS = {
    "input": "input",
    "cached_input": "cached",
    "cache_write_input": "cache_write",
    "output": "output",
    "reasoning": "reasoning",
    "input_audio": "input_audio",
    "output_audio": "output_audio",
}
"""By kind of token, the file's column."""


def _rows(file_name: str) -> list[dict[str, str]]:
    with (FOLDER / file_name).open(newline="") as file:
        return list(csv.DictReader(file))


RECORDED = _rows("genai-prices-0.1.4-usages.csv")
PUBLISHED = _rows("published-costs.csv")
RECORDED_ON = date(2026, 8, 19)  # the day of the release that published these costs


def _cost(row: dict[str, str], tier: str, day: date) -> prices.Cost:
    counts = TokenCounts(**{f"{name}_tokens": int(row[column]) for name, column in COUNTS.items()})
    model = names.canonical_model(price_book.shipped(), "openai", row["model"])
    return prices.cost(
        counts, shipped.price(model, tier, day, band=bands.band_of(counts.input_tokens)).rates
    )


def _usd(cost: prices.Cost) -> Decimal:
    return Decimal(cost.femto_usd).scaleb(-15)


def _without_audio(rows: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """The rows of each model, but for those with audio."""
    rows_by_model: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if (row["input_audio"], row["output_audio"]) == ("0", "0"):
            rows_by_model.setdefault(row["model"], []).append(row)
    return rows_by_model


@pytest.mark.parametrize("model", _without_audio(RECORDED))
def test_a_recorded_response_costs_what_was_published_for_it(model: str) -> None:
    for row in _without_audio(RECORDED)[model]:
        cost = _cost(row, "standard", RECORDED_ON)
        assert (_usd(cost), cost.unpriced_tokens) == (Decimal(row["usd"]), 0), row


def test_recorded_audio_costs_more_here_as_the_publisher_took_the_text_rate_for_it() -> None:
    audio = [row for row in RECORDED if row["input_audio"] != "0"]
    assert {row["model"] for row in audio} == {"gpt-4o-audio-preview-2024-12-17"}
    for row in audio:
        dearer = int(row["input_audio"]) * (Decimal("40.00") - Decimal("2.50")) / 10**6
        assert _usd(_cost(row, "standard", RECORDED_ON)) == Decimal(row["usd"]) + dearer


def test_the_recorded_responses_cover_the_pair_caching_and_reasoning_in_four_hundred_usages() -> (
    None
):
    models = {
        names.canonical_model(price_book.shipped(), "openai", row["model"]) for row in RECORDED
    }
    assert {
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4.1-nano",
        "gpt-4o",
        "gpt-5",
        "o3",
        "o4-mini",
        "gpt-5.6-sol",
    } <= models
    assert len(RECORDED) > 400
    assert sum(row["cached"] != "0" for row in RECORDED) > 10
    assert sum(row["reasoning"] != "0" for row in RECORDED) > 50


@pytest.mark.parametrize(
    "row", PUBLISHED, ids=lambda row: f"{row['model']}-{row['tier']}-{row['input']}-{row['day']}"
)
def test_a_published_example_costs_what_its_publisher_says(row: dict[str, str]) -> None:
    cost = _cost(row, row["tier"], date.fromisoformat(row["day"]))
    assert (_usd(cost), cost.unpriced_tokens) == (Decimal(row["usd"]), 0)
