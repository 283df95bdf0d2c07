"""How long a saving lasts: until either model is shut down. Pure, and always counted from the day it is given."""

from fractions import Fraction

from ledger.pricing import prices

SOURCE_NOTICE_DAYS = 90
TARGET_BLOCK_DAYS = 30
MONTHS_PER_YEAR, DAYS_PER_YEAR = 12, 365


def days_left(book: prices.PriceBook, provider: str, model: str, as_of_day: int) -> int | None:
    """Days a model still serves from a UTC day on (the shutdown day serves nothing); None with no shutdown announced."""
    retirement = book.facts_of(provider, model).retirement
    return None if retirement is None else max(0, retirement.shutdown_day - as_of_day)


def shorter(*days: int | None) -> int | None:
    """The life of a move: the days of whichever model goes first; None when none is known to go."""
    known = [count for count in days if count is not None]
    return min(known, default=None)


def earning_months(days: int | None) -> Fraction:
    """The average months that a saving lasts within the next year: 12 x min(365, days left) / 365.

    A saving per average month times this is the saving of the next year, integrated only until either model is gone.
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
