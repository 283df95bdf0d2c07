"""How much of the risk of a false pass each look at the pairs may take. Pure.

Whoever looks again after each part of a trial, and stops at the first success, would pass a target
at the margin far more often than one time in twenty. So the 5 % is spent as the pairs come in: all
of it by 200 pairs. A look after that has half of what is left of a reserve of 0.5 %. The sum of all
looks stays at most 5.5 %, however many there are, whatever their sizes, and whether they overlap.
Source: K. K. G. Lan and D. L. DeMets, Discrete sequential boundaries for clinical trials,
Biometrika 70 (1983) 659-663, with a linear spending function.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

LEVEL = Fraction(1, 20)
RESERVE = Fraction(1, 200)
FULL_PAIRS = 200
"""The pairs by which the level is spent."""


def levels(pairs_by_look: Iterable[int]) -> Iterator[Fraction]:
    """The level of each look, from the pairs that are new in it.

    A single look at 200 pairs or more has 5 %, as a trial of that size has by itself.
    """
    pairs, left = 0, RESERVE
    for new_pairs in pairs_by_look:
        level = _spent(pairs + new_pairs) - _spent(pairs)
        if not level:
            level = left / 2
            left -= level
        pairs += new_pairs
        yield level


def _spent(pairs: int) -> Fraction:
    return LEVEL * min(pairs, FULL_PAIRS) / FULL_PAIRS
