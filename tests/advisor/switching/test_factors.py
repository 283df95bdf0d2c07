"""Where factors come from: neutral, assumed, measured or given, and how much of that is still to be measured."""

from fractions import Fraction

import pytest

from advisor.switching import factors
from tests.advisor.evidence import examples

HALF = [Fraction(1, 2)] * 3


@pytest.mark.parametrize(
    ("band", "basis", "unmeasured"),
    [
        (factors.ASSUMED, "assumed", 4),
        (factors.ASSUMED.with_given("cached_share", HALF), "assumed", 4),
        (factors.TIER_ALONE, "neutral", 0),
        (factors.TIER_ALONE.with_given("share", HALF), "neutral", 0),
        (factors.TIER_ALONE.with_given("cached_share", HALF), "given", 1),
    ],
)
def test_a_band_says_what_it_rests_on(band: factors.Band, basis: str, unmeasured: int) -> None:
    assert (band.basis, band.unmeasured) == (basis, unmeasured)


def test_what_was_measured_replaces_what_was_assumed_by_the_bound_that_saves_least() -> None:
    seen = examples.measurement("0.9", "1", "1.1")
    cached = examples.measurement("0.9", "0.95", "1.05")
    band = factors.ASSUMED.with_measured({"phi_in": seen, "phi_out": seen, "cached_share": cached})
    assert [end.phi_out for end in (band.low, band.expected, band.high)] == [
        seen.most,
        seen.expected,
        seen.least,
    ]
    assert [end.cached_share for end in (band.low, band.expected, band.high)] == [
        cached.least,
        cached.expected,
        1,
    ]
    assert (sorted(band.measured), band.unmeasured, band.basis) == (
        ["cached_share", "phi"],
        2,
        "partly measured",
    )
    labels = [
        band.label_of(name) for name in ("phi_in", "phi_out", "cached_share", "escalation_rate")
    ]
    assert labels == ["measured", "measured", "measured", "assumed"]
