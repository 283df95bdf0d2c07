"""How often a target exactly at the margin passes when a trial is repeated until it does.

Part of `python -m bench.evidence`. Seeded draws, counted in four cells; each look is judged at the
level that the method leaves for it.
"""

import random
from collections.abc import Sequence
from functools import lru_cache

from advisor.evidence import ratio, significance, spending
from advisor.evidence.pair_counts import PairCounts
from bench.shares import PairShares

RATIO = 0.9
DRAWS = 5_000
TRUTHS = (
    PairShares(both=0.76, only_a=0.14, only_b=0.05, neither=0.05),
    PairShares(both=0.79, only_a=0.11, only_b=0.02, neither=0.08),
    PairShares(both=0.9, only_a=0.1, only_b=0.0, neither=0.0),
    PairShares(both=0.535, only_a=0.115, only_b=0.05, neither=0.3),
)
"""Exactly at the margin: the source is right in 90, 90, 100 and 65 %."""
SIZES = (
    (50, 50, 50, 50),
    (50,) * 12,
    (200, 200, 200, 200),
    (200, 50, 50, 50),
    (60, 90, 50, 200),
    (50, 150),
)
_MARKS = ("both", "only_a", "only_b", "neither")


def draw(truth: PairShares, sizes: Sequence[int], seed: int) -> list[PairCounts]:
    """One series of runs of these sizes."""
    source = random.Random(seed)
    weights = [getattr(truth, mark) for mark in _MARKS]
    runs = []
    for pairs in sizes:
        marks = source.choices(_MARKS, weights, k=pairs)
        runs.append(PairCounts(**{mark: marks.count(mark) for mark in _MARKS}))
    return runs


def passes(runs: Sequence[PairCounts], *, spent: bool = True) -> bool:
    """Whether any look at the pool passes; without `spent`, each run is judged alone at 5 %."""
    if not spent:
        return any(_statistic(run) > significance.Z for run in runs)
    pooled = PairCounts(both=0, only_a=0, only_b=0, neither=0)
    for run, level in zip(runs, spending.levels(run.pairs for run in runs), strict=True):
        pooled = PairCounts(**{mark: getattr(pooled, mark) + getattr(run, mark) for mark in _MARKS})
        if _statistic(pooled) > significance.limit(float(level)):
            return True
    return False


def share(
    truth: PairShares, sizes: Sequence[int], *, draws: int = DRAWS, spent: bool = True
) -> float:
    """The share of such series that pass."""
    return sum(passes(draw(truth, sizes, seed), spent=spent) for seed in range(draws)) / draws


@lru_cache(maxsize=1 << 18)
def _statistic(counts: PairCounts) -> float:
    statistic = ratio.z_statistic(counts, RATIO)
    return float("-inf") if statistic is None else statistic


def table(draws: int = DRAWS) -> list[str]:
    """The results as lines of Markdown."""
    lines = [
        f"A trial that is repeated until it passes ({draws:,} seeded series a row, the worst of",
        f"{len(TRUTHS)} truths at the margin):",
        "",
        "| runs | each alone at 5 % | together, the level spent |",
        "| --- | --- | --- |",
    ]
    for sizes in SIZES:
        alone, together = (
            max(share(truth, sizes, draws=draws, spent=spent) for truth in TRUTHS)
            for spent in (False, True)
        )
        lines.append(f"| {_name(sizes)} | {alone:.2%} | {together:.2%} |")
    return [*lines, ""]


def _name(sizes: Sequence[int]) -> str:
    if len(sizes) > 1 and len(set(sizes)) == 1:
        return f"{len(sizes)} of {sizes[0]} pairs"
    return " + ".join(map(str, sizes)) + " pairs"
