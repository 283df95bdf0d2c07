"""The rollup tables: intake rows, hours, days, totals and distributions. Never commits.

Intake rows of new events may be added in any order, by several workers at once. A row of
differences takes away what an older row added, so it waits until no older row is left.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ledger import clock, late_usage, metric_sets, slots, tables, usage, withdrawal

INTAKE = tables.INTAKE
HOUR = tables.USAGE_HOUR
DAY_SUMS = tables.USAGE_DAY
TOTAL = tables.USAGE_TOTAL
LATE = tables.USAGE_LATE
DISTRIBUTION = tables.DISTRIBUTION_DAY
DAY = tables.DAY
_IS_NEW = INTAKE.c.events != usage.NO_NEW_EVENTS


def list_pending(session: Session) -> list[usage.Sums]:
    """The sums of all intake rows that wait, oldest first; those of early events too."""
    rows = session.execute(select(INTAKE.c.sums).order_by(INTAKE.c.id))
    return [usage.unpack(packed) for packed in rows.scalars()]


def list_ready(
    session: Session, now_us: int, limit: int | None = None
) -> list[tuple[int, usage.Sums]]:
    """The intake rows that may be rolled up now, the first that were ready first: id and sums."""
    ready = _IS_NEW & (INTAKE.c.ready_at <= now_us)
    query = select(INTAKE.c.id, INTAKE.c.sums)
    rows = session.execute(
        query.where(ready).order_by(INTAKE.c.ready_at, INTAKE.c.id).limit(limit)
    ).all()
    if limit is None or len(rows) < limit:
        differences = ~_IS_NEW & (INTAKE.c.ready_at <= now_us)
        query = query.where(differences).order_by(INTAKE.c.id)
        rows = [*rows, *session.execute(query.limit(limit and limit - len(rows)))]
    return [(intake_id, usage.unpack(packed)) for intake_id, packed in rows]


def claim(session: Session, now_us: int, limit: int | None = None) -> list[usage.Sums]:
    """Take up to `limit` intake rows that are ready out of the table.

    Without those that another worker holds, and without differences from sums that it holds.
    """
    free = (
        select(INTAKE.c.id)
        .where(_IS_NEW, INTAKE.c.ready_at <= now_us)
        .order_by(INTAKE.c.ready_at, INTAKE.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = _take(session, free)
    if limit is None or len(claimed) < limit:
        # A row that another worker has taken, but not yet committed, is still seen here. Workers
        # take differences one after another, because one may undo what another one adds.
        older = select(func.min(INTAKE.c.id)).where(_IS_NEW, INTAKE.c.ready_at <= now_us)
        free = (
            select(INTAKE.c.id)
            .where(~_IS_NEW, INTAKE.c.ready_at <= now_us)
            .where(INTAKE.c.id < func.coalesce(older.scalar_subquery(), INTAKE.c.id + 1))
            .order_by(INTAKE.c.id)
            .limit(limit and limit - len(claimed))
            .with_for_update()
        )
        claimed += _take(session, free)
    return claimed


def _take(session: Session, free: Select[tuple[int | None]]) -> list[usage.Sums]:
    rows = session.execute(delete(INTAKE).where(INTAKE.c.id.in_(free)).returning(INTAKE.c.sums))
    return [usage.unpack(packed) for packed in rows.scalars()]


def remove(session: Session, intake_ids: Sequence[int]) -> int:
    """Delete these intake rows; how many were still there."""
    result = session.execute(delete(INTAKE).where(INTAKE.c.id.in_(intake_ids)))
    return int(result.rowcount)  # type: ignore[attr-defined]  # of a DELETE: a CursorResult


def add(session: Session, sums: usage.Sums, now_us: int, max_metric_sets: int) -> None:
    """Add sums to hours, days, totals and distributions, and to the late usage of closed months.

    In sorted order, so that workers cannot deadlock. The caller holds the lock "rollup", so no
    month closes meanwhile.
    """
    _add_amounts(session, HOUR, ("slot", "series_id"), sums.hours)
    _add_amounts(session, DAY_SUMS, ("day", "series_id"), sums.days())
    _add_amounts(
        session,
        TOTAL,
        ("series_id",),
        {(series_id,): amounts for series_id, amounts in sums.totals().items()},
    )
    rows = [
        {
            "day": day,
            "series_id": series_id,
            "measure": measure,
            "power": power,
            "requests": requests,
        }
        for (day, series_id, measure, power), requests in sorted(sums.distributions.items())
        if requests
    ]
    upsert(
        session, DISTRIBUTION, ("day", "series_id", "measure", "power"), rows, summed=("requests",)
    )
    came_late = late_usage.extract(sums, late_usage.closed_months(session), clock.day_of(now_us))
    _add_amounts(
        session, LATE, ("month", "recorded_day", "after_number", "slot", "series_id"), came_late
    )
    withdrawal.settle(session, sums, now_us)
    touch_days(session, {slot // slots.PER_DAY for slot, _ in sums.hours}, now_us)
    metric_sets.assign(session, sums.totals(), max_metric_sets)


def of_slots(span: range) -> ColumnElement[bool]:
    """The SQL of the hours, and parts of hours, that lie in a span of slots."""
    return HOUR.c.slot.between(span.start, span.stop - 1)


def of_days(days: range) -> ColumnElement[bool]:
    """The SQL of the hours of some UTC days."""
    return of_slots(slots.of_days(days))


def hour_of_row() -> ColumnElement[int]:
    """The SQL of the UTC hour that a row of the hours is of, or of a part of."""
    # Labelled, because to PostgreSQL a repeated expression with a parameter is a different one.
    return (HOUR.c.slot // slots.PER_HOUR).label("hour")


def part_of_row(cut: int) -> ColumnElement[int]:
    """The SQL of the slot where a row's part of the UTC day begins: midnight, or `cut` later."""
    midnight = HOUR.c.slot - HOUR.c.slot % slots.PER_DAY
    after = HOUR.c.slot % slots.PER_DAY >= cut
    return case((after, midnight + cut), else_=midnight).label("part")


def aggregates(table: Table) -> list[ColumnElement[int]]:
    """The SQL that merges rows of a rollup: sums and maxima, in the order of `usage.COLUMNS`."""
    return [func.sum(table.c[name]) for name in usage.SUMMED] + [
        func.max(table.c[name]) for name in usage.LARGEST
    ]


def touch_days(session: Session, days: Iterable[int], now_us: int) -> None:
    """Raise the revision of days that a rollup wrote into, so that statements are renewed."""
    rows = [{"day": day, "revision": 1, "last_written_at": now_us} for day in sorted(days)]
    upsert(session, DAY, ("day",), rows, summed=("revision",), replaced=("last_written_at",))


def _add_amounts(
    session: Session, table: Table, key: tuple[str, ...], sums: dict[Any, list[int]]
) -> None:
    rows = [
        {**dict(zip(key, names, strict=True)), **dict(zip(usage.COLUMNS, amounts, strict=True))}
        for names, amounts in sorted(sums.items())
    ]
    upsert(session, table, key, rows, summed=usage.SUMMED, largest=usage.LARGEST)


def upsert(
    session: Session,
    table: Table,
    key: tuple[str, ...],
    rows: list[dict[str, Any]],
    *,
    summed: tuple[str, ...] = (),
    largest: tuple[str, ...] = (),
    replaced: tuple[str, ...] = (),
) -> None:
    """Insert rows; where a key exists, add, keep the larger or replace, column by column."""
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    new = statement.excluded
    changes: dict[str, Any] = {name: table.c[name] + new[name] for name in summed}
    changes |= {
        name: case((table.c[name] > new[name], table.c[name]), else_=new[name]) for name in largest
    }
    changes |= {name: new[name] for name in replaced}
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changes), rows)


def count_pending(session: Session, now_us: int) -> tuple[int, int | None]:
    """How many intake rows wait to be rolled up, and since when (epoch microseconds).

    Early events wait from their own time on.
    """
    ready_since = case(
        (INTAKE.c.ready_at > INTAKE.c.created_at, INTAKE.c.ready_at), else_=INTAKE.c.created_at
    )
    row = session.execute(
        select(func.count(), func.min(ready_since)).where(INTAKE.c.ready_at <= now_us)
    ).one()
    return int(row[0]), row[1]


def count_early(session: Session, now_us: int) -> tuple[int, int | None]:
    """How many stored events are early, and when the first counts (epoch microseconds).

    An early event came from a clock ahead of ours and is in no figure before its own time.
    """
    row = session.execute(
        select(func.coalesce(func.sum(INTAKE.c.events), 0), func.min(INTAKE.c.ready_at)).where(
            INTAKE.c.ready_at > now_us
        )
    ).one()
    return int(row[0]), row[1]
