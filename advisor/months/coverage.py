"""The one rule of coverage: how much of a figure is known, and how much is enough. Pure."""

from fractions import Fraction

FLOOR = Fraction("0.99")
"""Below this share of known tokens or successes no advice is given."""


def ratio(
    *, priced_tokens: int, tokens: int, known_successes: int, successes: int
) -> Fraction | None:
    """How much is known, as a share.

    It is the smaller of two: the share of tokens with a price, and the share of successes whose
    usage the provider reported. None where there is nothing to measure it by.
    """
    if not tokens or not successes:
        return None
    return min(Fraction(priced_tokens, tokens), Fraction(known_successes, successes))


def is_enough(ratio: Fraction | None) -> bool:
    """Whether a figure of this coverage may be advised on; what cannot be measured may not."""
    return ratio is not None and ratio >= FLOOR
