"""Quantiles of Student's t distribution, for whole degrees of freedom. Pure."""

from functools import lru_cache
from math import atan, cos, pi, sin, sqrt

_NEGLIGIBLE = 1e-18


@lru_cache(maxsize=1024)
def quantile(share: float, degrees: int) -> float:
    """The point that a share (over 0.5, under 1) of the distribution lies under.

    Raises ValueError for another share, or fewer than one degree of freedom.
    """
    if not 0.5 < share < 1 or degrees < 1:
        raise ValueError(f"no quantile {share} of t with {degrees} degrees of freedom")
    low, high = 0.0, 1.0
    while cumulative(high, degrees) < share:
        low, high = high, high * 2
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if cumulative(middle, degrees) < share else (low, middle)
    return high


def cumulative(point: float, degrees: int) -> float:
    """The share of the distribution under a point that is not negative.

    Source: M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and
    26.7.4.
    """
    angle = atan(point / sqrt(degrees))
    squared = cos(angle) ** 2
    odd = degrees % 2
    term = cos(angle) if odd else 1.0
    total, place = 0.0, 3 if odd else 2
    if degrees > 1:
        while place <= degrees and term > _NEGLIGIBLE:
            total += term
            term *= squared * (place - 1) / place
            place += 2
    inside = sin(angle) * total
    return 0.5 + (angle + inside) / pi if odd else 0.5 + inside / 2
