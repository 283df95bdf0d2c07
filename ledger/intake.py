"""Intake rows: the sums of what one commit inserted or changed, for the worker. Never commits."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlmodel import Session

from ledger import bulk, clock, events, series, usage
from ledger.events import Event


class Replacement(NamedTuple):
    """An event that was stored, with the series of its label sets, and what has replaced it."""

    before: Event
    before_ids: series.Ids
    after: Event


def write(session: Session, new: Collection[Event], series_ids: series.Ids, now_us: int) -> None:
    """Write the sums of new events, and those of early ones in rows that wait for their time."""
    tally = _tally(new, series_ids)
    if tally.last_occurred_at <= now_us + events.FUTURE_TOLERANCE_US:
        _insert(session, tally.pack(), len(new), created_at=now_us)
        return
    # Rows of a second each: all of it has occurred when the row is ready, at most a second late.
    by_ready_at: dict[int, list[Event]] = {}
    for event in new:
        ready_at = _next_second(event.occurred_at) if events.is_early(event, now_us) else 0
        by_ready_at.setdefault(ready_at, []).append(event)
    for ready_at, part in by_ready_at.items():
        _insert(
            session,
            _tally(part, series_ids).pack(),
            len(part),
            created_at=now_us,
            ready_at=ready_at,
        )


def write_differences(
    session: Session, replacements: Iterable[Replacement], series_ids: series.Ids, now_us: int
) -> None:
    """Write what replacements add to the sums, and what they take from them.

    No difference is ready before the row of the event that it replaces, which may wait for its
    time.
    """
    by_ready_at: dict[int, list[Replacement]] = {}
    come: list[Replacement] = []
    for replacement in replacements:
        ready_at = _ready_at(replacement)
        (by_ready_at.setdefault(ready_at, []) if ready_at > now_us else come).append(replacement)
    if come:
        by_ready_at[max(map(_ready_at, come))] = come
    for ready_at, part in by_ready_at.items():
        sums = usage.difference(
            usage.merge_all(_sums(change.after, series_ids) for change in part),
            usage.merge_all(_sums(change.before, change.before_ids) for change in part),
        )
        _insert(
            session, usage.pack(sums), usage.NO_NEW_EVENTS, created_at=now_us, ready_at=ready_at
        )


def _ready_at(replacement: Replacement) -> int:
    return _next_second(max(replacement.before.occurred_at, replacement.after.occurred_at))


def _next_second(instant_us: int) -> int:
    return -(-instant_us // clock.SECOND_US) * clock.SECOND_US


def _sums(event: Event, series_ids: series.Ids) -> usage.Sums:
    return usage.unpack(_tally([event], series_ids).pack())


def _tally(new: Iterable[Event], series_ids: series.Ids) -> usage.Tally:
    tally = usage.Tally()
    for event in new:
        tally.add(event, series_ids[event.labels])
        if event.meters:
            tally.add_meters(event, series_ids.__getitem__)
    return tally


def _insert(
    session: Session, sums: bytes, event_count: int, *, created_at: int, ready_at: int = 0
) -> None:
    values: tuple[Any, ...] = (created_at, ready_at, event_count, sums)
    marks = "?, ?, ?, ?" if session.get_bind().dialect.name == "sqlite" else "%s, %s, %s, %s"
    columns = "created_at, ready_at, events, sums"
    statement = f"INSERT INTO intake ({columns}) VALUES ({marks})"  # noqa: S608
    bulk.driver_of(session).execute(statement, values)
