"""Which assumption a saving hangs on."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import cost, counterfactual, factors, sensitivity
from tests.advisor import books, strategies


def test_the_swings_of_half_input_half_output_by_hand() -> None:
    # At the point 67.1 of 100. Output x 1.5: (0.4 + 2.4) x 1.02 of 10 USD = 2.856, so 58.94; e 0.25: 1 - 0.204 - 0.3125.
    swings = {
        s.factor: s
        for s in sensitivity.swings([books.moved(books.cell(10**6, output=10**6))], factors.ASSUMED)
    }
    tenth = Fraction(books.USD, 10)
    assert swings["phi_out"].at_low_femto_usd == Fraction("58.94") * tenth
    assert swings["escalation_rate"].at_low_femto_usd == Fraction("48.35") * tenth
    assert swings["extra_attempts"].at_high_femto_usd == Fraction("67.5") * tenth
    assert "cached_share" not in swings  # nothing is cached, so it changes nothing


def test_a_move_of_tier_alone_hangs_on_nothing_that_is_known() -> None:
    assert list(sensitivity.swings([books.moved(books.cell(10**6))], factors.TIER_ALONE)) == []


@given(strategies.SLICES, strategies.FACTORS, strategies.FACTORS, strategies.FACTORS)
def test_a_swing_is_the_saving_with_that_factor_alone_moved(
    cells: list[cost.Cell], low: factors.Factors, expected: factors.Factors, high: factors.Factors
) -> None:
    moved = [books.moved(each) for each in cells]
    band = factors.Band(low=low, expected=expected, high=high, label="assumed")
    for swing in sensitivity.swings(moved, band):
        for end, saved in ((low, swing.at_low_femto_usd), (high, swing.at_high_femto_usd)):
            changed = replace(expected, **{swing.factor: getattr(end, swing.factor)})
            assert saved == counterfactual.saving(moved, changed)


@given(
    strategies.SLICES, st.sampled_from(["escalation_rate", "phi_out", "extra_attempts", "sigma"])
)
def test_the_low_end_of_a_factor_never_saves_more_than_its_high_end(
    cells: list[cost.Cell], name: str
) -> None:
    for swing in sensitivity.swings([books.moved(each) for each in cells], factors.ASSUMED):
        if swing.factor == name:
            assert swing.at_low_femto_usd < swing.at_high_femto_usd
