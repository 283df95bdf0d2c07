"""The shipped book is what the installed catalogue and the overlay make, without the catalogue's traps."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from genai_prices import Usage, types

from ledger import bands, clock, price_book, price_catalogue, price_compile, price_file, prices
from ledger.errors import UsageError
from ledger.price_compile import Overlay, OverlayPrice
from ledger.price_file import BookFile
from ledger.prices import Rates
from ledger.tokens import TokenCounts

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = clock.day_number(NOON.date())
EARLIER = clock.day_number(date(2026, 8, 1))


@pytest.fixture(scope="module")
def own() -> Overlay:
    return price_compile.overlay()


@pytest.fixture(scope="module")
def book(own: Overlay) -> BookFile:
    return price_compile.compiled(own)


def _usd(uncached: str, cached: str, output: str) -> Rates:
    nano = [int(Decimal(amount) * 10**9) for amount in (uncached, cached, output)]
    return Rates(uncached_input=nano[0], cached_input=nano[1], output=nano[2])


def _rates(model: str, tier: str, day: int = TODAY, provider: str = "openai") -> Rates:
    price = price_book.shipped().at(provider, model, tier, 0, day)
    assert price is not None
    return price.rates


def test_the_shipped_book_is_the_compiled_one_byte_for_byte(book: BookFile) -> None:
    assert price_file.encode(book) == price_book.BOOK_PATH.read_bytes()


def test_the_version_is_a_hash_of_the_content(book: BookFile) -> None:
    version = price_file.decode(price_file.encode(book)).version
    dearer = msgspec.structs.replace(book, prices=book.prices[1:])
    assert len(version) == price_file.VERSION_CHARACTERS
    assert version == price_book.shipped().version != price_file.decode(price_file.encode(dearer)).version


@pytest.mark.parametrize(
    ("model", "tier", "expected"),
    [
        ("gpt-4.1", "standard", _usd("2.00", "0.50", "8.00")),
        ("gpt-4.1", "batch", _usd("1.00", "0.50", "4.00")),
        ("gpt-4.1", "priority", _usd("3.50", "0.875", "14.00")),
        ("gpt-4.1-mini", "standard", _usd("0.40", "0.10", "1.60")),
        ("gpt-4.1-mini", "batch", _usd("0.20", "0.10", "0.80")),
        ("gpt-4.1-mini", "priority", _usd("0.70", "0.175", "2.80")),
        ("ft:gpt-4.1", "standard", _usd("3.00", "0.75", "12.00")),
        ("ft:gpt-4.1-mini", "standard", _usd("0.80", "0.20", "3.20")),
    ],
)
def test_the_gpt_4_1_family_costs_what_openai_publishes(model: str, tier: str, expected: Rates) -> None:
    assert _rates(model, tier) == expected


def test_azure_sells_the_family_at_the_standard_price_and_at_no_copied_tier() -> None:
    shipped = price_book.shipped()
    for model in ("gpt-4.1", "gpt-4.1-mini"):
        assert _rates(model, "standard", provider="azure.ai.openai") == _rates(model, "standard")
        assert shipped.at("azure.ai.openai", model, "batch", 0, TODAY) is None


def test_batch_rows_before_the_day_of_the_check_do_not_cost_double() -> None:
    shipped = price_book.shipped()
    for model in ("gpt-4.1", "gpt-4o", "gpt-6-luna"):
        before, today = (shipped.at("openai", model, "batch", 0, day) for day in (EARLIER, TODAY))
        assert before is not None
        assert today is not None
        assert before.rates == today.rates
        assert before.rates.uncached_input == (_rates(model, "standard", EARLIER).uncached_input or 0) // 2


def test_a_tier_row_from_before_the_check_says_that_it_is_backdated_unless_its_beginning_is_known() -> None:
    shipped = price_book.shipped()
    known, assumed = (shipped.at("openai", model, "batch", 0, EARLIER) for model in ("gpt-4.1", "gpt-4o"))
    assert known is not None
    assert assumed is not None
    assert (known.backdated, assumed.backdated) == (False, True)


def test_every_row_carries_its_source_and_the_day_of_its_check_or_says_that_it_is_unconfirmed() -> None:
    for rows in price_book.shipped().prices.values():
        for row in rows:
            assert row.source
            assert (row.checked == "") == row.source.startswith(price_file.UNCONFIRMED)
            assert not row.checked or date(2025, 1, 1) <= date.fromisoformat(row.checked) <= date(2026, 11, 10)


def test_a_figure_that_nobody_read_at_its_source_claims_no_check() -> None:
    for provider, model in (("openai", "ft:gpt-4.1"), ("azure.ai.openai", "gpt-4.1")):
        price = price_book.shipped().at(provider, model, "standard", 0, TODAY)
        assert price is not None
        assert (price.checked, price.source[:13]) == ("", "unconfirmed: ")


def test_nano_on_azure_has_no_price_because_its_cached_rate_is_reported_to_differ() -> None:
    assert price_book.shipped().at("azure.ai.openai", "gpt-4.1-nano", "standard", 0, TODAY) is None


def test_a_subscription_that_lists_its_models_at_no_price_is_not_in_the_book() -> None:
    providers = {key.provider for key in price_book.shipped().prices}
    assert "openai" in providers
    assert not {name for name in providers if "copilot" in name}
    assert all(
        rates for rows in price_book.shipped().prices.values() for row in rows if (rates := row.rates.uncached_input)
    )


def _models() -> Iterator[tuple[str, types.Provider, types.ModelInfo]]:
    for word, provider in price_catalogue.providers():
        for model in provider.models:
            yield word, provider, model


CONTEXTS = {
    "standard": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}


@pytest.mark.parametrize("size", [1_000, 100_000, 100_001, 199_999, 200_000, 200_001, 272_000, 272_001, 900_000])
def test_the_book_charges_what_genai_prices_charges_at_every_size_and_tier(size: int) -> None:
    counts = TokenCounts(input_tokens=size, cached_input_tokens=size // 4, output_tokens=700)
    usage = Usage(input_tokens=size, cache_read_tokens=size // 4, output_tokens=700)
    shipped, compared = price_book.shipped(), 0
    for word, provider, model in _models():
        for tier, context in CONTEXTS.items():
            price = shipped.at(word, model.id, tier, bands.band_of(size), TODAY)
            if price is None or price.rates.output is None:
                continue
            charged = model.calc_price(usage, provider, genai_request_timestamp=NOON, price_context=context).total_price
            assert prices.cost(counts, price.rates).femto_usd == round(charged * 10**15), (word, model.id, tier)
            compared += 1
    assert compared > 600


def test_a_long_context_price_that_a_provider_dropped_does_not_live_on() -> None:
    shipped, dropped = price_book.shipped(), clock.day_number(date(2026, 3, 13))
    for tokens_over in (0, 200_000):
        price = shipped.at("anthropic", "claude-sonnet-4-6", "standard", tokens_over, dropped)
        assert price is not None
        assert price.rates.uncached_input == 3 * 10**9
    before = shipped.at("anthropic", "claude-sonnet-4-6", "standard", 200_000, dropped - 1)
    assert before is not None
    assert before.rates.uncached_input == 6 * 10**9


def test_what_a_float_added_to_a_rate_is_taken_away() -> None:
    assert price_catalogue.nano_usd(Decimal("0.18000000000000002")) == 180_000_000
    assert price_catalogue.nano_usd(Decimal("0.13999999999999999")) == 140_000_000


@pytest.mark.parametrize("amount", ["0.0833333333333333", "0.0000000015"])
def test_a_rate_finer_than_nano_usd_is_refused_and_not_rounded(amount: str) -> None:
    with pytest.raises(UsageError, match="finer than nano-USD"):
        price_catalogue.nano_usd(Decimal(amount))


def test_a_price_that_changes_with_the_time_of_day_is_left_out_with_its_reason() -> None:
    assert price_book.shipped().at("deepseek", "deepseek-chat", "standard", 0, TODAY) is None
    assert "time of day" in price_book.reasons_left_out("deepseek-chat")["deepseek"]


@pytest.mark.parametrize(
    ("model", "provider", "reason"),
    [
        ("sonar", "perplexity", "requests_kcount"),
        ("gpt-image-1", "openai", "input_image_mtok"),
        ("whisper-1", "openai", "audio_hours"),
    ],
)
def test_a_model_that_bills_what_events_do_not_count_is_left_out_with_its_reason(
    model: str, provider: str, reason: str
) -> None:
    assert reason in price_book.reasons_left_out(model)[provider]
    assert price_book.shipped().at(provider, model, "standard", 0, TODAY) is None


def _catalogue_model(**usd: str) -> types.ModelInfo:
    listed = types.ModelPrice(**{key: Decimal(amount) for key, amount in usd.items()})
    return types.ModelInfo(id="m", match=types.ClauseEquals("m"), prices=listed)


def test_a_catalogue_price_of_0_is_no_price() -> None:
    free, sold = (_catalogue_model(input_mtok=usd, output_mtok=usd) for usd in ("0", "1"))
    assert "unknown" in (price_catalogue.reason_left_out("openai", free) or "")
    assert price_catalogue.reason_left_out("openai", sold) is None


def _overlay_price(**changes: object) -> OverlayPrice:
    row = OverlayPrice(
        provider="openai",
        model="gpt-9",
        checked=date(2026, 11, 23),
        uncached_input=Decimal(1),
        output=Decimal(2),
        source="test",
    )
    return msgspec.structs.replace(row, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cached_input": Decimal("1.01")}, "cached input of gpt-9"),
        ({"over_input_tokens": 150_000}, "add the size to bands.SIZES"),
        ({"output": Decimal("-0.01")}, "below 0"),
    ],
)
def test_a_row_that_cannot_be_right_stops_the_compiler(own: Overlay, changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        price_compile.compiled(msgspec.structs.replace(own, price=(*own.price, _overlay_price(**changes))))


def test_an_overlay_written_over_another_release_stops_the_compiler(own: Overlay) -> None:
    older = msgspec.structs.replace(own.genai_prices, version="0.0.1")
    with pytest.raises(UsageError, match=r"the overlay is for 0\.0\.1"):
        price_compile.compiled(msgspec.structs.replace(own, genai_prices=older))


def test_a_retirement_of_a_model_without_a_price_is_a_misspelt_name(own: Overlay) -> None:
    wrong = msgspec.structs.replace(own.retirement[0], models=("gpt-4.1-mimi",))
    with pytest.raises(UsageError, match=r"gpt-4\.1-mimi at openai"):
        price_compile.compiled(msgspec.structs.replace(own, retirement=(wrong,)))


def test_the_overlay_wins_over_the_catalogue_on_the_same_key_and_day(own: Overlay) -> None:
    dearer = _overlay_price(model="gpt-4.1", uncached_input=Decimal(3))
    book = price_file.price_book(price_compile.compiled(msgspec.structs.replace(own, price=(*own.price, dearer))))
    price = book.at("openai", "gpt-4.1", "standard", 0, TODAY)
    assert price is not None
    assert price.rates.uncached_input == 3 * 10**9


def test_gpt_4_1_and_mini_end_in_january_on_openai_and_in_april_on_azure() -> None:
    for model in ("gpt-4.1", "gpt-4.1-mini"):
        openai, azure = (price_book.shipped().facts_of(provider, model) for provider in ("openai", "azure.ai.openai"))
        assert openai.retirement is not None
        assert azure.retirement is not None
        assert clock.date_of(openai.retirement.shutdown_day) == date(2027, 1, 14)
        assert clock.date_of(azure.retirement.shutdown_day) == date(2027, 4, 14)
        assert openai.retirement.successor == "gpt-6-luna"
        assert (openai.context_window, openai.max_output_tokens) == (1_047_576, 32_768)


def test_nano_has_ended_and_the_named_successor_is_priced() -> None:
    nano = price_book.shipped().facts_of("openai", "gpt-4.1-nano").retirement
    assert nano is not None
    assert clock.date_of(nano.shutdown_day) == date(2026, 10, 23)
    luna = _rates("gpt-6-luna", "standard")
    assert (luna.uncached_input, luna.cached_input, luna.output) == (10**8, 10**7, 5 * 10**8)


def test_every_named_successor_has_a_price() -> None:
    shipped = price_book.shipped()
    named = [
        (key, facts.retirement.successor)
        for key, facts in shipped.facts.items()
        if facts.retirement and facts.retirement.successor
    ]
    assert named
    assert all(shipped.at(provider, successor, "standard", 0, TODAY) for (provider, _), successor in named)
