"""The sensitivity of a saving as bars: integers on one scale, for any drawing to stretch. Pure; it draws nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from advisor.advice.figures import SwingFigure

WIDTH = 1_000


@dataclass(frozen=True, slots=True)
class SwingBar:
    """A factor's bar on a scale of WIDTH, from where it starts, and the exact amounts at either end of the factor."""

    factor: str
    start: int
    width: int
    at_low_usd: str
    at_high_usd: str


@dataclass(frozen=True, slots=True)
class SwingChart:
    """The bars, the widest first, the amounts at both ends of the scale, and where on it the expected saving lies."""

    bars: tuple[SwingBar, ...]
    from_usd: str
    to_usd: str
    expected: int


def of(swings: Sequence[SwingFigure], expected_usd: str) -> SwingChart:
    """The bars of a sensitivity table (one swing at least), on a scale that holds the expected saving and every end."""
    texts = [
        expected_usd,
        *(text for each in swings for text in (each.at_low_usd, each.at_high_usd)),
    ]
    least, most = min(texts, key=Decimal), max(texts, key=Decimal)
    span = Decimal(most) - Decimal(least) or Decimal(1)

    def place(text: str) -> int:
        return int((Decimal(text) - Decimal(least)) * WIDTH / span)

    bars = []
    for each in swings:
        low, high = sorted((place(each.at_low_usd), place(each.at_high_usd)))
        bars.append(
            SwingBar(each.factor, low, max(1, high - low), each.at_low_usd, each.at_high_usd)
        )
    return SwingChart(
        tuple(sorted(bars, key=lambda bar: -bar.width)), least, most, place(expected_usd)
    )
