"""Sentences about a month for every face: its forecast, and what another tier cost. Pure."""

import calendar
from decimal import Decimal

from advisor import words
from advisor.months.figures import UsageFigure
from advisor.months.forecast_figures import (
    BacktestFigure,
    ForecastFigure,
    ForecastRecordFigure,
    WeekAheadFigure,
)
from advisor.months.waste_figures import TierFigure

_TOO_NARROW = Decimal("0.6")
"""Below this share of right bands, an 80 % band is called too narrow.

The dashboard's panel turns red there too.
"""


def contracts(usage: UsageFigure) -> str | None:
    """What contracts are worth, to follow the list price: `providers ask; contracts take off $5`.

    None where they change nothing, or one of the two is not known.
    """
    if usage.cost_usd is None or usage.list_cost_usd in (None, usage.cost_usd):
        return None
    list_usd, spent_usd = Decimal(usage.list_cost_usd or 0), Decimal(usage.cost_usd)
    difference_usd = abs(list_usd - spent_usd)
    verb = "take off" if spent_usd < list_usd else "add"
    share = f" ({words.percent(str(difference_usd / list_usd))})" if list_usd else ""
    return f"providers ask; contracts {verb} {words.dollars(str(difference_usd))}{share}"


def forecast_basis(forecast: ForecastFigure) -> str:
    """What a forecast rests on, to follow the word.

    `from the last 84 days, growing 2.1 % a week; the last 2 days of the month cost 1.9 times as
    much as others`.
    """
    effects = forecast.effects
    if effects is None:
        return words.forecast_method(forecast.method)
    method = f"from the last {effects.days} days"
    growth = Decimal(effects.weekly_growth_ratio)
    if not growth:
        basis = f"{method}, without a trend"
    else:
        direction = "growing" if growth > 0 else "falling"
        basis = f"{method}, {direction} {words.percent(str(abs(growth)))} a week"
    if not effects.month_end_days:
        return basis
    days = (
        "the last day of the month costs"
        if effects.month_end_days == 1
        else f"the last {effects.month_end_days} days of the month cost"
    )
    return f"{basis}; {days} {words.ratio(effects.month_end_factor)} times as much as others"


def forecast_test(forecast: ForecastFigure) -> str | None:
    """How the method did a week ahead; None while it is untested.

    `forecasts of a week made like this were 2.4 % off on average, 0.3 % too low (42 mornings)`.
    """
    if not forecast.tests:
        return None
    tested = forecast.tests[0]
    return (
        "forecasts of a week made like this were"
        f" {forecast_error(tested)} ({tested.mornings} mornings)"
    )


def forecast_error(tested: BacktestFigure | WeekAheadFigure) -> str:
    """`2.4 % off on average, 0.3 % too low`: the distance, and the same with its sign."""
    bias = Decimal(tested.bias_ratio)
    error = f"{words.percent(tested.error_ratio)} off on average"
    if not bias:
        return f"{error}, as often too high as too low"
    return f"{error}, {words.percent(str(abs(bias)))} too {'high' if bias > 0 else 'low'}"


def forecast_record(record: ForecastRecordFigure) -> str:
    """How the forecasts of the last finished month did.

    `October's forecasts were 3 % off on average, 1 % too low; the 80 % band was too narrow (right
    on 7 of 27 days)`.
    """
    latest = record.months[0]
    name = calendar.month_name[int(latest.month[5:])]
    error = f"{name}'s forecasts were {forecast_error(latest)}"
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
