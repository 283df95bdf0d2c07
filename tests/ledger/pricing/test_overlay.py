"""The overlay's prices and facts: tiers, fine-tuned models, regions, shutdowns, no rate."""

from datetime import date
from decimal import Decimal

import pytest

from advisor.switching import fit
from ledger import clock
from ledger.pricing import book_file, overlay, price_book
from ledger.pricing.prices import Rates
from tests.ledger.pricing import shipped
from tests.ledger.pricing.shipped import TODAY, usd

AZURE = "azure.ai.openai"
FAMILY = {
    ("gpt-4.1", "standard"): usd("2.00", "0.50", "8.00"),
    ("gpt-4.1", "batch"): usd("1.00", "0.50", "4.00"),
    ("gpt-4.1", "priority"): usd("3.50", "0.875", "14.00"),
    ("gpt-4.1-mini", "standard"): usd("0.40", "0.10", "1.60"),
    ("gpt-4.1-mini", "batch"): usd("0.20", "0.10", "0.80"),
    ("gpt-4.1-mini", "priority"): usd("0.70", "0.175", "2.80"),
    ("gpt-4.1-nano", "standard"): usd("0.10", "0.025", "0.40"),
    ("gpt-4.1-nano", "batch"): usd("0.05", "0.025", "0.20"),
    ("gpt-4.1-nano", "priority"): usd("0.20", "0.05", "0.80"),
    ("ft:gpt-4.1", "standard"): usd("3.00", "0.75", "12.00"),
    ("ft:gpt-4.1", "batch"): usd("1.50", "0.50", "6.00"),
    ("ft:gpt-4.1-mini", "standard"): usd("0.80", "0.20", "3.20"),
    ("ft:gpt-4.1-mini", "batch"): usd("0.40", "0.10", "1.60"),
}


@pytest.mark.parametrize(("model", "tier"), FAMILY)
def test_the_gpt_4_1_family_costs_what_openai_publishes(model: str, tier: str) -> None:
    assert shipped.token_rates(shipped.price(model, tier)) == FAMILY[model, tier]


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano"])
@pytest.mark.parametrize(
    ("tier", "first_day"), [("batch", date(2025, 4, 14)), ("priority", date(2025, 9, 24))]
)
def test_litellm_13810_a_tier_is_priced_as_itself_from_its_first_known_day_on(
    model: str, tier: str, first_day: date
) -> None:
    for day in (first_day, date(2026, 10, 11), date(2026, 11, 23)):
        price = shipped.price(model, tier, day)
        assert (shipped.token_rates(price), price.backdated) == (FAMILY[model, tier], False)
    assert shipped.price(model, tier, date.fromordinal(first_day.toordinal() - 1)).backdated


def test_the_cached_rate_of_batch_is_a_row_of_its_own_and_no_formula() -> None:
    assert (
        shipped.price("gpt-4.1", "batch").rates.cached_input
        == shipped.price("gpt-4.1").rates.cached_input
    )
    assert (
        shipped.price("gpt-5", "batch").rates.cached_input
        == (shipped.price("gpt-5").rates.cached_input or 0) // 2
    )
    assert (
        shipped.price("gpt-5.4", "batch").rates.cached_input == 130_000_000
    )  # rounded up by OpenAI from 0.125
    assert shipped.price("gpt-4.1", "batch", provider=AZURE).rates.cached_input is None


def _times(rates: Rates, factor: str) -> list[Decimal]:
    meters = (rates.uncached_input, rates.cached_input, rates.output)
    return [Decimal(rate or 0) * Decimal(factor) for rate in meters]


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4.1-mini"])
@pytest.mark.parametrize(
    ("region", "factor"),
    [
        ("", "1"),
        ("data_zone", "1.1"),
        ("regional", "1.1"),
        ("swedencentral", "1.21"),
        ("northeurope", "1.32"),
    ],
)
def test_litellm_7004_azure_asks_for_a_region_what_its_price_list_says(
    model: str, region: str, factor: str
) -> None:
    rates = shipped.price(model, provider=AZURE, region=region).rates
    assert _times(rates, "1") == _times(shipped.price(model).rates, factor)


def test_azure_s_government_regions_and_data_zone_tiers_are_rounded_as_azure_rounds_them() -> None:
    assert shipped.token_rates(
        shipped.price("gpt-4.1", provider=AZURE, region="usgovvirginia")
    ) == usd("2.75", "0.688", "11.00")
    assert shipped.token_rates(
        shipped.price("gpt-4.1", "priority", provider=AZURE, region="data_zone")
    ) == usd("3.85", "0.963", "15.40")
    assert shipped.token_rates(
        shipped.price("gpt-4.1-mini", "batch", provider=AZURE, region="data_zone")
    ) == usd("0.22", None, "0.88")


def test_a_region_without_a_price_of_a_tier_is_unpriced_and_never_the_global_price() -> None:
    assert (
        price_book.shipped().at(
            AZURE, "gpt-4.1", "batch", context_band=0, day=TODAY, region="regional"
        )
        is None
    )
    assert (
        price_book.shipped().at(
            AZURE, "gpt-4.1", "standard", context_band=0, day=TODAY, region="atlantis"
        )
        is None
    )


def test_every_row_carries_its_source_and_the_day_of_its_check_or_says_that_it_is_unconfirmed() -> (
    None
):
    for rows in price_book.shipped().prices.values():
        for row in rows:
            assert row.source.removeprefix(book_file.UNCONFIRMED).startswith("https://")
            assert (row.checked == "") == row.source.startswith(book_file.UNCONFIRMED)
            assert not row.checked or date(2025, 1, 1) <= date.fromisoformat(row.checked) <= date(
                2026, 11, 10
            )


def test_a_figure_read_at_second_hand_claims_no_check_and_azure_s_own_list_does() -> None:
    tuned, azure = shipped.price("ft:gpt-4.1"), shipped.price("gpt-4.1", provider=AZURE)
    assert (tuned.checked, tuned.source[:13]) == ("", "unconfirmed: ")
    assert (azure.checked, azure.source) == (
        "2026-08-11",
        "https://prices.azure.com/api/retail/prices",
    )


@pytest.mark.parametrize("provider", ["openai", AZURE])
@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4.1-mini"])
def test_the_book_says_why_committed_capacity_has_no_price_and_advice_blocks_it(
    provider: str, model: str
) -> None:
    without_rate = price_book.shipped().facts_of(provider, model).without_rate
    assert without_rate[fit.COMMITTED_TIER].startswith("committed capacity")
    assert without_rate["flex"] == "not sold at flex"
    assert (
        price_book.shipped().at(provider, model, fit.COMMITTED_TIER, context_band=0, day=TODAY)
        is None
    )


def test_a_tier_with_a_price_is_never_said_to_have_none() -> None:
    book = price_book.shipped()
    without = {
        (provider, model, tier)
        for (provider, model), facts in book.facts.items()
        for tier in facts.without_rate
    }
    assert without
    assert not without & {key[:3] for key in book.prices}


@pytest.mark.parametrize(
    ("provider", "model", "shutdown", "successor"),
    [
        ("openai", "gpt-4.1", date(2027, 1, 14), "gpt-6-luna"),
        ("openai", "gpt-4.1-mini", date(2027, 1, 14), "gpt-6-luna"),
        ("openai", "gpt-4.1-nano", date(2026, 10, 23), "gpt-5.6-luna"),
        ("openai", "ft:gpt-4.1", date(2027, 1, 14), None),
        (AZURE, "gpt-4.1", date(2027, 4, 14), "gpt-5.1"),
        (AZURE, "gpt-4.1-mini", date(2027, 4, 14), "gpt-5.4-mini"),
    ],
)
def test_the_pair_ends_in_january_on_openai_and_in_april_on_azure_each_with_its_own_successor(
    provider: str, model: str, shutdown: date, successor: str | None
) -> None:
    retirement = price_book.shipped().facts_of(provider, model).retirement
    assert retirement is not None
    assert (clock.date_of(retirement.shutdown_day), retirement.successor) == (shutdown, successor)


@pytest.mark.parametrize("provider", ["openai", AZURE])
@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4.1-mini"])
def test_the_window_and_the_longest_answer_of_the_pair_are_known(provider: str, model: str) -> None:
    facts = price_book.shipped().facts_of(provider, model)
    assert (facts.context_window, facts.max_output_tokens) == (1_047_576, 32_768)


def test_every_successor_of_the_overlay_has_a_price_where_its_predecessor_is_sold() -> None:
    models = {
        (provider, entry.successor)
        for entry in overlay.load_overlay().retirement
        for provider in entry.providers
        if entry.successor
    }
    assert len(models) > 10
    assert all(shipped.price(successor, provider=provider) for provider, successor in models)
    assert shipped.token_rates(shipped.price("gpt-6-luna")) == usd("0.10", "0.01", "0.50", "0.125")
