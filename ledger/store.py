"""Storing events, each once: the rows, and the intake row with the sums of what was really inserted. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, cast

import psycopg
from sqlalchemy import ARRAY, LargeBinary, any_, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from ledger import clock, events, series, tables, usage
from ledger.events import Event

SEALED = "the raw rows of its day are gone, so a re-send could not be told from a new event; import it before retention"


class Outcome(StrEnum):
    """What became of one event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    SEALED = "sealed"


class _Row(NamedTuple):
    identity: tuple[int, bytes]
    fingerprint: int
    event: Event


_EVENT = tables.metadata.tables["event"]
_DAY = tables.metadata.tables["day"]
_INTAKE = tables.metadata.tables["intake"]
_COLUMNS = [column.name for column in _EVENT.columns]
_KEYS_AT_ONCE = 500


def add(session: Session, group: Sequence[Event], *, now_us: int, max_series: int) -> list[Outcome]:
    """Store each event once and the intake row of what was new; the outcome of each event, in order.

    The caller has checked `events.fault_of`, has prepared the days, and owns the transaction.
    """
    rows = [_Row((clock.day_of(e.occurred_at), events.key_of(e)), events.fingerprint_of(e), e) for e in group]
    sealed = _sealed_days(session, {row.identity[0] for row in rows})
    first: dict[tuple[int, bytes], _Row] = {}
    for row in rows:
        if row.identity[0] not in sealed:
            first.setdefault(row.identity, row)
    series_ids = series.intern(session, {row.event.labels for row in first.values()}, max_series)
    kept = _insert_new(session, [first[identity] for identity in sorted(first)], series_ids)
    if kept.new:
        _write_intake(session, [first[identity] for identity in kept.new], series_ids, now_us)
    new = set(kept.new)
    outcomes = []
    for row in rows:
        if row.identity[0] in sealed:
            outcomes.append(Outcome.SEALED)
        elif row.identity in new:
            new.discard(row.identity)
            outcomes.append(Outcome.ACCEPTED)
        else:
            same = row.fingerprint == kept.fingerprints[row.identity]
            outcomes.append(Outcome.DUPLICATE if same else Outcome.CONFLICT)
    return outcomes


@dataclass(frozen=True, slots=True)
class _Kept:
    new: list[tuple[int, bytes]]
    fingerprints: dict[tuple[int, bytes], int]


def _insert_new(session: Session, rows: list[_Row], series_ids: dict[events.Labels, int]) -> _Kept:
    """Insert what is not there yet. Nearly every group is new as a whole, so that is tried first, under a savepoint."""
    fingerprints = {row.identity: row.fingerprint for row in rows}
    if not rows:
        return _Kept([], fingerprints)
    values = [_values(row, series_ids) for row in rows]
    try:
        with session.begin_nested():
            _bulk_insert(session, values)
    except IntegrityError:
        return _insert_missing(session, rows, values)
    return _Kept(list(fingerprints), fingerprints)


def _insert_missing(session: Session, rows: list[_Row], values: list[tuple[Any, ...]]) -> _Kept:
    """Insert a group of which some is there: in bulk again, unless another writer is just storing some of it too."""
    stored = _stored_fingerprints(session, [row.identity for row in rows])
    fresh = [value for row, value in zip(rows, values, strict=True) if row.identity not in stored]
    inserted = {row.identity for row in rows if row.identity not in stored}
    try:
        with session.begin_nested():
            _bulk_insert(session, fresh)
    except IntegrityError:
        inserted = _insert_skipping(session, fresh)
        lost = [row.identity for row in rows if row.identity not in stored and row.identity not in inserted]
        stored |= _stored_fingerprints(session, lost)
    fingerprints = {row.identity: row.fingerprint for row in rows}
    return _Kept([row.identity for row in rows if row.identity in inserted], fingerprints | stored)


def _values(row: _Row, series_ids: dict[events.Labels, int]) -> tuple[Any, ...]:
    event = row.event
    return (
        *row.identity, series_ids[event.labels], event.occurred_at,
        event.input_tokens, event.cached_input_tokens, event.cache_write_input_tokens, event.output_tokens,
        event.reasoning_tokens, event.input_audio_tokens, event.output_audio_tokens,
        event.latency_ms, event.first_token_ms, event.retry_count, row.fingerprint,
    )  # fmt: skip


def _bulk_insert(session: Session, values: list[tuple[Any, ...]]) -> None:
    """The fastest way in that raises IntegrityError on a key that is there: executemany on SQLite, COPY on PostgreSQL."""
    if not values:
        return
    connection = session.connection()
    columns = ", ".join(_COLUMNS)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(_COLUMNS))
        connection.exec_driver_sql(f"INSERT INTO event ({columns}) VALUES ({marks})", values)  # noqa: S608  # constants
        return
    driver: psycopg.Connection[Any] = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY event ({columns}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)
    except psycopg.errors.UniqueViolation as error:
        raise IntegrityError("COPY event", None, error) from error


def _insert_skipping(session: Session, values: list[tuple[Any, ...]]) -> set[tuple[int, bytes]]:
    """Insert what no other writer has inserted meanwhile; the identities that are new."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(_EVENT).on_conflict_do_nothing().returning(_EVENT.c.day, _EVENT.c.key)
    rows = session.execute(statement, [dict(zip(_COLUMNS, value, strict=True)) for value in values])
    return {(day, bytes(key)) for day, key in rows}


def _stored_fingerprints(session: Session, identities: list[tuple[int, bytes]]) -> dict[tuple[int, bytes], int]:
    by_day: dict[int, list[bytes]] = {}
    for day, key in identities:
        by_day.setdefault(day, []).append(key)
    found: dict[tuple[int, bytes], int] = {}
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    for day, keys in by_day.items():
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            # One parameter on PostgreSQL: its driver takes longer over hundreds of them than the server over the query.
            wanted = _EVENT.c.key.in_(some) if on_sqlite else _EVENT.c.key == any_(literal(some, ARRAY(LargeBinary)))
            rows = session.execute(select(_EVENT.c.key, _EVENT.c.fingerprint).where(_EVENT.c.day == day, wanted))
            found |= {(day, bytes(key)): fingerprint for key, fingerprint in rows}
    return found


def _sealed_days(session: Session, days: set[int]) -> set[int]:
    rows = session.execute(select(_DAY.c.day).where(_DAY.c.day.in_(days), _DAY.c.sealed_at.is_not(None)))
    return set(rows.scalars())


def _write_intake(session: Session, rows: list[_Row], series_ids: dict[events.Labels, int], now_us: int) -> None:
    sums = usage.Sums()
    for row in rows:
        sums.add(row.event, series_ids[row.event.labels])
    session.execute(insert(_INTAKE).values(created_at=now_us, events=len(rows), sums=usage.pack(sums)))
