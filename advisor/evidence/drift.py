"""How far the sizes of requests have moved since a comparison was made. Pure."""

from collections.abc import Mapping
from fractions import Fraction
from math import log

FEWEST_REQUESTS = 1_000
"""With fewer on either side, chance alone moves the index by about as much as it is meant to notice."""
SLIGHT, STRONG = Fraction("0.1"), Fraction("0.2")


def population_stability_index(then: Mapping[int, int], now: Mapping[int, int]) -> float | None:
    """The index of two distributions over the same places (counts); None where either has fewer than 1,000.

    `sum (q - p) ln(q / p)` over shares p then and q now. An empty place counts as half a request, so it is finite.
    Under 0.1 nothing to speak of has moved, over 0.2 a lot has. Source: N. Siddiqi, Credit Risk Scorecards (2006), ch. 6.
    """
    before, after = sum(then.values()), sum(now.values())
    if min(before, after) < FEWEST_REQUESTS:
        return None
    total = 0.0
    for place in sorted(then.keys() | now.keys()):
        p, q = (
            max(counts.get(place, 0), 0.5) / whole
            for counts, whole in ((then, before), (now, after))
        )
        total += (q - p) * log(q / p)
    return total
