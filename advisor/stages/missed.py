"""Missed savings: in which closed hours advice was open, and what that would have saved. Reads what the meter has written.

An hour is decided once, by the advice and the stage that were in force when it closed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlmodel import Session

from advisor.advice.figures import RecommendationFigure
from advisor.advice.slices import SliceKey
from advisor.stages import table
from advisor.stages.stored import StoredRecommendation
from advisor.stages.table import Change
from advisor.switching import decision
from ledger import clock, money, tables
from ledger.months import Month

THROUGH = "missed_through_hour"
"""The fact that holds the first UTC hour that is not decided yet."""
HOURS = 24

_MISSED = tables.MISSED_DAY
_RECOMMENDATION = tables.RECOMMENDATION


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One recommendation's open hours of a UTC day, a bit each, and the share of their cost that it would have saved."""

    recommendation_id: str
    slice: SliceKey
    day: int
    hours: int
    ratio: str


def ratio_of(figure: RecommendationFigure) -> str | None:
    """The low end of the saving over the cost of the window, from 0 to 1; None where advice asks for no move."""
    if (
        figure.decision not in decision.COUNTED
        or figure.saving_month is None
        or figure.cost_month_usd is None
    ):
        return None
    low, cost = money.femto_usd(figure.saving_month.low_usd), money.femto_usd(figure.cost_month_usd)
    return money.ratio_text(min(Fraction(low, cost), Fraction(1))) if low > 0 and cost > 0 else None


def missed_femto_usd(ratio: str, spent_femto_usd: int) -> int:
    """What hours missed: the ratio of what they cost, rounded once, and never more than they cost."""
    return min(money.round_to_nano_usd(Fraction(ratio) * spent_femto_usd), spent_femto_usd)


def opened(stored: StoredRecommendation, history: list[Change], hours: range) -> list[Opportunity]:
    """The hours among these in which this advice was open when the hour closed, by day."""
    figure, ratio = stored.figure, ratio_of(stored.figure)
    if ratio is None:
        return []
    advised_at = clock.to_us(datetime.fromisoformat(stored.computed_at))
    end_hour = _end_hour(figure)
    by_day: dict[int, int] = {}
    for hour in hours:
        closed_at = (hour + 1) * clock.HOUR_US - 1
        if (
            advised_at <= closed_at
            and hour < end_hour
            and table.stage_at(history, closed_at) in table.METERED
        ):
            by_day[hour // HOURS] = by_day.get(hour // HOURS, 0) | 1 << hour % HOURS
    key = (figure.provider, figure.project, figure.workload, figure.from_model)
    return [Opportunity(figure.id, key, day, mask, ratio) for day, mask in by_day.items()]


def _end_hour(figure: RecommendationFigure) -> float:
    """The hour at which the first of the models is gone."""
    if figure.days_left is None:
        return float("inf")
    return (clock.day_number(date.fromisoformat(figure.as_of)) + figure.days_left) * HOURS


def by_recommendation(
    session: Session, project: str | None = None, month: Month | None = None
) -> dict[str, int]:
    """What each recommendation missed, in femto-USD, so far or on the UTC days of a month; one that was never open is absent."""
    wanted = select(_MISSED.c.recommendation_id, _MISSED.c.missed_usd)
    if project is not None:
        wanted = wanted.join(_RECOMMENDATION, _RECOMMENDATION.c.id == _MISSED.c.recommendation_id)
        wanted = wanted.where(_RECOMMENDATION.c.project == project)
    if month is not None:
        days = month.whole_days
        wanted = wanted.where(_MISSED.c.day.between(days.start, days.stop - 1))
    missed: dict[str, int] = {}
    for recommendation_id, amount in session.execute(wanted):
        missed[recommendation_id] = missed.get(recommendation_id, 0) + money.femto_usd(amount)
    return missed
