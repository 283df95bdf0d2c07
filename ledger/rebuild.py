"""Repair of the rollups: hours from raw events, days from hours, totals from days.

Only this may lower a counter. Days without raw rows keep their rollups. A closed month and its late
usage are books, not rollups: they stay, `verify` reports where the repaired rollups differ, and a
repricing books the difference.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, select
from sqlmodel import Session

from ledger import clock, events, recount, rollups, slots, usage
from ledger.database import Database, lock, stop_ingest

_SPLIT = len(usage.SUMMED)
_Amounts = dict[tuple[int, ...], list[int]]


def rebuild_rollups(database: Database) -> int:
    """Repair every rollup that can be recounted, in one transaction; how many sums were wrong."""
    with database.transaction() as session:
        lock(session, "rollup")
        stop_ingest(session)
        waiting = usage.merge_all(rollups.list_pending(session))
        wrong = sum(_rebuild_day(session, day, waiting) for day in recount.open_days(session))
        day_sums = rollups.DAY_SUMS
        totals = _sum_rows(session, day_sums, (day_sums.c.series_id,))
        return wrong + _replace(session, rollups.TOTAL, ("series_id",), correct=totals)


def _rebuild_day(session: Session, day: int, waiting: usage.Sums) -> int:
    hours = recount.count_hours(session, day, day)
    pending = {
        key: amounts for key, amounts in waiting.hours.items() if key[0] // slots.PER_DAY == day
    }
    if pending:
        # The maxima of early events must not show before their time, or by the tolerance sooner.
        until_us = clock.now_us() + events.FUTURE_TOLERANCE_US
        come = recount.count_hours(session, day, day, until_us=until_us)
        nothing = [0] * len(usage.COLUMNS)
        for key, amounts in pending.items():
            counted = hours.get(key, nothing)
            hours[key] = _without(counted, amounts, maxima=come.get(key, counted)[_SPLIT:])
            if key in waiting.withdrawn:
                recount.raise_maxima(hours, key, waiting.withdrawn[key])
    table = rollups.HOUR
    of_day = [rollups.of_days(range(day, day + 1))]
    indexes = [usage.INDEX[name] for name in ("requests", "meter_requests")]
    with_requests: _Amounts = {
        key: amounts for key, amounts in hours.items() if any(amounts[index] for index in indexes)
    }
    wrong = _replace(
        session, table, ("slot", "series_id"), correct=with_requests, conditions=of_day
    )
    day_and_series = (table.c.slot // slots.PER_DAY).label("day_of_hour"), table.c.series_id
    wrong += _replace(
        session,
        rollups.DAY_SUMS,
        ("day", "series_id"),
        correct=_sum_rows(session, table, day_and_series, of_day),
        conditions=[rollups.DAY_SUMS.c.day == day],
    )
    _rebuild_distribution(session, day, waiting)
    if wrong:
        rollups.touch_days(session, [day], clock.now_us())
    return wrong


def _without(amounts: list[int], pending: list[int], *, maxima: list[int]) -> list[int]:
    """The events' sums without what is pending, as the hour must be now, with these maxima."""
    return [a - b for a, b in zip(amounts[:_SPLIT], pending[:_SPLIT], strict=True)] + maxima


def _sum_rows(
    session: Session, table: Table, key: tuple[Any, ...], conditions: Iterable[Any] = ()
) -> _Amounts:
    amounts = rollups.aggregates(table)
    rows = session.execute(select(*key, *amounts).where(*conditions).group_by(*key))
    return {
        tuple(int(part) for part in row[: len(key)]): [int(value) for value in row[len(key) :]]
        for row in rows
    }


def _replace(
    session: Session,
    table: Table,
    key: tuple[str, ...],
    *,
    correct: _Amounts,
    conditions: Sequence[ColumnElement[bool]] = (),
) -> int:
    """Make the rows of a rollup that meet the conditions equal to `correct`; how many were not."""
    columns = [table.c[name] for name in (*key, *usage.COLUMNS)]
    rows = {
        tuple(row[: len(key)]): list(row[len(key) :])
        for row in session.execute(select(*columns).where(*conditions))
    }
    wrong = sorted(
        names for names in correct.keys() | rows.keys() if correct.get(names) != rows.get(names)
    )
    for names in wrong:
        session.execute(
            delete(table).where(*(table.c[k] == v for k, v in zip(key, names, strict=True)))
        )
        if names in correct:
            amounts = zip(usage.COLUMNS, correct[names], strict=True)
            session.execute(
                table.insert().values(**dict(zip(key, names, strict=True)), **dict(amounts))
            )
    return len(wrong)


def _rebuild_distribution(session: Session, day: int, waiting: usage.Sums) -> None:
    table = rollups.DISTRIBUTION
    counted = recount.count_distributions(session, day, day)
    for key, requests in waiting.distributions.items():
        if key[0] == day:
            counted[key] = counted.get(key, 0) - requests
    rows = [
        {
            "day": day,
            "series_id": series_id,
            "measure": measure,
            "power": power,
            "requests": requests,
        }
        for (_, series_id, measure, power), requests in sorted(counted.items())
        if requests
    ]
    session.execute(delete(table).where(table.c.day == day))
    if rows:
        session.execute(table.insert(), rows)
