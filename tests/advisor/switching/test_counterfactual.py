"""What a move saves: hand-worked examples, and laws over any slice and factors."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import cost, counterfactual, factors
from ledger.errors import PriceUnknown, UsageError
from ledger.pricing import prices
from ledger.tokens import TokenCounts
from tests.advisor import books, strategies

ENDS = (factors.ASSUMED_LOW, factors.ASSUMED_EXPECTED, factors.ASSUMED_HIGH)


def _percent_saved(of: cost.Cell, end: factors.Factors) -> Fraction:
    cells = [books.moved(of)]
    return (
        100
        * counterfactual.saving(cells, end)
        / counterfactual.legs(cells, factors.NEUTRAL).stay_femto_usd
    )


def test_the_shipped_factors_save_41_67_75_percent_of_uncached_input() -> None:
    saved = [_percent_saved(books.cell(10**6), end) for end in ENDS]
    assert saved == [Fraction("41.5"), Fraction("67.1"), Fraction("75")]


def test_the_shipped_factors_save_33_67_78_percent_of_half_input_half_output() -> None:
    saved = [_percent_saved(books.cell(10**6, output=10**6), end) for end in ENDS]
    assert saved == [Fraction("33.1"), Fraction("67.1"), Fraction("78.2")]


def test_the_low_end_of_a_heavily_cached_slice_is_a_loss_and_keeps_its_sign() -> None:
    # 90 % cached: A costs 0.1 x 2 + 0.9 x 0.5 = 0.65 USD, B uncached 0.40 x 1.05 = 0.42, and 37.5 % of A comes back.
    assert _percent_saved(books.cell(10**6, 9 * 10**5), factors.ASSUMED_LOW) == 100 * Fraction(
        "-0.01375"
    ) / Fraction("0.65")


def test_a_saving_worked_by_hand_with_every_factor() -> None:
    # A: 600k x 2 + 400k x 0.50 + 100k x 8 = 2.20 USD. B: input 1.2M, a quarter cached: 900k x 0.40 + 300k x 0.10 = 0.39,
    # output 200k x 1.60 = 0.32; with 10 % retries 0.781. Back to A: 0.2 x 1.5 x 2.20 = 0.66. Verifier 0.05.
    given_factors = factors.Factors(
        phi_in=Fraction("1.2"),
        phi_out=Fraction(2),
        escalation_rate=Fraction("0.2"),
        extra_attempts=Fraction("0.1"),
        sigma=Fraction("1.5"),
        cached_share=Fraction("0.25"),
        verifier_femto_usd=books.USD // 20,
        share=Fraction("0.5"),
    )
    saved = counterfactual.saving([books.moved(books.cell(10**6, 400_000, 100_000))], given_factors)
    assert (
        saved
        == Fraction("0.5")
        * (Fraction("2.20") - Fraction("0.781") - Fraction("0.66") - Fraction("0.05"))
        * books.USD
    )


def test_input_of_unknown_detail_counts_as_cached_on_the_source_and_uncached_on_the_target_at_the_low_end() -> (
    None
):
    # Tier alone, standard to batch: A at the low end 1M x 0.50, B 1M x 1: a loss of half a dollar instead of a saving of one.
    item = counterfactual.PricedCell(
        books.cell(10**6, unknown=10**6), books.price(books.BIG), books.price(books.BIG, "batch")
    )
    low, expected = (
        counterfactual.saving([item], end)
        for end in (factors.TIER_ALONE.low, factors.TIER_ALONE.expected)
    )
    assert [low, expected] == [-books.USD // 2, books.USD]


def test_audio_is_priced_at_its_own_rates_on_both_sides_and_is_never_taken_for_cached_text() -> (
    None
):
    # A: 500k x 2 + 300k x 0.50 + 200k audio x 10 = 3.15 USD, output 60k x 8 + 40k audio x 20 = 1.28. B costs half of each.
    rates_a = replace(
        books.rates("2", "0.50", "8"), input_audio=10 * 10**9, output_audio=20 * 10**9
    )
    rates_b = replace(books.rates("1", "0.25", "4"), input_audio=5 * 10**9, output_audio=10 * 10**9)
    counts = TokenCounts(
        input_tokens=10**6,
        cached_input_tokens=300_000,
        cache_write_input_tokens=0,
        output_tokens=100_000,
        input_audio_tokens=200_000,
        output_audio_tokens=40_000,
    )
    heard = replace(books.cell(0, requests=1), counts=counts, detail_unknown_input_tokens=600_000)
    now, instead = (replace(books.price(books.BIG), rates=found) for found in (rates_a, rates_b))
    costs = counterfactual.legs([counterfactual.PricedCell(heard, now, instead)], factors.NEUTRAL)
    assert costs.stay_femto_usd == Fraction("4.43") * books.USD
    assert (costs.input_femto_usd, costs.output_femto_usd) == (
        Fraction("1.575") * books.USD,
        Fraction("0.64") * books.USD,
    )
    assert counterfactual.unknown_tokens(heard) == 500_000


def _input_on(model_rates: prices.Rates, of: cost.Cell, at: factors.Factors) -> list[int]:
    """Uncached, cached and cache-write input tokens on a target."""
    instead = replace(books.price(books.MINI), rates=model_rates)
    priced = counterfactual.PricedCell(of, books.price(books.BIG), instead)
    tokens = counterfactual.target_input(priced, at)
    return [int(tokens[meter]) for meter in ("uncached_input", "cached_input", "cache_write_input")]


def test_a_measured_cached_share_does_not_reach_input_of_unknown_detail_at_the_low_end() -> None:
    end = factors.Factors(cached_share=Fraction(1, 2), unknown_input_is_cached=True)
    assert _input_on(books.RATES[books.MINI, "standard"], books.cell(1_000, unknown=400), end) == [
        700,
        300,
        0,
    ]


def test_a_target_without_cache_rates_takes_everything_as_ordinary_input() -> None:
    bare = books.rates("1", None, "1")
    assert _input_on(bare, books.cell(1_000, 500, written=300), factors.NEUTRAL) == [1_000, 0, 0]


def test_the_cached_share_never_eats_into_what_is_written_to_the_cache() -> None:
    all_cached = factors.Factors(cached_share=Fraction(1))
    assert _input_on(
        books.RATES[books.LUNA, "standard"], books.cell(1_000, written=300), all_cached
    ) == [0, 700, 300]


def test_escalated_cost_is_capped_at_the_whole_source() -> None:
    assert (
        factors.Factors(escalation_rate=Fraction("0.9"), sigma=Fraction(3)).escalated_cost_share
        == 1
    )


def test_tokens_without_a_rate_on_the_target_are_refused_not_free() -> None:
    counts = TokenCounts(input_tokens=100, input_audio_tokens=10)
    audio = replace(books.cell(0), counts=counts)
    heard = replace(
        books.price(books.BIG), rates=replace(books.RATES[books.BIG, "standard"], input_audio=1)
    )
    item = counterfactual.PricedCell(audio, heard, books.price(books.MINI))
    with pytest.raises(PriceUnknown, match=r"prices set gpt-4\.1-mini"):
        counterfactual.legs([item], factors.NEUTRAL)


@given(strategies.SLICES)
def test_the_price_gap_of_the_pair_is_80_percent_for_any_mix_and_tier(
    cells: list[cost.Cell],
) -> None:
    gap = counterfactual.price_gap([books.moved(each) for each in cells])
    assert gap == (Fraction(4, 5) if any(each.counts.total_tokens for each in cells) else None)


@given(strategies.SLICES)
def test_neutral_factors_price_the_target_as_the_ledger_would(cells: list[cost.Cell]) -> None:
    ledgers = sum(
        prices.cost(each.counts, books.RATES[books.MINI, each.service_tier]).femto_usd
        for each in cells
    )
    legs = counterfactual.legs([books.moved(each) for each in cells], factors.NEUTRAL)
    assert legs.moved_femto_usd(factors.NEUTRAL) == ledgers


@given(strategies.SLICES, strategies.FACTORS)
def test_a_saving_is_linear_in_the_share_that_moves(
    cells: list[cost.Cell], found: factors.Factors
) -> None:
    moved = [books.moved(each) for each in cells]
    assert counterfactual.saving(moved, found) == found.share * counterfactual.saving(
        moved, strategies.whole(found)
    )


@given(
    strategies.SLICES,
    strategies.FACTORS,
    st.sampled_from(["escalation_rate", "phi_in", "phi_out", "extra_attempts", "sigma"]),
    st.fractions(0, 1, max_denominator=10),
)
def test_a_saving_never_grows_with_a_factor_that_costs(
    cells: list[cost.Cell], found: factors.Factors, name: str, more: Fraction
) -> None:
    raised = getattr(found, name) + more
    worse = replace(
        found, **{name: min(raised, Fraction(1)) if name == "escalation_rate" else raised}
    )
    moved = [books.moved(each) for each in cells]
    assert counterfactual.saving(moved, worse) <= counterfactual.saving(moved, found)


@given(strategies.SLICES, st.sampled_from([factors.ASSUMED, factors.TIER_ALONE]), strategies.SHARES)
def test_low_is_at_most_point_is_at_most_high_is_at_most_the_cost(
    cells: list[cost.Cell], band: factors.Band, share: Fraction
) -> None:
    band = band.with_share(share)
    moved = [books.moved(each) for each in cells]
    low, expected, high = (
        counterfactual.saving(moved, end) for end in (band.low, band.expected, band.high)
    )
    assert low <= expected <= high <= counterfactual.legs(moved, factors.NEUTRAL).stay_femto_usd


@given(strategies.SLICES, strategies.FACTORS, st.permutations(range(4)))
def test_the_order_of_cells_changes_nothing(
    cells: list[cost.Cell], found: factors.Factors, order: list[int]
) -> None:
    moved = [books.moved(each) for each in cells]
    shuffled = [moved[index] for index in order if index < len(moved)]
    assert counterfactual.saving(shuffled, found) == counterfactual.saving(moved, found)


@given(strategies.SLICES, strategies.FACTORS)
def test_without_escalation_a_router_and_a_cascade_save_the_same(
    cells: list[cost.Cell], found: factors.Factors
) -> None:
    calm = replace(found, escalation_rate=Fraction(0))
    legs = counterfactual.legs([books.moved(each) for each in cells], calm)
    assert counterfactual.router_saving(legs, calm) == counterfactual.saving_of(legs, calm)


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("share", lambda: factors.Factors(share=Fraction(2))),
        ("escalation_rate", lambda: factors.Factors(escalation_rate=Fraction(-1))),
        ("cached_share", lambda: factors.Factors(cached_share=Fraction(3, 2))),
        ("phi_out", lambda: factors.Factors(phi_out=Fraction(-1))),
        ("sigma", lambda: factors.Factors(sigma=Fraction(0))),
    ],
)
def test_a_factor_out_of_range_is_refused_by_name(
    name: str, build: Callable[[], factors.Factors]
) -> None:
    with pytest.raises(UsageError, match=name):
        build()
