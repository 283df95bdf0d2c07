"""The weekday method: each day to come costs the mean of its weekday over four weeks. Pure.

Exact but for a root in the band.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

DAYS_PER_WEEK = 7
FULL_HISTORY_DAYS, SHORT_HISTORY_DAYS = 28, 14

# Student's t at 0.90 one-sided, hence an 80 % band, for 7 to 21 degrees of freedom.
_T90 = tuple(
    Fraction(text)
    for text in (
        "1.4149239277",
        "1.3968153097",
        "1.3830287384",
        "1.3721836411",
        "1.3634303180",
        "1.3562173340",
        "1.3501712888",
        "1.3450303745",
        "1.3406056079",
        "1.3367571673",
        "1.3333793897",
        "1.3303909436",
        "1.3277282090",
        "1.3253407070",
        "1.3231878738651732",
    )
)
_FIRST_FREEDOM = 7
T90 = _T90[-1]
"""That of four full weeks, and of every band that is wider than its method's own formula."""
_ROOT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Projection:
    """The expected cost of days to come and half its 80 % band, in femto-USD, not yet rounded."""

    expected_femto_usd: Fraction
    half_femto_usd: Fraction


def project(first_day: int, costs_femto_usd: Sequence[int], days: range) -> Projection:
    """The cost of some days from the costs of at least 14 days before, oldest first.

    Only the last 28 of them count. Half the band is t(0.90, n - 7) sqrt(s2 sum (k + k^2 / n_w)):
    the days to come scatter, and so do the means of the weekdays that forecast them. k counts the
    days to come of a weekday, n_w those in the history.
    """
    history = costs_femto_usd[-FULL_HISTORY_DAYS:]
    first_day += len(costs_femto_usd) - len(history)
    by_weekday: dict[int, list[int]] = {weekday: [] for weekday in range(DAYS_PER_WEEK)}
    for day, cost_femto_usd in enumerate(history, start=first_day):
        by_weekday[day % DAYS_PER_WEEK].append(cost_femto_usd)
    left = [sum(day % DAYS_PER_WEEK == weekday for day in days) for weekday in by_weekday]
    expected = sum(
        (Fraction(sum(costs) * left[weekday], len(costs)) for weekday, costs in by_weekday.items()),
        Fraction(0),
    )
    # Within a weekday, sum (x - mean)^2 = sum x^2 - (sum x)^2 / n.
    residual = sum(
        (
            sum(cost * cost for cost in costs) - Fraction(sum(costs) ** 2, len(costs))
            for costs in by_weekday.values()
        ),
        Fraction(0),
    )
    spread = sum(
        (left[weekday] + Fraction(left[weekday] ** 2, len(costs)))
        for weekday, costs in by_weekday.items()
    )
    freedom = len(history) - DAYS_PER_WEEK
    half = _T90[freedom - _FIRST_FREEDOM] * _root(residual / freedom * spread)
    return Projection(expected_femto_usd=expected, half_femto_usd=half)


def _root(square: Fraction) -> Fraction:
    """The square root to 60 digits."""
    quotient = _ROOT.divide(Decimal(square.numerator), Decimal(square.denominator))
    return Fraction(_ROOT.sqrt(quotient))
