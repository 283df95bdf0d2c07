"""The printed arithmetic of any recommendation: a calculator agrees with every step, and the ends are those of the advice."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from advisor.advice import arithmetic, rendering, values
from advisor.switching import advice, breakeven, cost, factors, window
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from cli.text import step_text
from ledger import pairs
from tests.advisor import books, strategies
from tests.cli import steps

SPAN = window.Window(books.AS_OF_DAY - 28, books.AS_OF_DAY - 1)
_LUNA = books.price(books.LUNA)
_TIERS = {_LUNA.key._replace(service_tier=tier): (_LUNA,) for tier in ("batch", "priority")}
MARKET = Market(replace(books.book(), prices={**books.book().prices, **_TIERS}), books.AS_OF_DAY)
"""The hand-written book, with a target at every tier that bills what it writes to its cache."""
PERCENT = st.integers(0, 100).map(lambda number: Fraction(number, 100))
FACTORS = st.builds(
    factors.Factors,
    phi_in=st.integers(0, 300).map(lambda number: Fraction(number, 100)),
    phi_out=st.integers(0, 900).map(lambda number: Fraction(number, 100)),
    escalation_rate=PERCENT,
    extra_attempts=st.integers(0, 200).map(lambda number: Fraction(number, 100)),
    sigma=st.integers(1, 300).map(lambda number: Fraction(number, 100)),
    cached_share=st.none() | PERCENT,
    written_share=st.none() | PERCENT,
    verifier_femto_usd=st.integers(0, 10**12).map(lambda number: number * 10**6),
    share=PERCENT,
    unknown_input_is_cached=st.booleans(),
)


@given(
    strategies.SLICES,
    FACTORS,
    FACTORS,
    FACTORS,
    st.sampled_from(["gpt-4.1:gpt-4.1-mini", "gpt-4.1:gpt-4.1-mini@batch", "gpt-4.1:gpt-6-luna"]),
    PERCENT,
    PERCENT,
)
def test_every_step_of_any_advice_agrees_with_a_calculator(
    cells: list[cost.Cell],
    low: factors.Factors,
    expected: factors.Factors,
    high: factors.Factors,
    pair: str,
    now: Fraction,
    instead: Fraction,
) -> None:
    slice_ = books.slice_of(*cells, can_wait=True)
    standing = Standing(coverage=Fraction(1), pass_rates=breakeven.PassRates(now, instead))
    terms = advice.Terms(pairs=(), one_off_femto_usd=40 * books.USD)
    band = factors.Band(
        low=low,
        expected=replace(expected, unknown_input_is_cached=False),
        high=high,
        label="assumed",
    )
    found = advice.on_pair(
        slice_,
        pairs.parse_one(pair),
        band,
        standing=standing,
        terms=terms,
        market=MARKET,
    )
    recommendation = values.recommend(found, SPAN, "by hand")
    figure = rendering.figure_of(recommendation)
    told = steps.work_out("\n".join(step_text.lines(arithmetic.blocks(recommendation))))
    assert figure.saving_month is not None
    assert told.of("At the low end, on", "per average month") == Fraction(
        figure.saving_month.low_usd
    )
    assert told.of("As expected", "per average month") == Fraction(figure.saving_month.expected_usd)
    assert told.of("At the high end", "per average month") == Fraction(figure.saving_month.high_usd)
    assert told.of("As expected", "that per average month") == Fraction(
        figure.router_month_usd or ""
    )
