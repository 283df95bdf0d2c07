"""What a one-sided test at 5 % says of a target, and where its bound lies. Pure."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Literal

Verdict = Literal["non_inferior", "inconclusive", "inferior"]

LEVEL = 0.05
"""How often, at most about, a target that is exactly at the margin may pass."""
Z = NormalDist().inv_cdf(1 - LEVEL)
_MOST_HALVINGS = 200
"""A double has no more than 53 bits, so the search ends long before."""


def verdict(z_statistic: float | None) -> Verdict:
    """Decided where the statistic lies beyond `Z` on either side; not decided without one."""
    if z_statistic is None or abs(z_statistic) <= Z:
        return "inconclusive"
    return "non_inferior" if z_statistic > 0 else "inferior"


def crossing(statistic: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling statistic crosses `Z` between two ends. It is never computed at the ends."""
    for _ in range(_MOST_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if statistic(middle) > Z else (low, middle)
    return low
