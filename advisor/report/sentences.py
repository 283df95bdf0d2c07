"""Sentences about a month for every face: how forecasts did, and what another tier cost. Pure."""

import calendar
from decimal import Decimal

from advisor import words
from advisor.months.figures import ForecastRecordFigure
from advisor.months.waste_figures import TierFigure

_TOO_NARROW = Decimal("0.6")
"""Below this share of right bands, an 80 % band is called too narrow.

The dashboard's panel turns red there too.
"""


def forecast_record(record: ForecastRecordFigure) -> str:
    """How the forecasts of the last finished month did.

    `October's forecasts were 3 % off on average; the 80 % band was too narrow (right on 7 of 27
    days)`.
    """
    latest = record.months[0]
    name = calendar.month_name[int(latest.month[5:])]
    error = f"{name}'s forecasts were {words.percent(latest.error_ratio)} off on average"
    if not latest.banded:
        return error
    is_narrow = Decimal(latest.covered) / latest.banded < _TOO_NARROW
    verdict = "was too narrow (right" if is_narrow else "was right (held"
    days = f"on {latest.covered} of {words.counted(latest.banded, 'day')}"
    return f"{error}; the 80 % band {verdict} {days})"


def other_tier(tier: TierFigure) -> str:
    """`priority asked, standard served: 1,522 requests, $72.67 cheaper than asked`."""
    requests = words.counted(tier.requests, "request")
    return f"{tier.asked_tier} asked, {tier.served_tier} served: {requests}, {_difference(tier)}"


def _difference(tier: TierFigure) -> str:
    if tier.difference_usd is None:
        return tier.meaning
    amount = Decimal(tier.difference_usd)
    if not amount:
        return "at the same cost"
    comparison = "cheaper" if amount < 0 else "more expensive"
    return f"{words.dollars(tier.difference_usd.removeprefix('-'))} {comparison} than asked"
