"""What a one-sided test at 5 % says of a target, and where its bound lies. Pure."""

from collections.abc import Callable
from functools import cache
from statistics import NormalDist
from typing import Literal

Verdict = Literal["non_inferior", "inconclusive", "inferior"]

LEVEL = 0.05
"""How often, at most about, a target that is exactly at the margin may pass."""
Z = NormalDist().inv_cdf(1 - LEVEL)
_MOST_HALVINGS = 200
"""A double has no more than 53 bits, so the search ends long before."""


def verdict(z_statistic: float | None, level: float = LEVEL) -> Verdict:
    """Decided where the statistic lies beyond the limits; not decided without one.

    `level` is the share of false passes that is allowed (over 0, at most 5 %). It takes 5 % to be
    inferior whatever it takes to pass.
    """
    if z_statistic is None:
        return "inconclusive"
    if z_statistic < -Z:
        return "inferior"
    return "non_inferior" if z_statistic > limit(level) else "inconclusive"


@cache
def limit(level: float) -> float:
    """What a statistic has to exceed to pass at a level."""
    return Z if level == LEVEL else NormalDist().inv_cdf(1 - level)


def crossing(statistic: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling statistic crosses `Z` between two ends. It is never computed at the ends."""
    for _ in range(_MOST_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if statistic(middle) > Z else (low, middle)
    return low
