"""The score test of a ratio of two paired pass rates. Pure.

Source: J.-M. Nam and W. C. Blackwelder, Analysis of the ratio of marginal probabilities in a
matched-pair setting, Statistics in Medicine 21 (2002) 689-699. The variance is the one at the
margin. It keeps its level in small samples, where a Wald or t bound passes 5 to 20 % of the targets
that are exactly at the margin.
"""

from math import sqrt

from advisor.evidence import significance
from advisor.evidence.pair_counts import PairCounts


def z_statistic(counts: PairCounts, ratio: float) -> float | None:
    """How far B's pass rate lies above `ratio` (over 0) times A's.

    In standard errors at that ratio. None where nothing can be said: without a pair, where A was
    never right, or where neither ever was.
    """
    distance_and_error = distance(counts, ratio)
    return None if distance_and_error is None else distance_and_error[0] / distance_and_error[1]


def distance(counts: PairCounts, ratio: float) -> tuple[float, float] | None:
    """B's pass rate less `ratio` times A's, and its standard error at the margin."""
    n = counts.pairs
    if not n or not counts.right_a or counts.neither == n:
        return None
    p_a, p_b = counts.right_a / n, counts.right_b / n
    only_a, only_b, neither = counts.only_a / n, counts.only_b / n, counts.neither / n
    root = sqrt((p_b - ratio**2 * p_a) ** 2 + 4 * ratio**2 * only_b * only_a)
    q = (-p_b + ratio**2 * (p_a + 2 * only_b) + root) / (2 * ratio * (ratio + 1))
    w = (1 - neither) * (1 - ratio) + ratio * q
    variance = ratio * (q + w) / n
    # At a ratio of 1 without a discordant pair nothing varies; rounding can then go just below 0.
    return (p_b - ratio * p_a, sqrt(variance)) if variance > 0 else None


def lower_bound(counts: PairCounts) -> float | None:
    """The one-sided 95 % lower bound of B's pass rate over A's.

    0 where B was never right, None where A never was. The statistic falls as the ratio grows, so
    the bound is the one root between 0 and the observed ratio.
    """
    if not counts.right_a:
        return None
    if not counts.right_b:
        return 0.0
    observed = counts.right_b / counts.right_a
    return significance.crossing(lambda ratio: _statistic_or_zero(counts, ratio), 0.0, observed)


def _statistic_or_zero(counts: PairCounts, ratio: float) -> float:
    statistic = z_statistic(counts, ratio)
    return 0.0 if statistic is None else statistic
