"""A ratio of two sums over groups, and its bounds. Pure."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A quantity observed in a sample, and its one-sided 95 % bounds, half-even to 9 decimals."""

    least: Fraction
    expected: Fraction
    most: Fraction
    groups: int
    unit: str = "conversations"
    """What the groups are."""


def ratio_of_sums(
    groups: Sequence[tuple[int, int]], unit: str = "conversations"
) -> Measurement | None:
    """The sum of the first numbers over the sum of the second; the groups are independent.

    Linearised, with Student's t: `R +/- t(0.95, G-1) sqrt(G/(G-1) sum (y - R x)^2) / sum x`. None
    for fewer than 20 groups or where the second numbers sum to 0. A bound below 0 is 0, as nothing
    that is measured here can be negative.
    Source: W. G. Cochran, Sampling Techniques, 3rd ed. (1977), section 6.3.
    """
    count, sum_of_x = len(groups), sum(x for _, x in groups)
    if count < FEWEST_GROUPS or not sum_of_x:
        return None
    sum_of_y = sum(y for y, _ in groups)
    # Whole numbers throughout: (y - R x) is multiplied by the denominator of R.
    spread = sum((y * sum_of_x - sum_of_y * x) ** 2 for y, x in groups)
    error = sqrt(count / (count - 1) * spread) / sum_of_x / sum_of_x
    half = Fraction(student.quantile(CONFIDENCE, count - 1) * error)
    expected = Fraction(sum_of_y, sum_of_x)
    return Measurement(
        least=round_ratio(max(Fraction(0), expected - half)),
        expected=round_ratio(expected),
        most=round_ratio(expected + half),
        groups=count,
        unit=unit,
    )


def round_ratio(number: Fraction | float) -> Fraction:
    """Half-even to 9 decimals."""
    return round(Fraction(number), DECIMALS)
