"""Measuring two things side by side, in turn, so that a slow machine slows both: medians, and the ratio of each round."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger import clock

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """A row of RESULTS.md: medians of both sides in their unit, and the ratio of each round."""

    name: str
    unit: str
    ours: float
    floor: float
    floor_name: str
    ratios: tuple[float, ...]

    @property
    def digits(self) -> int:
        """Decimals worth showing."""
        return 1 if self.unit in ("ms", "messages") else 0

    @property
    def row(self) -> str:
        """The row as Markdown."""
        low, middle, high = min(self.ratios), statistics.median(self.ratios), max(self.ratios)
        return (
            f"| {self.name} | {self.ours:,.{self.digits}f} {self.unit} | {self.floor:,.{self.digits}f} {self.unit} |"
            f" {self.floor_name} |"
            f" **{middle:.2f}** ({low:.2f} to {high:.2f}) |"
        )


def seconds(work: Callable[[], object]) -> float:
    """How long work takes, on the clock that never goes back."""
    started = clock.monotonic_seconds()
    work()
    return clock.monotonic_seconds() - started


def compared(
    name: str, unit: str, ours: Sequence[float], floor: Sequence[float], floor_name: str
) -> Result:
    """A row out of the figures of each round, of both sides; what comes of a round stands at the same place."""
    ratios = tuple(mine / theirs for mine, theirs in zip(ours, floor, strict=True))
    return Result(name, unit, statistics.median(ours), statistics.median(floor), floor_name, ratios)


def times(
    name: str, ours: Callable[[], object], floor: Callable[[], object], floor_name: str
) -> Result:
    """Milliseconds of both, in turn; the ratio is ours / floor, so less is better."""
    pairs = [(1_000 * seconds(ours), 1_000 * seconds(floor)) for _ in range(ROUNDS)]
    return compared(
        name, "ms", [pair[0] for pair in pairs], [pair[1] for pair in pairs], floor_name
    )
