"""Storing events, each once: their rows, and intake rows with the sums of the new ones.

Never commits.
"""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from ledger import bulk, clock, events, refusals, retention, series, tables, usage
from ledger.bulk import Row, RowExists
from ledger.events import Event, Labels
from ledger.refusal_reasons import RefusalReason

SEALED = (
    "the raw rows of its day are gone, so a re-send could not be told from a new event;"
    " import it before retention"
)


class Outcome(StrEnum):
    """What became of one event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    SEALED = "sealed"
    SPOOLED = "spooled"
    """A collector has it on disk and stores it as soon as the database answers again."""


Identity = tuple[int, bytes]
"""UTC day and key: the primary key of `event`."""

_EVENT = tables.EVENT
_KEYS_AT_ONCE = 500
_WARY_GROUPS = 16
"""Groups that are looked up before they are inserted, after a duplicate: repeats come together."""


class Memory:
    """What one writer remembers between groups: `confirm` after each commit, else `forget`."""

    def __init__(self, wary_groups: int = 0) -> None:
        self.series = series.SeriesIds()
        self.wary_groups = wary_groups

    def confirm(self) -> None:
        """The transaction has committed."""
        self.series.confirm()

    def forget(self) -> None:
        """The transaction has not committed."""
        self.series.forget()


def add(
    session: Session,
    group: Sequence[Event],
    *,
    now_us: int,
    max_series: int,
    memory: Memory | None = None,
) -> list[Outcome]:
    """Store each event once, and the intake row of the new ones; the outcomes, in order.

    The caller has checked `events.fault_of`, has prepared the days, and owns the transaction. With
    a memory the caller tries again after `bulk.TransactionLost`; without one each row is looked up
    before it is inserted.
    """
    memory = memory or Memory(wary_groups=1)
    identities = [(event.occurred_at // clock.DAY_US, events.key_of(event)) for event in group]
    sealed = _sealed_days(session, {day for day, _ in identities}, now_us)
    first = dict(zip(identities, group, strict=True))
    if sealed or len(first) < len(group):
        first = {}
        for identity, event in zip(identities, group, strict=True):
            if identity not in first and identity[0] not in sealed:
                first[identity] = event
    metered = [event for event in first.values() if event.meters]
    label_sets = _label_sets(first.values(), metered)
    series_ids = memory.series.resolve(session, label_sets, max_series)
    rows = [_row(identity, event, series_ids[event.labels]) for identity, event in first.items()]
    rows.sort()
    fingerprints = _insert_new(session, rows, memory)
    new = (
        first
        if not fingerprints
        else {identity: event for identity, event in first.items() if identity not in fingerprints}
    )
    if new:
        if metered:
            _insert_meters(session, new, series_ids)
        _write_intake(session, new.values(), series_ids, now_us)
    if len(new) == len(group):
        return [Outcome.ACCEPTED] * len(group)
    outcomes = _outcomes(
        identities, group, set(new), {row[:2]: row[-1] for row in rows} | fingerprints
    )
    _count_refused(session, group, outcomes, now_us)
    return outcomes


def _label_sets(group: Iterable[Event], metered: Iterable[Event]) -> set[Labels]:
    """All label sets of a group, also those that its meters are stored under."""
    label_sets = {event.labels for event in group}
    label_sets.update(labels for event in metered for labels in events.meter_quantities(event))
    return label_sets


def _outcomes(
    identities: list[Identity],
    group: Sequence[Event],
    new: set[Identity],
    fingerprints: dict[Identity, int],
) -> list[Outcome]:
    """The outcome of each event, given the new identities and the stored fingerprint of each."""
    outcomes = []
    for identity, event in zip(identities, group, strict=True):
        if identity not in fingerprints:
            outcomes.append(Outcome.SEALED)
        elif identity in new:
            new.discard(identity)
            outcomes.append(Outcome.ACCEPTED)
        else:
            same = events.fingerprint_of(event) == fingerprints[identity]
            outcomes.append(Outcome.DUPLICATE if same else Outcome.CONFLICT)
    return outcomes


_REFUSED = {
    Outcome.CONFLICT: (
        RefusalReason.CONFLICT,
        "the event is stored already with other counts, which stay; send each request once",
    ),
    Outcome.SEALED: (RefusalReason.SEALED_DAY, SEALED),
}


def _count_refused(
    session: Session, group: Sequence[Event], outcomes: Sequence[Outcome], now_us: int
) -> None:
    refused = [
        refusals.of_event(event, *_REFUSED[outcome], now_us)
        for event, outcome in zip(group, outcomes, strict=True)
        if outcome in _REFUSED
    ]
    if refused:
        refusals.add(session, refused)


def _row(identity: Identity, event: Event, series_id: int) -> Row:
    return (
        *identity,
        series_id,
        event.occurred_at,
        event.input_tokens,
        event.cached_input_tokens,
        event.cache_write_input_tokens,
        event.output_tokens,
        event.reasoning_tokens,
        event.input_audio_tokens,
        event.output_audio_tokens,
        event.latency_ms,
        event.first_token_ms,
        event.retry_count,
        event.sender_cost_pico_usd,
        events.fingerprint_of(event),
    )


def _insert_meters(session: Session, new: dict[Identity, Event], series_ids: series.Ids) -> None:
    rows = [
        {
            "day": day,
            "key": key,
            "series_id": series_ids[labels],
            "occurred_at": event.occurred_at,
            "quantity": quantity,
        }
        for (day, key), event in new.items()
        for labels, quantity in events.meter_quantities(event).items()
    ]
    if rows:
        session.execute(insert(tables.EVENT_METER), rows)


def _insert_new(session: Session, rows: list[Row], memory: Memory) -> dict[Identity, int]:
    """Insert the rows that are new; the stored fingerprints of the others.

    Nearly every group is wholly new, so that is tried first, unless one of the last groups was not.
    """
    if not rows:
        return {}
    if not memory.wary_groups:
        try:
            bulk.insert(session, rows)
        except bulk.TransactionLost:
            memory.wary_groups = _WARY_GROUPS
            raise
        except RowExists as there:
            rows = rows[there.inserted :]
        else:
            return {}
    fingerprints = _stored_fingerprints(session, [row[:2] for row in rows])
    memory.wary_groups = _WARY_GROUPS if fingerprints else memory.wary_groups - 1
    fresh = [row for row in rows if row[:2] not in fingerprints]
    try:
        bulk.insert_warily(session, fresh)
    except RowExists:
        # Another writer is storing some of these rows now. On SQLite a writer is alone.
        inserted = _insert_skipping(session, fresh)
        fingerprints |= _stored_fingerprints(
            session, [row[:2] for row in fresh if row[:2] not in inserted]
        )
    return fingerprints


def _insert_skipping(session: Session, rows: list[Row]) -> set[Identity]:
    """Insert the rows that no other writer has inserted meanwhile; the new identities."""
    statement = (
        postgresql.insert(_EVENT).on_conflict_do_nothing().returning(_EVENT.c.day, _EVENT.c.key)
    )
    inserted = session.execute(
        statement, [dict(zip(bulk.COLUMNS, row, strict=True)) for row in rows]
    )
    return {(day, bytes(key)) for day, key in inserted}


def _stored_fingerprints(session: Session, identities: list[Identity]) -> dict[Identity, int]:
    by_day: dict[int, list[bytes]] = {}
    for day, key in identities:
        by_day.setdefault(day, []).append(key)
    fingerprints: dict[Identity, int] = {}
    for day, keys in by_day.items():
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            rows = bulk.fingerprints(session, day, keys[start : start + _KEYS_AT_ONCE])
            fingerprints |= {(day, key): fingerprint for key, fingerprint in rows}
    return fingerprints


def _sealed_days(session: Session, days: set[int], now_us: int) -> set[int]:
    """The sealed ones of these days.

    None is as young as the days of nearly every group, which therefore need no query.
    """
    old = [day for day in days if day < now_us // clock.DAY_US - retention.LEAST_DAYS]
    if not old:
        return set()
    numbers = ", ".join(map(str, old))
    query = f"SELECT day FROM day WHERE sealed_at IS NOT NULL AND day IN ({numbers})"  # noqa: S608
    return {day for (day,) in bulk.driver_of(session).execute(query).fetchall()}


def _write_intake(
    session: Session, new: Collection[Event], series_ids: series.Ids, now_us: int
) -> None:
    """Write the sums of new events, and those of early ones in rows that wait for their time."""
    tally = _tally(new, series_ids)
    if tally.last_occurred_at <= now_us + events.FUTURE_TOLERANCE_US:
        _insert_intake(session, tally, len(new), created_at=now_us)
        return
    # Rows of a second each: all of it has occurred when the row is ready, at most a second late.
    by_ready_at: dict[int, list[Event]] = {}
    for event in new:
        seconds = -(-event.occurred_at // clock.SECOND_US)
        ready_at = seconds * clock.SECOND_US if events.is_early(event, now_us) else 0
        by_ready_at.setdefault(ready_at, []).append(event)
    for ready_at, part in by_ready_at.items():
        _insert_intake(
            session, _tally(part, series_ids), len(part), created_at=now_us, ready_at=ready_at
        )


def _tally(new: Collection[Event], series_ids: series.Ids) -> usage.Tally:
    tally = usage.Tally()
    for event in new:
        tally.add(event, series_ids[event.labels])
        if event.meters:
            tally.add_meters(event, series_ids.__getitem__)
    return tally


def _insert_intake(
    session: Session, tally: usage.Tally, event_count: int, *, created_at: int, ready_at: int = 0
) -> None:
    values: tuple[Any, ...] = (created_at, ready_at, event_count, tally.pack())
    marks = "?, ?, ?, ?" if session.get_bind().dialect.name == "sqlite" else "%s, %s, %s, %s"
    columns = "created_at, ready_at, events, sums"
    statement = f"INSERT INTO intake ({columns}) VALUES ({marks})"  # noqa: S608
    bulk.driver_of(session).execute(statement, values)
