"""Hypothesis strategies for cells and factors, over everything that the ledger can hold."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import strategies as st

from advisor.switching import cost, factors
from ledger.tokens import TokenCounts

SHARES = st.fractions(0, 1, max_denominator=100)


@st.composite
def cells(draw: st.DrawFn, tiers: tuple[str, ...] = ("standard", "batch", "priority")) -> cost.Cell:
    """Any cell of text tokens whose parts do not exceed their whole."""
    cached, written, uncached = (draw(st.integers(0, 10**10)) for _ in range(3))
    whole = cached + written + uncached
    counts = TokenCounts(
        input_tokens=whole,
        cached_input_tokens=cached,
        cache_write_input_tokens=written,
        output_tokens=draw(st.integers(0, 10**10)),
    )
    return cost.Cell(
        service_tier=draw(st.sampled_from(tiers)),
        context_band=0,
        counts=counts,
        requests=draw(st.integers(1, 10**6)),
        detail_unknown_input_tokens=draw(st.integers(0, whole)),
    )


SLICES = st.lists(cells(), min_size=1, max_size=4)

FACTORS = st.builds(
    factors.Factors,
    phi_in=st.fractions(0, 3, max_denominator=100),
    phi_out=st.fractions(0, 9, max_denominator=100),
    escalation_rate=SHARES,
    extra_attempts=st.fractions(0, 2, max_denominator=100),
    sigma=st.fractions(Fraction(1, 10), 3, max_denominator=100),
    cached_share=st.none() | SHARES,
    written_share=st.none() | SHARES,
    verifier_femto_usd=st.integers(0, 10**18),
    share=SHARES,
    unknown_input_is_cached=st.booleans(),
)


def whole(found: factors.Factors) -> factors.Factors:
    """The same factors with the whole slice moving."""
    return replace(found, share=Fraction(1))
