"""Timing two things in turn, so that a slow machine slows both: medians, and each round's ratio."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger import clock

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """A row of RESULTS.md: medians of both sides in their unit, and the ratio of each round."""

    name: str
    unit: str
    ours: float
    floor: float
    floor_name: str
    ratios: tuple[float, ...]

    @property
    def markdown(self) -> str:
        """The row as Markdown."""
        low, middle, high = min(self.ratios), statistics.median(self.ratios), max(self.ratios)
        return (
            f"| {self.name} | {self._with_unit(self.ours)} | {self._with_unit(self.floor)} |"
            f" {self.floor_name} |"
            f" **{middle:.2f}** ({low:.2f} to {high:.2f}) |"
        )

    def _with_unit(self, amount: float) -> str:
        decimals = 1 if self.unit in ("ms", "messages") else 0
        return f"{amount:,.{decimals}f} {self.unit}"


def seconds(work: Callable[[], object]) -> float:
    """How long work takes, on the clock that never goes back."""
    started = clock.monotonic_seconds()
    work()
    return clock.monotonic_seconds() - started


def compare(
    name: str, unit: str, *, ours: Sequence[float], floor: Sequence[float], floor_name: str
) -> ResultRow:
    """A row from the figures of both sides, one of each round; a round's figures share a place."""
    return ResultRow(
        name=name,
        unit=unit,
        ours=statistics.median(ours),
        floor=statistics.median(floor),
        floor_name=floor_name,
        ratios=tuple(mine / theirs for mine, theirs in zip(ours, floor, strict=True)),
    )


def compare_times(
    name: str, *, ours: Callable[[], object], floor: Callable[[], object], floor_name: str
) -> ResultRow:
    """Milliseconds of both, in turn; the ratio is ours / floor, so less is better."""
    rounds = [(1_000 * seconds(ours), 1_000 * seconds(floor)) for _ in range(ROUNDS)]
    return compare(
        name,
        "ms",
        ours=[mine for mine, _ in rounds],
        floor=[theirs for _, theirs in rounds],
        floor_name=floor_name,
    )
