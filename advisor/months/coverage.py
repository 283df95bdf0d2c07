"""How much of a figure is known: the one rule of coverage, and the floor below which nothing is advised. Pure."""

from fractions import Fraction


def ratio(priced_tokens: int, tokens: int, known_successes: int, successes: int) -> Fraction | None:
    """The smaller of the priced share of tokens and the share of successes whose usage the provider gave.

    None where there is nothing to measure it by.
    """
    if not tokens or not successes:
        return None
    return min(Fraction(priced_tokens, tokens), Fraction(known_successes, successes))


FLOOR = Fraction("0.99")
"""Below this share of known tokens or successes nothing is advised."""
