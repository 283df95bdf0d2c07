"""Shares of a sample and their one-sided bounds. Pure."""

from math import sqrt

from advisor.evidence import significance


def wilson_bounds(successes: int, trials: int) -> tuple[float, float]:
    """One-sided 95 % bounds, low and high, of a share in a sample.

    Raises ValueError without a trial.
    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    JASA 22 (1927) 209-212.
    """
    if not 0 <= successes <= trials or not trials:
        raise ValueError(f"{successes} of {trials} is no share of a sample")
    squared, share = significance.Z**2, successes / trials
    middle = share + squared / (2 * trials)
    half = significance.Z * sqrt(share * (1 - share) / trials + squared / (4 * trials**2))
    scale = 1 + squared / trials
    low = 0.0 if not successes else max(0.0, (middle - half) / scale)
    high = 1.0 if successes == trials else min(1.0, (middle + half) / scale)
    return low, high
