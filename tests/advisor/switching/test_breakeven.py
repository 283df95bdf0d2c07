"""Break-evens: the closed forms by hand, and the law that the saving is gone exactly there."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given

from advisor.switching import breakeven, cost, counterfactual, factors
from tests.advisor import books, strategies

HALF_HALF = [books.moved(books.cell(10**6, output=10**6))]


def test_a_fivefold_price_ratio_bears_80_percent_escalation_as_priced() -> None:
    assert breakeven.compute(HALF_HALF, factors.NEUTRAL).escalation_rate == Fraction("0.8")


def test_a_fivefold_price_ratio_bears_63_7_percent_escalation_at_the_point_factors() -> None:
    assert breakeven.compute(HALF_HALF, factors.ASSUMED_EXPECTED).escalation_rate == Fraction(
        "0.6368"
    )


def test_output_may_grow_ninefold_when_it_is_half_of_the_cost_and_fivefold_when_it_is_all() -> None:
    # 4 input tokens at 2 cost as much as 1 output token at 8: 1 + (5 - 1) / 0.5 = 9.
    even = [books.moved(books.cell(4 * 10**6, output=10**6))]
    alone = [books.moved(books.cell(0, output=10**6))]
    limits = [breakeven.compute(cells, factors.NEUTRAL).output_inflation for cells in (even, alone)]
    assert limits == [9, 5]


def test_a_slice_without_output_has_no_output_limit() -> None:
    assert (
        breakeven.compute([books.moved(books.cell(10**6))], factors.NEUTRAL).output_inflation
        is None
    )


def test_a_slice_that_costs_nothing_has_no_limits() -> None:
    assert breakeven.compute([books.moved(books.cell(0))], factors.NEUTRAL) == breakeven.BreakEven(
        None, None
    )


def test_a_wrong_answer_may_cost_the_saving_spread_over_the_wrong_answers() -> None:
    # 100 USD over half of 1,000 requests of which 4 points more are wrong: 20 wrong answers, 5 USD each.
    half = factors.Factors(share=Fraction(1, 2))
    rates = breakeven.PassRates(Fraction("0.95"), Fraction("0.91"))
    found = breakeven.wrong_answer_femto_usd(Fraction(100), half, 1_000, rates)
    assert found == 5


@pytest.mark.parametrize("instead", [Fraction("0.95"), Fraction("0.99")])
def test_a_wrong_answer_has_no_price_where_the_target_is_not_worse(instead: Fraction) -> None:
    rates = breakeven.PassRates(Fraction("0.95"), instead)
    limit = breakeven.wrong_answer_femto_usd(Fraction(100), factors.NEUTRAL, 1_000, rates)
    assert limit is None


def test_a_right_answer_costs_what_all_cost_over_the_right_ones() -> None:
    # In decimals: 2.20 USD for 1,000 answers of which 88 % are right are 0.0025 USD each; of none right nobody can say.
    spent = Fraction(Decimal("2.20"))
    assert breakeven.good_answer_femto_usd(spent, 1_000, Fraction("0.88")) == Fraction(
        Decimal("0.0025")
    )
    assert breakeven.good_answer_femto_usd(spent, 1_000, Fraction(0)) is None
    assert breakeven.good_answer_femto_usd(Fraction(0), 0, Fraction(1)) is None


def test_pass_rates_give_the_third_break_even_and_without_them_there_is_none() -> None:
    # In decimals: 10 USD at 67.1 % saves 6.71; of 2,000 answers 4 points more are wrong, 80: 0.083875 USD each.
    found = breakeven.compute(
        HALF_HALF, factors.ASSUMED_EXPECTED, breakeven.PassRates(Fraction("0.95"), Fraction("0.91"))
    )
    assert found.wrong_answer_femto_usd == Fraction(Decimal("0.083875")) * books.USD
    assert breakeven.compute(HALF_HALF, factors.ASSUMED_EXPECTED).wrong_answer_femto_usd is None


@given(strategies.SLICES, strategies.FACTORS)
def test_at_the_escalation_limit_the_saving_is_exactly_zero(
    cells: list[cost.Cell], found: factors.Factors
) -> None:
    moved = [books.moved(each) for each in cells]
    limit = breakeven.compute(moved, found).escalation_rate
    assume(limit is not None and 0 <= limit <= 1)
    assert limit is not None
    assert counterfactual.saving(moved, replace(found, escalation_rate=limit)) == 0


@given(strategies.SLICES, strategies.FACTORS)
def test_at_the_output_limit_the_saving_is_exactly_zero(
    cells: list[cost.Cell], found: factors.Factors
) -> None:
    moved = [books.moved(each) for each in cells]
    limit = breakeven.compute(moved, found).output_inflation
    assume(limit is not None and limit >= 0)
    assert limit is not None
    assert counterfactual.saving(moved, replace(found, phi_out=limit)) == 0
