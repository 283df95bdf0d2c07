"""A ratio of two sums over groups, and how far it may be off. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from advisor.evidence import student

FEWEST_GROUPS = 20
"""With fewer conversations a factor stays assumed."""
CONFIDENCE = 0.95
DECIMALS = 9
"""A value from a root is rounded once, before it meets money."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A quantity seen in a sample, and its one-sided 95 % bounds, rounded half-even to 9 decimals."""

    least: Fraction
    expected: Fraction
    most: Fraction
    groups: int
    unit: str = "conversations"
    """What the groups are."""


def ratio(groups: Sequence[tuple[int, int]], unit: str = "conversations") -> Measured | None:
    """The sum of the first numbers over the sum of the second, by groups that are independent of each other.

    Linearised, with Student's t: `R +/- t(0.95, G-1) sqrt(G/(G-1) sum (y - R x)^2) / sum x`. None for fewer than 20 groups
    or where the second numbers sum to 0. A bound below 0 is 0, as none of what is measured can be negative.
    Source: W. G. Cochran, Sampling Techniques, 3rd ed. (1977), section 6.3.
    """
    count, below = len(groups), sum(x for _, x in groups)
    if count < FEWEST_GROUPS or not below:
        return None
    above = sum(y for y, _ in groups)
    # Whole numbers throughout: (y - R x) is multiplied by the denominator of R.
    spread = sum((y * below - above * x) ** 2 for y, x in groups)
    error = sqrt(count / (count - 1) * spread) / below / below
    half = Fraction(student.quantile(CONFIDENCE, count - 1) * error)
    expected = Fraction(above, below)
    return Measured(
        rounded(max(Fraction(0), expected - half)),
        rounded(expected),
        rounded(expected + half),
        count,
        unit,
    )


def rounded(value: Fraction | float) -> Fraction:
    """Half-even to 9 decimals."""
    return round(Fraction(value), DECIMALS)
