"""The true shares of pairs by who is right, for the benchmarks of evidence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PairShares:
    """The true shares of pairs by who is right, of a target that is exactly at the margin."""

    both: float
    only_a: float
    only_b: float
    neither: float

    @property
    def pass_rate(self) -> float:
        """How often the source is right."""
        return self.both + self.only_a

    @property
    def is_usual(self) -> bool:
        """Whether the method promises 3.7 to 5.5 % false passes here."""
        return self.only_b >= 0.02 and 0.6 <= round(self.pass_rate, 9) <= 0.98
