"""The ratio test: worked by hand, its properties, and how often a target at the margin passes."""

from decimal import Decimal
from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.evidence import margin, ratio, significance
from advisor.evidence.pair_counts import PairCounts
from bench import evidence as bench
from tests.advisor.evidence.examples import counts_of

pair_counts = st.builds(counts_of, *[st.integers(0, 200)] * 4)


def test_a_comparison_worked_by_hand() -> None:
    """200 pairs, 150 right for both, 12 only for A, 8 only for B: pA 0.81, pB 0.79."""
    th, p_a, p_b = Decimal("0.9"), Decimal("0.81"), Decimal("0.79")
    root = ((p_b - th**2 * p_a) ** 2 + 4 * th**2 * Decimal("0.04") * Decimal("0.06")).sqrt()
    q = (-p_b + th**2 * (p_a + 2 * Decimal("0.04")) + root) / (2 * th * (th + 1))
    w = (1 - Decimal("0.15")) * (1 - th) + th * q
    by_hand = (p_b - th * p_a) / (th * (q + w) / 200).sqrt()
    statistic = ratio.z_statistic(counts_of(150, 12, 8, 30), 0.9)
    assert statistic is not None
    assert isclose(statistic, float(by_hand), rel_tol=1e-12)
    assert round(by_hand, 4) == Decimal("2.4687")


@pytest.mark.parametrize(("pairs", "passes"), [(24, False), (25, True)])
def test_perfect_agreement_passes_from_25_pairs_on(pairs: int, passes: bool) -> None:
    verdict = significance.verdict(ratio.z_statistic(counts_of(pairs, 0, 0, 0), 0.9))
    assert verdict == ("non_inferior" if passes else "inconclusive")


@pytest.mark.parametrize(
    "silent", [counts_of(0, 0, 0, 0), counts_of(0, 0, 9, 0), counts_of(0, 0, 0, 300)]
)
def test_without_a_right_answer_of_the_source_nothing_is_decided(silent: PairCounts) -> None:
    assert ratio.z_statistic(silent, 0.9) is None
    assert significance.verdict(ratio.z_statistic(silent, 0.9)) == "inconclusive"
    assert ratio.lower_bound(silent) is None


def test_a_target_that_is_never_right_is_inferior_and_its_bound_is_0() -> None:
    counts = counts_of(0, 180, 0, 20)
    assert (significance.verdict(ratio.z_statistic(counts, 0.9)), ratio.lower_bound(counts)) == (
        "inferior",
        0.0,
    )


@given(pair_counts)
def test_the_verdict_and_the_bound_agree(counts: PairCounts) -> None:
    statistic, bound = ratio.z_statistic(counts, 0.9), ratio.lower_bound(counts)
    if statistic is not None and bound is not None and abs(statistic - significance.Z) > 1e-6:
        assert (statistic > significance.Z) == (bound > 0.9)


@given(pair_counts, st.floats(0.05, 1.5), st.floats(0.01, 0.5))
def test_the_statistic_falls_in_the_ratio(counts: PairCounts, low: float, more: float) -> None:
    first, second = ratio.z_statistic(counts, low), ratio.z_statistic(counts, low + more)
    if first is not None and second is not None:
        assert second <= first + 1e-9


@given(pair_counts)
def test_one_more_pair_that_the_target_gets_right_never_speaks_against_it(
    counts: PairCounts,
) -> None:
    better = counts_of(counts.both, counts.only_a, counts.only_b + 1, counts.neither)
    before, after = ratio.z_statistic(counts, 0.9), ratio.z_statistic(better, 0.9)
    if before is not None and after is not None and before > significance.Z:
        assert after > significance.Z


@given(pair_counts.filter(lambda counts: counts.only_a + counts.only_b > 0 and counts.right_a > 0))
def test_at_a_ratio_of_1_it_is_mcnemars_test_and_so_is_the_margin_at_0(counts: PairCounts) -> None:
    mcnemar = (counts.only_b - counts.only_a) / sqrt(counts.only_b + counts.only_a)
    for statistic in (ratio.z_statistic(counts, 1.0), margin.z_statistic(counts, 0.0)):
        assert statistic is not None
        assert isclose(statistic, mcnemar, rel_tol=1e-6, abs_tol=1e-6)


@pytest.mark.parametrize("pairs", [50, 100])
def test_a_target_at_the_margin_passes_as_seldom_as_promised(pairs: int) -> None:
    most, least_usual, most_usual = bench.worst(pairs)
    assert most <= 0.06
    assert 0.037 <= least_usual <= most_usual <= 0.055


@pytest.mark.full
def test_at_200_pairs_too_and_at_every_number_of_pairs_at_most_6_3_percent() -> None:
    most, least_usual, most_usual = bench.worst(200)
    assert most <= 0.06
    assert 0.037 <= least_usual <= most_usual <= 0.055
    assert max(bench.worst(pairs)[0] for pairs in range(50, 201)) <= 0.063


def test_passing_grows_with_the_pairs_that_both_get_right() -> None:
    """What the exact enumeration rests on."""
    for only_a in range(0, 31, 3):
        for only_b in range(0, 31 - only_a, 3):
            agreeing = 60 - only_a - only_b
            passes = [
                significance.verdict(
                    ratio.z_statistic(counts_of(both, only_a, only_b, agreeing - both), 0.9)
                )
                == "non_inferior"
                for both in range(agreeing + 1)
            ]
            assert passes == sorted(passes)


def test_counting_every_item_of_a_conversation_would_pass_two_to_four_times_too_many() -> None:
    one_each, every_item = (
        bench.clustered_share(4, count_one=True, draws=3_000),
        bench.clustered_share(4, count_one=False, draws=3_000),
    )
    assert one_each <= 0.06
    assert every_item > 2 * 0.05
