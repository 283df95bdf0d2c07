"""The sensitivity of a saving as bars: integers on one scale, for any drawing to stretch.

Pure; it draws nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from advisor.advice.figures import SwingFigure

WIDTH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SwingBar:
    """A factor's bar on a scale of WIDTH, and the exact amounts at either end of the factor."""

    factor: str
    start: int
    width: int
    at_low_usd: str
    at_high_usd: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwingChart:
    """The bars, the widest first, with the amounts at both ends of their scale.

    `expected` is the place of the expected saving on it.
    """

    bars: tuple[SwingBar, ...]
    from_usd: str
    to_usd: str
    expected: int


def for_sensitivity(swings: Sequence[SwingFigure], expected_usd: str) -> SwingChart:
    """The bars of a sensitivity table with at least one swing.

    The scale spans the expected saving and every end.
    """
    texts = [
        expected_usd,
        *(text for swing in swings for text in (swing.at_low_usd, swing.at_high_usd)),
    ]
    least, most = min(texts, key=Decimal), max(texts, key=Decimal)
    span = Decimal(most) - Decimal(least) or Decimal(1)

    def position(text: str) -> int:
        return int((Decimal(text) - Decimal(least)) * WIDTH / span)

    bars = []
    for swing in swings:
        low, high = sorted((position(swing.at_low_usd), position(swing.at_high_usd)))
        bars.append(
            SwingBar(
                factor=swing.factor,
                start=low,
                width=max(1, high - low),
                at_low_usd=swing.at_low_usd,
                at_high_usd=swing.at_high_usd,
            )
        )
    widest_first = tuple(sorted(bars, key=lambda bar: -bar.width))
    return SwingChart(
        bars=widest_first, from_usd=least, to_usd=most, expected=position(expected_usd)
    )
