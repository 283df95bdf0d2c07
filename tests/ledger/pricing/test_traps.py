"""The traps of the public catalogue, each shown as it is there, and the shipped book without it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price

from ledger import bands
from ledger.errors import UsageError
from ledger.pricing import catalogue, names, price_book, prices
from ledger.tokens import TokenCounts
from tests.ledger.pricing import shipped
from tests.ledger.pricing.shipped import NOON, TODAY

AUGUST = date(2026, 8, 1)
COUNTS = TokenCounts(input_tokens=1_000, output_tokens=100)
USAGE = Usage(input_tokens=1_000, output_tokens=100)


def _catalogue_usd(
    model: str, at: datetime = NOON, provider: str = "openai", **context: str
) -> Decimal:
    calculation = calc_price(
        USAGE,
        model_ref=model,
        provider_id=provider,
        genai_request_timestamp=at,
        price_context=context or None,
    )
    return calculation.total_price


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-6-luna"])
def test_a_batch_before_the_day_of_its_rates_costs_half_and_not_the_standard_price(
    model: str,
) -> None:
    in_august = datetime(AUGUST.year, AUGUST.month, AUGUST.day, tzinfo=UTC)
    assert _catalogue_usd(model, in_august, processing="batch") == 2 * _catalogue_usd(
        model, processing="batch"
    )
    ours = shipped.cost_usd(COUNTS, shipped.price(model, "batch", AUGUST))
    assert (
        ours
        == _catalogue_usd(model, processing="batch")
        == shipped.cost_usd(COUNTS, shipped.price(model)) / 2
    )


def test_a_tier_price_of_an_earlier_day_is_backdated_unless_its_beginning_is_known() -> None:
    assert not shipped.price("gpt-4.1", "batch", AUGUST).backdated
    assert not shipped.price("gpt-4.1", "priority", AUGUST).backdated
    assert shipped.price("gpt-6-luna", "batch", AUGUST).backdated


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("o3", date(2025, 6, 9)),
        ("gpt-5.6-luna", date(2026, 7, 29)),
        ("gpt-5.6-sol", date(2026, 8, 20)),
    ],
)
@pytest.mark.parametrize("tier", ["batch", "flex"])
def test_a_tier_price_of_after_a_cut_does_not_serve_the_days_before_it(
    model: str, day: date, tier: str
) -> None:
    for when in (day, date.fromordinal(day.toordinal() + 1)):
        half = shipped.cost_usd(COUNTS, shipped.price(model, "standard", when)) / 2
        assert shipped.cost_usd(COUNTS, shipped.price(model, tier, when)) == half


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4.1-mini"])
@pytest.mark.parametrize("tier", ["flex", "scale", "turbo"])
def test_a_tier_that_the_catalogue_does_not_know_is_unpriced_and_never_silently_the_standard_price(
    model: str, tier: str
) -> None:
    assert _catalogue_usd(model, service_tier=tier) == _catalogue_usd(model)
    assert price_book.shipped().at("openai", model, tier, context_band=0, day=TODAY) is None


def test_a_thousand_small_requests_do_not_add_up_to_one_of_long_context() -> None:
    added = calc_price(
        Usage(input_tokens=300_000), model_ref="gpt-6-luna", provider_id="openai"
    ).input_price
    one = shipped.price("gpt-6-luna", band=bands.band_of(300))
    ours = shipped.cost_usd(TokenCounts(input_tokens=300_000), one)
    assert (added, ours) == (Decimal("0.06"), Decimal("0.03"))


def test_a_subscription_that_lists_gpt_4_1_at_0_is_not_in_the_book() -> None:
    assert _catalogue_usd("gpt-4.1", provider="github-copilot") == 0
    everything = price_book.shipped().prices
    assert not {key.provider for key in everything if "copilot" in key.provider}
    assert all(row.rates.by_meter for rows in everything.values() for row in rows)


@pytest.mark.parametrize(
    ("sent", "model"),
    [
        ("openai/gpt-4.1", "gpt-4.1"),
        ("openai/gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("ft:gpt-4.1-2025-04-14:acme::x1", "ft:gpt-4.1"),
        ("ft:gpt-4.1-mini-2025-04-14:acme:support:x1", "ft:gpt-4.1-mini"),
        ("ft:gpt-4.1-nano-2025-04-14:acme::x1", "ft:gpt-4.1-nano"),
    ],
)
def test_a_prefixed_or_fine_tuned_name_that_the_catalogue_cannot_find_has_its_own_price(
    sent: str, model: str
) -> None:
    with pytest.raises(LookupError):
        _catalogue_usd(sent)
    assert names.canonical_model(price_book.shipped(), "openai", sent) == model
    assert shipped.price(model).rates.uncached_input


@pytest.mark.parametrize("amount", ["0.18000000000000002", "0.17999999999999998"])
def test_what_a_float_added_to_a_rate_is_taken_away(amount: str) -> None:
    assert catalogue.nano_usd(Decimal(amount)) == 180_000_000


def test_no_rate_of_the_shipped_book_ends_in_a_float_s_tail() -> None:
    rates = [
        rate
        for rows in price_book.shipped().prices.values()
        for row in rows
        for meter in prices.METERS
        if (rate := getattr(row.rates, meter)) is not None
    ]
    assert len(rates) > 2_000
    assert all(
        rate % 10_000 == 0 for rate in rates
    )  # no provider asks for a part of a thousandth of a cent


@pytest.mark.parametrize("amount", ["0.0833333333333333", "0.0000000015"])
def test_a_rate_finer_than_nano_usd_is_refused_and_not_rounded(amount: str) -> None:
    with pytest.raises(UsageError, match="finer than nano-USD"):
        catalogue.nano_usd(Decimal(amount))


def test_a_cached_rate_above_the_uncached_one_is_refused_at_compile_time() -> None:
    key = prices.PriceKey("openai", "gpt-9", "standard")
    fault = price_book.fault_of(key, shipped.usd("1.00", "1.01", "2.00"))
    assert fault == (
        "cached input of gpt-9 at openai, standard costs more than uncached input;"
        " look for swapped figures"
    )
    for listed in price_book.shipped().prices.values():
        assert all(price_book.fault_of(row.key, row.rates) is None for row in listed)


def test_a_long_context_price_that_a_provider_dropped_does_not_live_on() -> None:
    dropped, before = date(2026, 3, 13), date(2026, 3, 12)
    for band, day, input_usd in ((0, dropped, 3), (200_000, dropped, 3), (200_000, before, 6)):
        price = shipped.price("claude-sonnet-4-6", day=day, provider="anthropic", band=band)
        assert price.rates.uncached_input == input_usd * 10**9


def test_a_price_that_changes_with_the_time_of_day_is_left_out_with_its_reason() -> None:
    assert (
        price_book.shipped().at("deepseek", "deepseek-chat", "standard", context_band=0, day=TODAY)
        is None
    )
    assert "time of day" in price_book.reasons_left_out("deepseek-chat")["deepseek"]


@pytest.mark.parametrize(
    ("model", "provider", "reason"),
    [
        ("gpt-live-1", "openai", "audio_hours"),
        ("whisper-large-v3", "groq", "finer than our unit of money"),
    ],
)
def test_a_model_that_bills_what_events_do_not_count_is_left_out_with_its_reason(
    model: str, provider: str, reason: str
) -> None:
    assert reason in price_book.reasons_left_out(model)[provider]
    assert price_book.shipped().at(provider, model, "standard", context_band=0, day=TODAY) is None
