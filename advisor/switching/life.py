"""How long a saving lasts: until either model is shut down. Days are counted from a given day."""

from fractions import Fraction

SOURCE_NOTICE_DAYS = 90
TARGET_BLOCK_DAYS = 30
MONTHS_PER_YEAR, DAYS_PER_YEAR = 12, 365


def shorter(*days: int | None) -> int | None:
    """The days until the first of the models is shut down; None when none is known to be."""
    return min((count for count in days if count is not None), default=None)


def earning_months(days: int | None) -> Fraction:
    """The average months that a saving lasts in the next year: 12 x min(365, days left) / 365.

    A saving per average month times this is the saving of the next year, until a model is gone.
    """
    earning = DAYS_PER_YEAR if days is None else min(DAYS_PER_YEAR, days)
    return Fraction(MONTHS_PER_YEAR * earning, DAYS_PER_YEAR)


def payback_days(one_off_femto_usd: int, low_month_femto_usd: Fraction | int) -> Fraction | None:
    """Days until the low saving has paid a one-off cost back; None when it never does."""
    if low_month_femto_usd <= 0:
        return None
    return (
        Fraction(one_off_femto_usd)
        * DAYS_PER_YEAR
        / (MONTHS_PER_YEAR * Fraction(low_month_femto_usd))
    )
