"""Which assumption a saving hangs on: each factor moved from its low to its high end, the others as expected. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.switching import counterfactual, factors

_REPRICING = frozenset({"phi_in", "cached_share", "unknown_input_is_cached"})
"""The factors that decide which tokens are billed at which rate; the others weigh what these come to."""


@dataclass(frozen=True, slots=True)
class Swing:
    """What a move saves with one factor at its low and at its high end, in exact femto-USD of the window."""

    factor: str
    at_low_femto_usd: Fraction
    at_high_femto_usd: Fraction


def swings(cells: Sequence[counterfactual.PricedCell], band: factors.Band) -> Iterator[Swing]:
    """A swing for each factor whose ends save differently, in the order of the table of factors."""
    at_expected = counterfactual.legs(cells, band.expected)
    for name in factors.changed(band):
        saved = []
        for end in (getattr(band.low, name), getattr(band.high, name)):
            moved = replace(band.expected, **{name: end})
            costs = counterfactual.legs(cells, moved) if name in _REPRICING else at_expected
            saved.append(counterfactual.saving_of(costs, moved))
        if saved[0] != saved[1]:
            yield Swing(name, *saved)
