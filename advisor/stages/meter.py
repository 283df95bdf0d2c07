"""The meter of missed savings: it decides the hours that have closed, and computes days again that changed since.

How far it has got is written in the same transaction, so that a restart or a second worker counts no hour twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from sqlalchemy import Row, select
from sqlmodel import Session

from advisor.advice.slices import SliceKey
from advisor.months import pricings, statements
from advisor.stages import missed, recommendations, store
from advisor.stages.missed import HOURS, THROUGH, Opportunity
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
    """Decide the hours that have closed, and compute days again whose usage or prices changed; how many rows that wrote."""
    this_hour = clock.hour_of(now_us)
    with database.snapshot() as session:
        before = facts.get(session, THROUGH)
        hours = range(int(before), this_hour) if before is not None else range(0)
        priced_by = _priced_by(session)
        wanted = _together(
            [*_stale(session, priced_by, this_hour // HOURS), *_opened(session, hours)]
        )
        rows = _priced(session, wanted, priced_by) if wanted else []
    if before is not None and not rows and not len(hours):
        return 0
    with database.transaction() as session:
        lock(session, "refresh")
        if facts.get(session, THROUGH) != before:
            return 0  # another run decided these hours meanwhile
        keep = ("hours", "spent_usd", "missed_usd", "day_revision", "priced_by")
        rollups.upsert(session, _MISSED, ("recommendation_id", "day"), rows, replaced=keep)
        facts.put(session, THROUGH, str(max(this_hour, int(before or 0))))
    return len(rows)


def _opened(session: Session, hours: range) -> list[Opportunity]:
    if not len(hours):
        return []
    histories = store.histories(session)
    found = recommendations.read(session)
    return [
        each
        for stored in found
        for each in missed.opened(stored, histories.get(stored.recommendation.id, []), hours)
    ]


def _stale(session: Session, priced_by: str, today: int) -> list[Opportunity]:
    """The days of which the usage or its prices changed since they were computed, unless their hours are gone.

    Today changes all the time: it is computed again with each hour that closes.
    """
    changed = (_DAY.c.revision != _MISSED.c.day_revision) | (_MISSED.c.priced_by != priced_by)
    wanted = (
        select(_MISSED, *_SLICE)
        .join(_DAY, _DAY.c.day == _MISSED.c.day)
        .join(_RECOMMENDATION, _SAME)
    )
    kept = _DAY.c.hours_dropped_at.is_(None) & (_MISSED.c.day < today)
    return [_held(row) for row in session.execute(wanted.where(changed, kept))]


def _held(row: Row[tuple[object, ...]]) -> Opportunity:
    stored = row._mapping
    return Opportunity(
        recommendation_id=stored["recommendation_id"],
        slice=(stored["provider"], stored["project"], stored["workload"], stored["from_model"]),
        day=stored["day"],
        hours=stored["hours"],
        ratio=Fraction(stored["ratio"]),
    )


def _together(found: Iterable[Opportunity]) -> list[Opportunity]:
    """One for each recommendation and day; the first says the ratio."""
    by_key: dict[tuple[str, int], Opportunity] = {}
    for each in found:
        first = by_key.get((each.recommendation_id, each.day))
        by_key[each.recommendation_id, each.day] = (
            each if first is None else replace(first, hours=first.hours | each.hours)
        )
    return list(by_key.values())


def _priced(session: Session, wanted: list[Opportunity], priced_by: str) -> list[dict[str, object]]:
    """The rows of these hours, those of the same day that were decided before included."""
    pricing, revisions = pricings.in_force(session), readings.day_revisions(session)
    rows, spent = [], dict[tuple[int, int], Mapping[SliceKey, int]]()
    for each in _with_earlier_hours(session, wanted):
        place = (each.day, each.hours)
        if place not in spent:
            spent[place] = spent_by_slice(session, pricing, *place)
        cost = spent[place].get(each.slice, 0)
        rows.append(
            {
                "recommendation_id": each.recommendation_id,
                "day": each.day,
                "hours": each.hours,
                "ratio": money.ratio_text(each.ratio),
                "spent_usd": money.usd_text(cost),
                "missed_usd": money.usd_text(missed.missed_femto_usd(each.ratio, cost)),
                "day_revision": revisions.get(each.day, 0),
                "priced_by": priced_by,
            }
        )
    return rows


def _with_earlier_hours(session: Session, wanted: list[Opportunity]) -> list[Opportunity]:
    days = {each.day for each in wanted}
    held = session.execute(select(_MISSED).where(_MISSED.c.day.in_(days)))
    before = {(row.recommendation_id, row.day): row for row in held}
    whole = []
    for each in wanted:
        row = before.get((each.recommendation_id, each.day))
        whole.append(
            each
            if row is None
            else replace(each, hours=each.hours | row.hours, ratio=Fraction(row.ratio))
        )
    return whole


def spent_by_slice(
    session: Session, pricing: statements.Pricing, day: int, hours: int
) -> dict[SliceKey, int]:
    """What each slice cost in some hours of a UTC day, in femto-USD at that day's prices."""
    chosen = [day * HOURS + hour for hour in range(HOURS) if hours >> hour & 1]
    spent: dict[SliceKey, int] = {}
    for series_id, amounts in readings.sum_hours(session, chosen).items():
        counts = usage.token_counts(amounts)
        if counts != tokens.NONE:
            labels, priced = pricing.series[series_id].labels, pricing.resolve(series_id, day)
            key = (priced.provider, labels.project, labels.workload, priced.model)
            cost = prices.cost(counts, priced.price.rates if priced.price else None).femto_usd
            spent[key] = spent.get(key, 0) + cost
    return spent


def _priced_by(session: Session) -> str:
    return f"{in_force.load_book(session).version} {in_force.aliases_version(in_force.load_aliases(session))}"
