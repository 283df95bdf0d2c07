"""Money as integers of femto-USD (1e-15 USD): exact, and the same in any order of adding.

Amounts are divided once, for display. No float in this module.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from fractions import Fraction

from ledger.errors import UsageError

FEMTO_PER_USD = 10**15
NANO_PER_USD = 10**9
# A rate in nano-USD per million tokens is the same number in femto-USD per token: 1e-9 / 1e6 =
# 1e-15.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def usd(amount_femto_usd: int) -> Decimal:
    """Femto-USD as an exact Decimal of USD."""
    return Decimal(amount_femto_usd).scaleb(-15, context=_EXACT)


def text(amount_usd: Decimal) -> str:
    """Exact plain notation with two decimals or more: `81.44`, `0.001944`, `-3.00`."""
    units, _, fraction = format(amount_usd, "f").partition(".")
    return f"{units}.{fraction.rstrip('0').ljust(2, '0')}"


def usd_text(amount_femto_usd: int) -> str:
    """Femto-USD as every face shows it: exact plain decimals, at least two."""
    return text(usd(amount_femto_usd))


def optional_usd_text(amount_femto_usd: int | None) -> str | None:
    """Femto-USD that may be unknown, as `usd_text` writes it; None stays None."""
    return None if amount_femto_usd is None else usd_text(amount_femto_usd)


def femto_usd(amount_text: str) -> int:
    """Femto-USD of a plain decimal string of USD.

    Raises UsageError when the text is no number or is finer than 1e-15 USD.
    """
    try:
        scaled = Decimal(amount_text).scaleb(15, context=_EXACT)
    except InvalidOperation as error:
        raise UsageError(
            f"{amount_text!r} is not an amount of USD; write a plain number such as 50 or 12.50"
        ) from error
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise UsageError(
            f"{amount_text!r} is not an amount of USD in whole femto-USD;"
            " write a plain number such as 50"
        )
    return int(scaled)


def nano_usd_per_mtok(rate_text: str) -> int:
    """Nano-USD per million tokens of a plain decimal string of USD per million tokens.

    Raises UsageError.
    """
    scaled = femto_usd(rate_text)
    if scaled < 0 or scaled % (FEMTO_PER_USD // NANO_PER_USD):
        raise UsageError(
            f"{rate_text!r} is not a rate;"
            " write USD per million tokens, 0 or more, with at most 9 decimals"
        )
    return scaled // (FEMTO_PER_USD // NANO_PER_USD)


def round_to_nano_usd(amount_femto_usd: Fraction) -> int:
    """A fraction of femto-USD rounded half-even to nano-USD (9 decimals of a USD), as femto-USD.

    Only for amounts that came from a root, a quantile or a division; sums and products stay exact.
    """
    return round(amount_femto_usd / 10**6) * 10**6


def optional_ratio_text(value: Fraction | None) -> str | None:
    """A ratio as `ratio_text` writes it; None stays None."""
    return None if value is None else ratio_text(value)


def ratio_text(value: Fraction) -> str:
    """A ratio as decimal text, rounded half-even to 9 decimals."""
    return text(usd(round_to_nano_usd(value * FEMTO_PER_USD)))
