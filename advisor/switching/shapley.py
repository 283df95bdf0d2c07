"""Splitting a joint saving over the levers that make it, without an order among them."""

from collections.abc import Collection, Mapping
from fractions import Fraction
from itertools import combinations
from math import factorial

from ledger import money
from ledger.errors import UsageError

MOST_LEVERS = 6
"""Each lever doubles the states that have to be priced."""

Levers = frozenset[str]


def split(saving_femto_usd: Mapping[Levers, int | None]) -> dict[str, int]:
    """The Shapley value of each lever: what it adds on average, over every order of the levers.

    Takes the saving in femto-USD of every state by its levers. None or absent is a state without a
    price; it counts as the largest of its priced subsets, the empty state being 0. The parts add
    up to the saving of all levers exactly: each is rounded half-even to 9 decimals of a USD, and
    the remainder goes to the part that is largest in absolute value, the first on a tie.
    """
    levers = sorted(frozenset().union(*saving_femto_usd))
    if len(levers) > MOST_LEVERS:
        raise UsageError(
            f"{len(levers)} levers are too many to split a saving over; use at most {MOST_LEVERS}"
        )
    values = {state: _value(saving_femto_usd, state) for state in subsets(levers)}
    parts = {
        lever: money.round_to_nano_usd(_mean_addition(lever, levers, values)) for lever in levers
    }
    if parts:
        largest = max(parts, key=lambda lever: abs(parts[lever]))
        parts[largest] += values[frozenset(levers)] - sum(parts.values())
    return parts


def _value(saving_femto_usd: Mapping[Levers, int | None], state: Levers) -> int:
    own = saving_femto_usd.get(state) if state else 0
    if own is not None:
        return own
    priced = (saving_femto_usd.get(subset) for subset in subsets(state) if subset)
    return max([0, *(value for value in priced if value is not None)])


def _mean_addition(lever: str, levers: Collection[str], values: Mapping[Levers, int]) -> Fraction:
    others = [other for other in levers if other != lever]
    orders = factorial(len(levers))
    return sum(
        (
            Fraction(factorial(len(before)) * factorial(len(others) - len(before)), orders)
            * (values[before | {lever}] - values[before])
            for before in subsets(others)
        ),
        Fraction(0),
    )


def subsets(levers: Collection[str]) -> list[Levers]:
    """Every set of some of the levers, the empty one among them."""
    return [
        frozenset(combination)
        for size in range(len(levers) + 1)
        for combination in combinations(sorted(levers), size)
    ]
