"""How two models did on the same inputs, counted in four cells. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCounts:
    """Pairs by who answered right: both, only the source (A), only the target (B), or neither.

    One pair of each conversation counts.
    """

    both: int
    only_a: int
    only_b: int
    neither: int

    @classmethod
    def from_marks(cls, marks: Iterable[tuple[bool, bool]]) -> "PairCounts":
        """The counts of pairs, each given by whether A and whether B was right."""
        cells = Counter(marks)
        return cls(
            both=cells[True, True],
            only_a=cells[True, False],
            only_b=cells[False, True],
            neither=cells[False, False],
        )

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
