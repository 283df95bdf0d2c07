"""The meter of missed savings: it decides the hours that have closed.

Days that changed since are computed again. How far it has got is written in the same transaction,
so that a restart or a second worker counts no hour twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from sqlalchemy import Row, select
from sqlmodel import Session

from advisor.advice.slices import SliceKey
from advisor.months import pricings, statements
from advisor.stages import missed_savings, recommendations, store
from advisor.stages.missed_savings import HOURS, THROUGH, Opportunity
from ledger import clock, facts, money, readings, rollups, tables, tokens, usage
from ledger.database import Database, lock
from ledger.pricing import in_force, prices

_MISSED = tables.MISSED_DAY
_DAY = tables.DAY
_RECOMMENDATION = tables.RECOMMENDATION
_SLICE = tuple(
    _RECOMMENDATION.c[name] for name in ("provider", "project", "workload", "from_model")
)
_SAME = _RECOMMENDATION.c.id == _MISSED.c.recommendation_id


def run(database: Database, now_us: int) -> int:
    """Decide the hours that have closed, and compute changed days again; how many rows it wrote."""
    this_hour = clock.hour_of(now_us)
    with database.snapshot() as session:
        before = facts.get(session, THROUGH)
        hours = range(int(before), this_hour) if before is not None else range(0)
        priced_by = _priced_by(session)
        stale = _stale(session, priced_by, this_hour // HOURS)
        opportunities = _merge([*stale, *_opened(session, hours)])
        rows = _price(session, opportunities, priced_by) if opportunities else []
    if before is not None and not rows and not len(hours):
        return 0
    with database.transaction() as session:
        lock(session, "refresh")
        if facts.get(session, THROUGH) != before:
            return 0  # another run decided these hours meanwhile
        columns = ("hours", "spent_usd", "missed_usd", "day_revision", "priced_by")
        rollups.upsert(session, _MISSED, ("recommendation_id", "day"), rows, replaced=columns)
        facts.put(session, THROUGH, str(max(this_hour, int(before or 0))))
    return len(rows)


def _opened(session: Session, hours: range) -> list[Opportunity]:
    if not len(hours):
        return []
    histories = store.load_histories(session)
    return [
        opportunity
        for row in recommendations.read_current(session)
        for opportunity in missed_savings.find_opportunities(
            row, histories.get(row.recommendation.id, []), hours
        )
    ]


def _stale(session: Session, priced_by: str, today: int) -> list[Opportunity]:
    """The days whose usage or prices changed since they were computed and whose hours are there.

    Today changes all the time: it is computed again with each hour that closes.
    """
    is_changed = (_DAY.c.revision != _MISSED.c.day_revision) | (_MISSED.c.priced_by != priced_by)
    has_hours = _DAY.c.hours_dropped_at.is_(None) & (_MISSED.c.day < today)
    query = (
        select(_MISSED, *_SLICE)
        .join(_DAY, _DAY.c.day == _MISSED.c.day)
        .join(_RECOMMENDATION, _SAME)
        .where(is_changed, has_hours)
    )
    return [_opportunity(row) for row in session.execute(query)]


def _opportunity(row: Row[tuple[object, ...]]) -> Opportunity:
    columns = row._mapping
    return Opportunity(
        recommendation_id=columns["recommendation_id"],
        slice=SliceKey(
            provider=columns["provider"],
            project=columns["project"],
            workload=columns["workload"],
            model=columns["from_model"],
        ),
        day=columns["day"],
        hours=columns["hours"],
        ratio=Fraction(columns["ratio"]),
    )


def _merge(opportunities: Iterable[Opportunity]) -> list[Opportunity]:
    """One for each recommendation and day, with all hours; the ratio is that of the first."""
    by_key: dict[tuple[str, int], Opportunity] = {}
    for opportunity in opportunities:
        key = opportunity.recommendation_id, opportunity.day
        first = by_key.get(key)
        by_key[key] = (
            opportunity if first is None else replace(first, hours=first.hours | opportunity.hours)
        )
    return list(by_key.values())


def _price(
    session: Session, opportunities: list[Opportunity], priced_by: str
) -> list[dict[str, object]]:
    """The rows of these hours, with those of the same day that were decided before."""
    pricing, revisions = pricings.in_force(session), readings.day_revisions(session)
    rows, cost_by_slice = [], dict[tuple[int, int], Mapping[SliceKey, int]]()
    for opportunity in _with_earlier_hours(session, opportunities):
        day, hours, ratio = opportunity.day, opportunity.hours, opportunity.ratio
        if (day, hours) not in cost_by_slice:
            cost_by_slice[day, hours] = sum_cost_by_slice(session, pricing, day, hours)
        cost = cost_by_slice[day, hours].get(opportunity.slice, 0)
        rows.append(
            {
                "recommendation_id": opportunity.recommendation_id,
                "day": day,
                "hours": hours,
                "ratio": money.ratio_text(ratio),
                "spent_usd": money.usd_text(cost),
                "missed_usd": money.usd_text(missed_savings.missed_femto_usd(ratio, cost)),
                "day_revision": revisions.get(day, 0),
                "priced_by": priced_by,
            }
        )
    return rows


def _with_earlier_hours(
    session: Session, opportunities: list[Opportunity]
) -> Iterator[Opportunity]:
    """The same with the hours of their days that were decided before, at the ratio of then."""
    days = {opportunity.day for opportunity in opportunities}
    rows = session.execute(select(_MISSED).where(_MISSED.c.day.in_(days)))
    by_key = {(row.recommendation_id, row.day): row for row in rows}
    for opportunity in opportunities:
        row = by_key.get((opportunity.recommendation_id, opportunity.day))
        if row is None:
            yield opportunity
        else:
            hours = opportunity.hours | row.hours
            yield replace(opportunity, hours=hours, ratio=Fraction(row.ratio))


def sum_cost_by_slice(
    session: Session, pricing: statements.Pricing, day: int, hours: int
) -> dict[SliceKey, int]:
    """What each slice cost in some hours of a UTC day, in femto-USD at that day's prices.

    `hours` has a bit for each hour of the day.
    """
    utc_hours = [day * HOURS + hour for hour in range(HOURS) if hours >> hour & 1]
    costs: dict[SliceKey, int] = {}
    for series_id, amounts in readings.sum_hours(session, utc_hours).items():
        counts = usage.token_counts(amounts)
        if counts != tokens.NONE:
            labels, priced = pricing.series[series_id].labels, pricing.resolve(series_id, day)
            key = SliceKey(priced.provider, labels.project, labels.workload, priced.model)
            cost = prices.cost(counts, priced.price.rates if priced.price else None)
            costs[key] = costs.get(key, 0) + cost.femto_usd
    return costs


def _priced_by(session: Session) -> str:
    aliases = in_force.load_aliases(session)
    return f"{in_force.load_book(session).version} {in_force.aliases_version(aliases)}"
