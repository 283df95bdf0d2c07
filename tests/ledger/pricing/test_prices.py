"""Exact cost, the meters, and which price is in force."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import bands, clock
from ledger.pricing import price_book, prices
from ledger.pricing.prices import Cost, Price, PriceBook, PriceKey, Rates
from ledger.tokens import TokenCounts

TODAY = 20_780  # 2026-11-23
TIERS = ("standard", "batch", "priority")

rate = st.none() | st.integers(min_value=0, max_value=10**13)
rates = st.builds(
    Rates,
    uncached_input=rate,
    cached_input=rate,
    cache_write_input=rate,
    output=rate,
    input_audio=rate,
    output_audio=rate,
)


@st.composite
def token_counts(draw: st.DrawFn, audio: bool = True, cache_write: bool = True) -> TokenCounts:
    tokens = st.integers(min_value=0, max_value=10**15)
    written = draw(tokens) if cache_write else 0
    cached, plain, output = draw(tokens), draw(tokens), draw(tokens)
    input_tokens = plain + cached + written
    return TokenCounts(
        input_tokens=input_tokens,
        cached_input_tokens=cached,
        cache_write_input_tokens=written,
        output_tokens=output,
        reasoning_tokens=draw(st.integers(min_value=0, max_value=output)),
        input_audio_tokens=draw(st.integers(min_value=0, max_value=input_tokens)) if audio else 0,
        output_audio_tokens=draw(st.integers(min_value=0, max_value=output)) if audio else 0,
    )


def at(model: str, tier: str, band: int = 0, day: int = TODAY, provider: str = "openai") -> Rates:
    price = price_book.shipped().at(provider, model, tier, context_band=band, day=day)
    assert price is not None
    return price.rates


@given(token_counts(), st.sampled_from(TIERS))
def test_mini_costs_exactly_a_fifth_of_gpt_4_1_whatever_the_mix(
    counts: TokenCounts, tier: str
) -> None:
    a, b = (prices.cost(counts, at(model, tier)) for model in ("gpt-4.1", "gpt-4.1-mini"))
    assert 5 * b.femto_usd == a.femto_usd
    assert (a.priced_tokens, a.unpriced_tokens) == (b.priced_tokens, b.unpriced_tokens)


@given(token_counts(), rates)
def test_a_cost_is_the_sum_of_tokens_times_rate_to_the_last_digit(
    counts: TokenCounts, rates: Rates
) -> None:
    metered = prices.tokens_by_meter(counts, rates)
    priced = {
        meter: nano_usd
        for meter in prices.METERS
        if (nano_usd := getattr(rates, meter)) is not None
    }
    usd = sum(
        (
            Fraction(metered[meter], 10**6) * Fraction(nano_usd, 10**9)
            for meter, nano_usd in priced.items()
        ),
        Fraction(0),
    )
    assert Fraction(prices.cost(counts, rates).femto_usd, 10**15) == usd


@given(token_counts(), rates)
def test_every_token_stands_on_one_meter_and_is_priced_or_counted_as_unpriced(
    counts: TokenCounts, rates: Rates
) -> None:
    cost = prices.cost(counts, rates)
    assert min(prices.tokens_by_meter(counts, rates).values()) >= 0
    assert (
        sum(prices.tokens_by_meter(counts, rates).values())
        == counts.total_tokens
        == cost.priced_tokens + cost.unpriced_tokens
    )


@given(st.lists(token_counts(audio=False), max_size=5), rates)
def test_the_cost_of_a_sum_is_the_sum_of_the_costs(parts: list[TokenCounts], rates: Rates) -> None:
    together = prices.cost(sum(parts, TokenCounts()), rates)
    assert together == sum((prices.cost(part, rates) for part in parts), Cost())


def test_the_article_s_table_comes_out_at_half_input_and_half_output() -> None:
    for volume, gpt_4_1_usd, mini_usd in ((10**6, 5, 1), (10**7, 50, 10), (10**8, 500, 100)):
        half = TokenCounts(input_tokens=volume // 2, output_tokens=volume // 2)
        assert prices.cost(half, at("gpt-4.1", "standard")).femto_usd == gpt_4_1_usd * 10**15
        assert prices.cost(half, at("gpt-4.1-mini", "standard")).femto_usd == mini_usd * 10**15


def test_litellm_14849_cached_input_is_billed_once_and_at_its_own_rate() -> None:
    cost = prices.cost(
        TokenCounts(input_tokens=10**6, cached_input_tokens=900_000), at("gpt-4.1", "standard")
    )
    assert cost.femto_usd == 650_000_000_000_000  # 0.1 M at 2.00 and 0.9 M at 0.50 USD


def test_litellm_31837_priority_is_priced_as_served() -> None:
    cost = prices.cost(TokenCounts(input_tokens=700, output_tokens=50), at("gpt-4.1", "priority"))
    assert cost.femto_usd == 3_150_000_000_000


def test_litellm_36561_all_tokens_of_a_model_without_a_price_are_unpriced() -> None:
    assert price_book.shipped().at("openai", "gpt-9", "standard", context_band=0, day=TODAY) is None
    assert prices.cost(TokenCounts(input_tokens=3, output_tokens=4), None) == Cost(
        unpriced_tokens=7
    )


def test_audio_on_a_model_without_an_audio_rate_is_unpriced_and_the_rest_priced() -> None:
    cost = prices.cost(
        TokenCounts(input_tokens=10, input_audio_tokens=4, output_tokens=1),
        at("gpt-4.1", "standard"),
    )
    assert cost == Cost(6 * 2_000_000_000 + 8_000_000_000, priced_tokens=7, unpriced_tokens=4)


def test_audio_is_taken_from_the_uncached_part_and_priced_at_its_own_rate() -> None:
    rates = Rates(uncached_input=1, cached_input=0, output=1, input_audio=100)
    cost = prices.cost(
        TokenCounts(input_tokens=10, cached_input_tokens=7, input_audio_tokens=5), rates
    )
    assert cost.femto_usd == 3 * 100


@pytest.mark.parametrize("tier", ["flex", "scale", "unknown", "default", ""])
def test_a_tier_that_gpt_4_1_is_not_sold_at_has_no_price_and_never_the_standard_one(
    tier: str,
) -> None:
    assert price_book.shipped().at("openai", "gpt-4.1", tier, context_band=0, day=TODAY) is None


@pytest.mark.parametrize(("input_tokens", "input_usd"), [(272_000, 10**8), (272_001, 2 * 10**8)])
def test_the_long_context_rate_begins_one_token_above_its_threshold(
    input_tokens: int, input_usd: int
) -> None:
    assert at("gpt-6-luna", "standard", bands.band_of(input_tokens)).uncached_input == input_usd


@given(st.integers(min_value=0, max_value=3 * 10**6), st.integers(min_value=0, max_value=3 * 10**6))
def test_bands_keep_the_order_of_inputs_and_every_size_opens_its_own(one: int, other: int) -> None:
    assert (bands.band_of(one) <= bands.band_of(other)) or one > other
    assert bands.band_of(one) == max((size for size in bands.SIZES if size < one), default=0)


def test_every_long_context_threshold_is_a_band() -> None:
    thresholds = {key.over_input_tokens for key in price_book.shipped().prices} - {0}
    assert thresholds
    assert thresholds <= set(bands.SIZES)
    assert list(bands.SIZES) == sorted(set(bands.SIZES))


def _book(days: list[int], key: PriceKey) -> PriceBook:
    rows = (
        Price(
            key=key,
            effective_from=day,
            rates=Rates(uncached_input=day),
            list_rates=Rates(uncached_input=day),
            source="test",
            checked="2026-11-23",
        )
        for day in sorted(days)
    )
    return PriceBook(version="test", prices={key: tuple(rows)}, facts={})


@given(st.lists(st.integers(10, 90), min_size=1, unique=True), st.integers(0, 100))
def test_the_price_in_force_is_the_latest_begun_and_the_first_serves_earlier_days_as_backdated(
    days: list[int], day: int
) -> None:
    price = _book(days, PriceKey("p", "m", "standard")).at(
        "p", "m", "standard", context_band=0, day=day
    )
    begun = [first_day for first_day in days if first_day <= day]
    assert price is not None
    assert price.effective_from == price.rates.uncached_input == max(begun, default=min(days))
    assert price.backdated == (not begun)


@given(
    st.lists(st.integers(10, 90), min_size=1, unique=True), st.integers(0, 100), st.integers(0, 100)
)
def test_between_two_change_days_the_price_stays(days: list[int], first: int, last: int) -> None:
    book = _book(days, PriceKey("p", "m", "standard"))
    changes = book.change_days([("p", "m")], first, last)
    assert changes == sorted(day for day in days if first < day <= last)
    assert book.change_days([("p", "other")], first, last) == []


def test_a_book_with_long_context_prices_alone_has_none_for_short_requests() -> None:
    book = _book([10], PriceKey("p", "m", "standard", 200_000))
    assert book.at("p", "m", "standard", context_band=0, day=20) is None
    assert book.at("p", "m", "standard", context_band=200_000, day=20) is not None


def test_ccusage_1636_a_day_keeps_the_price_of_that_day_after_a_cut() -> None:
    cut = clock.day_number(clock.EPOCH.date().replace(year=2025, month=6, day=10))
    assert (
        at("o3", "standard", day=cut - 1).uncached_input,
        at("o3", "standard", day=cut).uncached_input,
    ) == (
        10**10,
        2 * 10**9,
    )


def _standard_rates(key: PriceKey, size: int, day: int) -> Rates | None:
    """The standard rates for requests of more than a size, read from the rows themselves."""
    rows = price_book.shipped().prices.get(
        key._replace(service_tier="standard", over_input_tokens=size), ()
    )
    begun = [row for row in rows if row.effective_from <= day]
    return (begun or list(rows))[-1 if begun else 0].rates if rows else None


def test_litellm_39245_no_tier_of_the_book_takes_its_short_price_where_long_requests_cost_more() -> (
    None
):
    book, unpriced = price_book.shipped(), set()
    for key in book.prices:
        for day in sorted({TODAY, *(row.effective_from for row in book.prices[key])}):
            sizes = [size for size in bands.SIZES if _standard_rates(key, size, day) is not None]
            for size in sizes:
                price = book.at(*key[:3], context_band=size, day=day, region=key.region)
                long, short = (_standard_rates(key, step, day) for step in (size, 0))
                if long != short and (price is None or price.key.over_input_tokens < size):
                    assert price is None, (key, size, day)
                    unpriced.add((key.model, key.service_tier, size))
                else:
                    assert price is not None, (key, size, day)
    assert unpriced == {
        ("gpt-5.4", "priority", 272_000),
        ("gpt-5.5", "priority", 272_000),
        ("gpt-5.5-pro", "flex", 272_000),
    }


@pytest.mark.parametrize(("day", "is_priced"), [(20_524, False), (20_525, True), (TODAY, True)])
def test_a_tier_s_price_holds_for_long_requests_from_the_day_on_which_standard_is_flat(
    day: int, *, is_priced: bool
) -> None:
    """Anthropic asked more above 200,000 tokens until 2026-03-13."""
    price = price_book.shipped().at(
        "anthropic", "claude-opus-4-6", "batch", context_band=200_000, day=day
    )
    assert (price is not None) == is_priced
