"""Which assumption a saving hangs on: each factor moved from its low to its high end, the others at the point. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor import counterfactual, factors


@dataclass(frozen=True, slots=True)
class Swing:
    """What a move saves with one factor at its low and at its high end, in exact femto-USD of the window."""

    factor: str
    at_low_femto_usd: Fraction
    at_high_femto_usd: Fraction


def swings(cells: Sequence[counterfactual.PricedCell], band: factors.Band) -> Iterator[Swing]:
    """A swing for each factor whose ends save differently, in the order of the table of factors."""
    for name in factors.changed(band):
        low, high = getattr(band.low, name), getattr(band.high, name)
        at_low, at_high = (counterfactual.saving(cells, replace(band.point, **{name: end})) for end in (low, high))
        if at_low != at_high:
            yield Swing(name, at_low, at_high)
