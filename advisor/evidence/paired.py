"""How two models did on the same inputs, counted in four cells, and the test that speaks of them. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

Verdict = Literal["non_inferior", "inconclusive", "inferior"]

LEVEL = 0.05
"""How often, at most about, a target that is exactly at the margin may pass."""
Z = NormalDist().inv_cdf(1 - LEVEL)
_STEPS = 200
"""Halvings of an interval; a double has no more than 53 bits, so the loop ends long before."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Pairs by who answered right: both, only the source (A), only the target (B), neither. One pair per conversation."""

    both: int
    only_a: int
    only_b: int
    neither: int

    @property
    def pairs(self) -> int:
        """All of them."""
        return self.both + self.only_a + self.only_b + self.neither

    @property
    def right_a(self) -> int:
        """How often the source was right."""
        return self.both + self.only_a

    @property
    def right_b(self) -> int:
        """How often the target was right."""
        return self.both + self.only_b


def verdict_of(z_statistic: float | None) -> Verdict:
    """What a one-sided 5 % test says: beyond z either way it is decided, and without a statistic it is not."""
    if z_statistic is None or abs(z_statistic) <= Z:
        return "inconclusive"
    return "non_inferior" if z_statistic > 0 else "inferior"


def crossing(statistic: Callable[[float], float], low: float, high: float) -> float:
    """Where a statistic that falls from over `Z` to under it crosses it, between two ends that it need not be taken at."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if statistic(middle) > Z else (low, middle)
    return low
