"""The test of a difference: the example of its author, its properties, and its false passes."""

import random
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.evidence import margin, significance
from advisor.evidence.pair_counts import PairCounts
from tests.advisor.evidence.examples import counts_of

pair_counts = st.builds(counts_of, *[st.integers(0, 200)] * 4)


def test_the_example_of_the_paper() -> None:
    """Tango (1998), 44 pairs, 43 alike and 1 only for A.

    Z is 1.709 at a margin of 10 points, the bound -0.096.
    """
    counts = counts_of(43, 1, 0, 0)
    statistic, bound = margin.z_statistic(counts, -0.1), margin.lower_bound(counts)
    assert statistic is not None
    assert bound is not None
    assert isclose(statistic, 1.709, abs_tol=5e-4)
    assert isclose(bound, -0.096, abs_tol=5e-4)


@given(pair_counts)
def test_the_verdict_and_the_bound_agree(counts: PairCounts) -> None:
    statistic, bound = margin.z_statistic(counts, -0.05), margin.lower_bound(counts)
    if statistic is not None and bound is not None and abs(statistic - significance.Z) > 1e-6:
        assert (statistic > significance.Z) == (bound > -0.05)


@given(pair_counts, st.floats(-0.9, 0.8), st.floats(0.01, 0.1))
def test_the_statistic_falls_in_the_difference_asked_for(
    counts: PairCounts, low: float, more: float
) -> None:
    first, second = margin.z_statistic(counts, low), margin.z_statistic(counts, low + more)
    if first is not None and second is not None:
        assert second <= first + 1e-9


def test_without_a_pair_nothing_is_said() -> None:
    nothing = counts_of(0, 0, 0, 0)
    assert (margin.z_statistic(nothing, -0.05), margin.lower_bound(nothing)) == (None, None)


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        (counts_of(0, 0, 0, 200), "inconclusive"),  # nobody was ever right
        (counts_of(0, 0, 40, 160), "inconclusive"),  # nothing to keep up with
        (
            counts_of(0, 10, 0, 990),
            "inconclusive",
        ),  # one point below a source of one point, and never right
        (counts_of(0, 180, 0, 20), "inferior"),
        (counts_of(180, 4, 4, 12), "non_inferior"),
    ],
)
def test_a_target_that_was_never_right_is_never_good_enough(
    counts: PairCounts, verdict: str
) -> None:
    assert significance.verdict(margin.z_statistic(counts, -0.05)) == verdict


def test_a_target_at_the_margin_passes_about_one_time_in_twenty() -> None:
    draws, passes = random.Random(3), 0  # noqa: S311  # repeatable on purpose
    for _ in range(20_000):
        drawn = draws.choices(range(4), (0.78, 0.10, 0.05, 0.07), k=200)
        counts = counts_of(*(drawn.count(cell) for cell in range(4)))
        passes += significance.verdict(margin.z_statistic(counts, -0.05)) == "non_inferior"
    assert 0.037 <= passes / 20_000 <= 0.06
