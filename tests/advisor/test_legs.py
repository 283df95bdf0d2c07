"""The three costs of the counterfactual are the formula's, whichever of their steps are whole numbers."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import cost, counterfactual
from advisor.switching.factors import Factors
from ledger.pricing import prices
from ledger.tokens import TokenCounts
from tests.advisor import books

RATE = st.integers(0, 10**11)
RATES = st.builds(
    prices.Rates, uncached_input=RATE, cached_input=RATE, cache_write_input=RATE, output=RATE
)
SHARE = st.fractions(0, 1, max_denominator=97)
FACTORS = st.builds(
    Factors,
    phi_in=st.fractions(0, 3, max_denominator=97) | st.just(Fraction(1)),
    cached_share=st.none() | SHARE,
)


@st.composite
def cells(draw: st.DrawFn) -> cost.Cell:
    """Text tokens, what was cached and written within the input."""
    cached, written, rest, output = (draw(st.integers(0, 10**12)) for _ in range(4))
    return cost.Cell(
        service_tier="standard",
        context_band=0,
        counts=TokenCounts(
            input_tokens=cached + written + rest,
            cached_input_tokens=cached,
            cache_write_input_tokens=written,
            output_tokens=output,
        ),
        requests=1,
    )


@given(st.lists(st.tuples(cells(), RATES, RATES), max_size=4), FACTORS)
def test_legs_are_the_formulas_fraction_by_fraction(
    drawn: list[tuple[cost.Cell, prices.Rates, prices.Rates]], at: Factors
) -> None:
    priced, stay, moved_in, moved_out = [], Fraction(0), Fraction(0), Fraction(0)
    for cell, now, instead in drawn:
        sides = (
            replace(books.price(books.BIG), rates=rates, list_rates=rates)
            for rates in (now, instead)
        )
        priced.append(counterfactual.PricedCell(cell, *sides))
        counts = cell.counts
        whole, held, written = (
            Fraction(n)
            for n in (
                counts.input_tokens,
                counts.cached_input_tokens,
                counts.cache_write_input_tokens,
            )
        )
        output = Fraction(counts.output_tokens)
        stay += _input(whole, held, written, now) + output * (now.output or 0)
        served = held if at.cached_share is None else min(at.cached_share * whole, whole - written)
        # A read that is lost becomes a write, where a write is dearer than plain input.
        if (instead.cache_write_input or 0) > (instead.uncached_input or 0):
            written += max(Fraction(0), held - served)
        moved_in += at.phi_in * _input(whole, served, written, instead)
        moved_out += output * (instead.output or 0)
    found = counterfactual.legs(priced, at)
    assert found == counterfactual.Legs(stay, moved_in, moved_out)
    assert all(
        type(leg) is Fraction
        for leg in (found.stay_femto_usd, found.input_femto_usd, found.output_femto_usd)
    )


def _input(whole: Fraction, cached: Fraction, written: Fraction, rates: prices.Rates) -> Fraction:
    """(I - C - W) p_in + C p_cached + W p_write."""
    plain = (whole - cached - written) * (rates.uncached_input or 0)
    return plain + cached * (rates.cached_input or 0) + written * (rates.cache_write_input or 0)
