"""How far the sizes of requests have moved since a comparison was made. Pure."""

from collections.abc import Mapping
from fractions import Fraction
from math import log

FEWEST_REQUESTS = 1_000
"""With fewer on either side, chance alone moves the index by about as much as it should notice."""
SLIGHT, STRONG = Fraction("0.1"), Fraction("0.2")


def population_stability_index(then: Mapping[int, int], now: Mapping[int, int]) -> float | None:
    """How far two distributions (requests by size class) differ.

    None where either has fewer than 1,000 requests. `sum (q - p) ln(q / p)` over shares p then and
    q now; an empty class counts as half a request, so that the index is finite. Under 0.1 little
    has moved, over 0.2 a lot has. Source: N. Siddiqi, Credit Risk Scorecards (2006), ch. 6.
    """
    requests_then, requests_now = sum(then.values()), sum(now.values())
    if min(requests_then, requests_now) < FEWEST_REQUESTS:
        return None
    index = 0.0
    for size_class in sorted(then.keys() | now.keys()):
        p = max(then.get(size_class, 0), 0.5) / requests_then
        q = max(now.get(size_class, 0), 0.5) / requests_now
        index += (q - p) * log(q / p)
    return index
