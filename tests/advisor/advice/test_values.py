"""A recommendation is stored to the last femto-dollar, and totals add up its values."""

from dataclasses import fields, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.advice import rendering, values
from advisor.advice.figures import RecommendationFigure
from advisor.advice.values import Recommendation
from advisor.switching import advice, breakeven, cost, window, workloads
from advisor.switching.candidates import Estimate
from advisor.switching.standing import Standing
from ledger import pairs
from tests.advisor import advised, books, strategies

SPAN = window.Window(books.AS_OF_DAY - 28, books.AS_OF_DAY - 1)


def recommended(cells: list[cost.Cell], *, pass_rate: Fraction) -> Recommendation:
    """The best of three alternatives, with every figure that advice can have."""
    standing = Standing(
        coverage=Fraction(1),
        pass_rates=breakeven.PassRates(pass_rate, Fraction(1, 3)),
        forecast_error=Fraction(1, 7),
        workload_class=workloads.WorkloadClass("chat", "tag"),
    )
    terms = advice.Terms(
        pairs=pairs.parse("gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-4.1@batch"),
        one_off_femto_usd=40 * books.USD,
    )
    best, *others = advice.on_slice(
        books.slice_of(*cells, can_wait=True),
        standing,
        terms,
        market=books.MARKET,
    ).ranked
    return values.recommend(best, SPAN, "by hand", others=others, other_models=[advised.other()])


@given(strategies.SLICES, st.fractions(0, 1))
def test_what_is_stored_reads_back_as_the_same_value(
    cells: list[cost.Cell], pass_rate: Fraction
) -> None:
    recommendation = recommended(cells, pass_rate=pass_rate)
    again = values.decode(values.encode(recommendation))
    assert again == recommendation
    assert rendering.figure_of(again) == rendering.figure_of(recommendation)


@pytest.mark.parametrize("usd", [10**4, -(10**4), 10**9])
def test_amounts_beyond_64_bits_are_stored_exactly(usd: int) -> None:
    amount = usd * books.USD + 1
    assert abs(amount) > 2**63
    huge = replace(advised.recommendation(), saving=Estimate(amount, amount, amount))
    assert values.decode(values.encode(huge)).saving == huge.saving


def test_a_recommendation_that_is_not_counted_is_in_no_total() -> None:
    open_, aside = advised.recommendation("100.00"), advised.recommendation("70.00")
    aside = replace(aside, set_aside=True)
    assert values.total([open_, aside, open_]).month.low_femto_usd == 200 * books.USD
    assert not rendering.figure_of(aside).counted
    assert rendering.figure_of(aside).is_set_aside


def test_every_field_of_the_figure_is_filled() -> None:
    recommendation = recommended([books.cell(10**9, output=10**9)], pass_rate=Fraction(1))
    figure = rendering.figure_of(recommendation)
    names = [field.name for field in fields(RecommendationFigure)]
    unknown = {name for name in names if getattr(figure, name) is None}
    # The best is the same model at batch, which needs neither a router nor evidence.
    assert unknown == {
        "router_month_usd",
        "evidence",
        "latency",
        "condition",
        "next_step",
        "opt_out_reason",
        "replacement",
    }
