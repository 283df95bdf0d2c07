"""The score test of a difference of two paired pass rates. Pure.

Source: T. Tango, Equivalence test and confidence interval for the difference in proportions for the
paired-sample design, Statistics in Medicine 17 (1998) 891-908.
"""

from math import sqrt

from advisor.evidence import significance
from advisor.evidence.pair_counts import PairCounts


def z_statistic(counts: PairCounts, difference: float) -> float | None:
    """How far B's pass rate less A's lies above `difference` (over -1, under 1).

    In standard errors at that difference. None where nothing can be said: without a pair, where A
    was never right, or where nothing varies. A target that was never right is never above it: where
    the source is seldom right, the margin alone would let such a target pass.
    """
    score = _score(counts, difference) if counts.right_a else None
    return None if score is not None and score > 0 and not counts.right_b else score


def lower_bound(counts: PairCounts) -> float | None:
    """The one-sided 95 % lower bound of B's pass rate less A's.

    None without a pair, or where A was never right.
    """
    if not counts.right_a:
        return None
    observed = (counts.only_b - counts.only_a) / counts.pairs
    return significance.crossing(
        lambda difference: _score_or_zero(counts, difference), -1.0, observed
    )


def _score(counts: PairCounts, difference: float) -> float | None:
    n = counts.pairs
    if not n:
        return None
    a = 2 * n
    b = -counts.only_b - counts.only_a + (2 * n - counts.only_b + counts.only_a) * difference
    c = -counts.only_a * difference * (1 - difference)
    q = (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = n * (2 * q + difference * (1 - difference))
    distance = counts.only_b - counts.only_a - n * difference
    return distance / sqrt(variance) if variance > 0 else None


def _score_or_zero(counts: PairCounts, difference: float) -> float:
    score = _score(counts, difference)
    return 0.0 if score is None else score
