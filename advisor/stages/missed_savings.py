"""Missed savings: in which closed hours advice was open, and what it would have saved.

An hour is decided once, by the advice and the stage that were in force when it closed.
"""

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import select
from sqlmodel import Session

from advisor.advice.slices import SliceKey
from advisor.advice.values import Recommendation
from advisor.stages import transitions
from advisor.stages.stored_recommendation import StoredRecommendation
from advisor.stages.transitions import Change
from ledger import clock, money, tables
from ledger.months import Month

THROUGH = "missed_through_hour"
"""The fact that holds the first UTC hour that is not decided yet."""
HOURS = 24
_RATIO_DECIMALS = 9

_MISSED = tables.MISSED_DAY
_RECOMMENDATION = tables.RECOMMENDATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """One recommendation's open hours of a UTC day, and what share of their cost it would save.

    `hours` has a bit for each hour of the day.
    """

    recommendation_id: str
    slice: SliceKey
    day: int
    hours: int
    ratio: Fraction


def ratio_of(recommendation: Recommendation) -> Fraction | None:
    """The low end of the saving over the slice's cost, from 0 to 1, rounded to 9 decimals.

    None where the advice asks for no move.
    """
    saving, cost = recommendation.saving, recommendation.cost_month_femto_usd
    if not recommendation.decision.counted or saving is None or not cost:
        return None
    ratio = min(Fraction(saving.low_femto_usd, cost), Fraction(1))
    return round(ratio, _RATIO_DECIMALS) if ratio > 0 else None


def missed_femto_usd(ratio: Fraction, cost_femto_usd: int) -> int:
    """What hours missed: the ratio of what they cost, rounded once, never more than they cost."""
    return min(money.round_to_nano_usd(ratio * cost_femto_usd), cost_femto_usd)


def find_opportunities(
    row: StoredRecommendation, history: list[Change], hours: range
) -> list[Opportunity]:
    """The hours among these at whose end this advice was open, by day."""
    recommendation, ratio = row.recommendation, ratio_of(row.recommendation)
    if ratio is None:
        return []
    end_hour = _end_hour(recommendation)
    by_day: dict[int, int] = {}
    for hour in hours:
        closed_at = (hour + 1) * clock.HOUR_US - 1
        if (
            row.computed_at_us <= closed_at
            and (end_hour is None or hour < end_hour)
            and transitions.stage_at(history, closed_at) in transitions.METERED
        ):
            by_day[hour // HOURS] = by_day.get(hour // HOURS, 0) | 1 << hour % HOURS
    key = SliceKey(
        provider=recommendation.provider,
        project=recommendation.project,
        workload=recommendation.workload,
        model=recommendation.from_model,
    )
    return [
        Opportunity(
            recommendation_id=recommendation.id, slice=key, day=day, hours=mask, ratio=ratio
        )
        for day, mask in by_day.items()
    ]


def _end_hour(recommendation: Recommendation) -> int | None:
    """The hour at which the first of the models is gone; None where neither is known to go."""
    end_day = recommendation.end_day
    return None if end_day is None else end_day * HOURS


def by_recommendation(
    session: Session, project: str | None = None, month: Month | None = None
) -> dict[str, int]:
    """What each recommendation missed so far, or on the UTC days of a month, in femto-USD.

    A recommendation that was never open is absent.
    """
    query = select(_MISSED.c.recommendation_id, _MISSED.c.missed_usd)
    if project is not None:
        query = query.join(_RECOMMENDATION, _RECOMMENDATION.c.id == _MISSED.c.recommendation_id)
        query = query.where(_RECOMMENDATION.c.project == project)
    if month is not None:
        days = month.whole_days
        query = query.where(_MISSED.c.day.between(days.start, days.stop - 1))
    amounts: dict[str, int] = {}
    for recommendation_id, amount_usd in session.execute(query):
        amount = money.femto_usd(amount_usd)
        amounts[recommendation_id] = amounts.get(recommendation_id, 0) + amount
    return amounts
