"""The score test of a ratio of two paired pass rates. Pure.

Source: J.-M. Nam and W. C. Blackwelder, Analysis of the ratio of marginal probabilities in a matched-pair setting,
Statistics in Medicine 21 (2002) 689-699. The variance is the one at the margin, which holds its level in small samples,
where a Wald or t bound passes 5 to 20 % of the targets that are exactly at it.
"""

from math import sqrt

from advisor.evidence import paired


def z_statistic(counts: paired.Counts, ratio: float) -> float | None:
    """How far B's pass rate lies above `ratio` times A's, in standard errors at that ratio; 0 < ratio.

    None where nothing can be said: without a pair, where A was never right, or where neither ever was.
    """
    found = standard(counts, ratio)
    return None if found is None else found[0] / found[1]


def standard(counts: paired.Counts, ratio: float) -> tuple[float, float] | None:
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
    # Rounding can leave a hair below 0 of what is 0: at a ratio of 1 and no discordant pair nothing varies.
    return (p_b - ratio * p_a, sqrt(variance)) if variance > 0 else None


def lower_bound(counts: paired.Counts) -> float | None:
    """The one-sided 95 % lower bound of B's pass rate over A's; 0 where B was never right, None where A never was.

    The statistic falls in the ratio, so the bound is the one root between 0 and the ratio seen.
    """
    if not counts.right_a:
        return None
    if not counts.right_b:
        return 0.0
    return paired.crossing(
        lambda ratio: _signed(counts, ratio), 0.0, counts.right_b / counts.right_a
    )


def _signed(counts: paired.Counts, ratio: float) -> float:
    found = z_statistic(counts, ratio)
    return 0.0 if found is None else found
