"""How much of a figure is known: the one rule of coverage, and the floor below which no advice is given. Pure."""

from fractions import Fraction

FLOOR = Fraction("0.99")
"""Below this share of known tokens or successes no advice is given."""


def ratio(
    *, priced_tokens: int, tokens: int, known_successes: int, successes: int
) -> Fraction | None:
    """The smaller of two shares: of tokens with a price, and of successes whose usage the provider gave.

    None where there is nothing to measure it by.
    """
    if not tokens or not successes:
        return None
    return min(Fraction(priced_tokens, tokens), Fraction(known_successes, successes))


def is_enough(ratio: Fraction | None) -> bool:
    """Whether a figure of this coverage may be advised on; what cannot be measured may not."""
    return ratio is not None and ratio >= FLOOR
