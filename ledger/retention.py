"""Retention: raw events are dropped by UTC day, and the day is sealed as the drop begins.

Statements, totals and days stay for ever. An event of a sealed day is refused, because a re-send
could no longer be told from a new event. Nothing of a day is dropped while an intake row still
waits to be rolled up into it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlmodel import Session

from ledger import clock, recount, rollups, tables
from ledger.database import Database, partition_of

LEAST_DAYS = 1
"""Days that raw events stay after their day's end at least: `store` checks older seals only."""
HOURS_STAY_DAYS = 400
"""How long the hours and distributions of a sealed day stay after its end."""
LOCK_TIMEOUT_MS = 1_000
"""How long a drop may wait for readers on PostgreSQL, as collectors wait behind it.

The next run tries again.
"""

_EVENT = tables.EVENT
_METER = tables.EVENT_METER
_ROWS_AT_ONCE = 20_000
"""Rows that SQLite deletes in a transaction of about 50 ms; collectors write in between."""


@dataclass(frozen=True, slots=True)
class DueDay:
    """A UTC day whose raw events may be dropped, and how many requests they are."""

    day: int
    requests: int


def due_days(session: Session, keep_days: int, now_us: int) -> list[DueDay]:
    """The days whose raw events have been kept for `keep_days` (0: for ever), oldest first.

    The time runs from the day's end or the last rollup into it, the later of the two. Days that
    intake rows wait for are left out.
    """
    if not keep_days:
        return []
    day, until_us = rollups.DAY.c, now_us - max(keep_days, LEAST_DAYS) * clock.DAY_US
    query = select(day.day).where(
        day.sealed_at.is_(None), day.day < until_us // clock.DAY_US, day.last_written_at <= until_us
    )
    old = set(session.execute(query).scalars())
    if old:
        old -= {day for sums in rollups.list_pending(session) for day, _ in sums.days()}
    return [DueDay(day_number, _requests(session, day_number)) for day_number in sorted(old)]


def drop_events(
    database: Database, keep_days: int, now_us: int, may_go_on: Callable[[], bool] = lambda: True
) -> Iterator[DueDay]:
    """Drop the due raw events day by day, and what a killed run left; each day once it is dropped.

    Raises StoreUnavailable, also where a reader of PostgreSQL holds a day for too long; what has
    been dropped by then stays dropped.
    """
    with database.snapshot() as session:
        due = due_days(session, keep_days, now_us)
        sealed = recount.sealed_days(session)
        half_dropped = [day for day in recount.stored_days(session) if day in sealed]
    for day in half_dropped:
        _delete_rows(database, day, may_go_on)
    for due_day in due:
        if may_go_on() and _seal(database, due_day.day, keep_days, now_us):
            _delete_rows(database, due_day.day, may_go_on)
            yield due_day


def drop_hours(database: Database, now_us: int) -> int:
    """Drop hours and distributions of sealed days after HOURS_STAY_DAYS; how many days that were.

    The hours of the first and the last UTC day of a month stay: in another zone a month begins or
    ends within them.
    """
    day, until = rollups.DAY.c, now_us // clock.DAY_US - HOURS_STAY_DAYS
    with database.snapshot() as session:
        query = select(day.day).where(
            day.sealed_at.is_not(None), day.hours_dropped_at.is_(None), day.day < until
        )
        old = session.execute(query.order_by(day.day)).scalars().all()
    for day_number in old:
        with database.transaction() as session:
            if not is_edge(day_number):
                of_day = rollups.of_days(range(day_number, day_number + 1))
                session.execute(delete(rollups.HOUR).where(of_day))
            session.execute(
                delete(rollups.DISTRIBUTION).where(rollups.DISTRIBUTION.c.day == day_number)
            )
            session.execute(
                update(rollups.DAY).where(day.day == day_number).values(hours_dropped_at=now_us)
            )
    return len(old)


def dropped_days(session: Session) -> set[int]:
    """The UTC days of which only whole days are left: no hours."""
    day = rollups.DAY.c
    dropped = session.execute(select(day.day).where(day.hours_dropped_at.is_not(None))).scalars()
    return {number for number in dropped if not is_edge(number)}


def is_edge(day: int) -> bool:
    """Whether a UTC day is its month's first or last, so that two months of a zone may share it."""
    return clock.date_of(day).day == 1 or clock.date_of(day + 1).day == 1


def _requests(session: Session, day: int) -> int:
    table = rollups.DAY_SUMS.c
    return int(
        session.execute(
            select(func.coalesce(func.sum(table.requests), 0)).where(table.day == day)
        ).scalar_one()
    )


def _seal(database: Database, day: int, keep_days: int, now_us: int) -> bool:
    """Seal a day, drop its meters and PostgreSQL's partition; False if it is not due any more.

    Ingest reads the seals of old days before it inserts, and locks the table `day` by that until it
    commits. So behind our lock every commit into this day is visible as intake, and later writers
    see the seal.
    """
    with database.transaction() as session:
        if not database.is_sqlite:
            session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'"))
            session.execute(text("LOCK TABLE day IN ACCESS EXCLUSIVE MODE"))
        if day not in {due_day.day for due_day in due_days(session, keep_days, now_us)}:
            return False
        session.execute(
            update(rollups.DAY).where(rollups.DAY.c.day == day).values(sealed_at=now_us)
        )
        if not database.is_sqlite:
            session.execute(text(f"DROP TABLE IF EXISTS {partition_of(day)}"))
        session.execute(delete(_METER).where(_METER.c.day == day))
    return True


def _delete_rows(database: Database, day: int, may_go_on: Callable[[], bool]) -> None:
    """Delete a sealed day's rows in small transactions; on PostgreSQL its partition is gone."""
    key = tuple_(_EVENT.c.day, _EVENT.c.key)
    batch = select(_EVENT.c.day, _EVENT.c.key).where(_EVENT.c.day == day).limit(_ROWS_AT_ONCE)
    while database.is_sqlite and may_go_on():
        with database.transaction() as session:
            result = session.execute(delete(_EVENT).where(key.in_(batch)))
            if result.rowcount < _ROWS_AT_ONCE:  # type: ignore[attr-defined]  # a CursorResult
                return
