"""The score test of a difference of two paired pass rates. Pure.

Source: T. Tango, Equivalence test and confidence interval for the difference in proportions for the paired-sample design,
Statistics in Medicine 17 (1998) 891-908.
"""

from math import sqrt

from advisor.evidence import paired


def z_statistic(counts: paired.Counts, difference: float) -> float | None:
    """How far B's pass rate less A's lies above `difference` (-1 to 1, exclusive), in standard errors at that difference.

    None without a pair, or where nothing varies.
    """
    n = counts.pairs
    if not n:
        return None
    a = 2 * n
    b = -counts.only_b - counts.only_a + (2 * n - counts.only_b + counts.only_a) * difference
    c = -counts.only_a * difference * (1 - difference)
    q = (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = n * (2 * q + difference * (1 - difference))
    return (counts.only_b - counts.only_a - n * difference) / sqrt(variance) if variance > 0 else None


def lower_bound(counts: paired.Counts) -> float | None:
    """The one-sided 95 % lower bound of B's pass rate less A's; None without a pair."""
    if not counts.pairs:
        return None
    seen = (counts.only_b - counts.only_a) / counts.pairs
    return paired.crossing(lambda difference: _signed(counts, difference), -1.0, seen)


def _signed(counts: paired.Counts, difference: float) -> float:
    found = z_statistic(counts, difference)
    return 0.0 if found is None else found
