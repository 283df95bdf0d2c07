"""What is required of a target, fixed before the results are looked at. Pure."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Literal, get_args

from ledger import prose
from ledger.errors import UsageError

Rule = Literal["ratio", "margin"]
_FINEST = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class QualityGate:
    """A rule and its threshold.

    `ratio`: the target's pass rate (or mean score) is at least `threshold` times the source's.
    `margin`: it is at most `threshold` below the source's.
    """

    rule: Rule = "ratio"
    threshold: Fraction = Fraction("0.9")

    def __post_init__(self) -> None:
        """Raises UsageError on a threshold that every target meets, or that none can."""
        is_ratio = self.rule == "ratio"
        fits = 0 < self.threshold <= 1 if is_ratio else 0 <= self.threshold < 1
        if not fits:
            span = "over 0 and at most 1" if is_ratio else "from 0 to under 1"
            raise UsageError(
                f"a {self.rule} of {float(self.threshold):g} tests nothing; use a threshold {span}"
            )

    @property
    def limit(self) -> float:
        """The ratio, or the difference of B less A, that is tested."""
        return float(self.threshold) if self.rule == "ratio" else -float(self.threshold)


DEFAULT = QualityGate()
"""0.9 of the source's pass rate."""


def parse(rule: str, threshold: str | None) -> QualityGate:
    """A gate from two texts; without a threshold a ratio of 0.9. Raises UsageError.

    The threshold is rounded half-even to 9 decimals.
    """
    if rule not in get_args(Rule):
        raise UsageError(f"unknown rule {rule!r}; use {prose.one_of(get_args(Rule))}")
    if threshold is None and rule == "margin":
        raise UsageError(
            "a margin needs a threshold: how far the target's pass rate may lie below the source's,"
            " such as 0.05"
        )
    parsed = DEFAULT.threshold if threshold is None else _threshold(threshold)
    return QualityGate("ratio" if rule == "ratio" else "margin", parsed)


def _threshold(text: str) -> Fraction:
    try:
        return Fraction(Decimal(text[:32]).quantize(_FINEST))
    except (InvalidOperation, ValueError) as error:
        raise UsageError(f"{text!r} is no threshold; use a number such as 0.9") from error
