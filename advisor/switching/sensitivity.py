"""Which factor a saving depends on: one at its low and high end, the others as expected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.switching import counterfactual, factors

_REPRICING = frozenset({"phi_in", "cached_share", "written_share", "unknown_input_is_cached"})
"""The factors that decide which tokens are billed at which rate; the others scale the cost."""


@dataclass(frozen=True, slots=True)
class Swing:
    """What a move saves with one factor at its low and high end: exact femto-USD of the window."""

    factor: str
    at_low_femto_usd: Fraction
    at_high_femto_usd: Fraction


def swings(cells: Sequence[counterfactual.PricedCell], band: factors.Band) -> Iterator[Swing]:
    """A swing for each factor whose ends save differently, in the order of the factors."""
    costs_as_expected = counterfactual.legs(cells, band.expected)
    for name in factors.changed(band):
        savings = []
        for end in (band.low, band.high):
            at = replace(band.expected, **{name: getattr(end, name)})
            costs = counterfactual.legs(cells, at) if name in _REPRICING else costs_as_expected
            savings.append(counterfactual.saving_of(costs, at))
        at_low, at_high = savings
        if at_low != at_high:
            yield Swing(name, at_low, at_high)
