"""Storing events, each once: their rows, and intake rows with the sums of what is new.

A larger snapshot of a record that grows replaces it. Never commits.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from ledger import (
    bulk,
    clock,
    event_rows,
    events,
    growth,
    intake,
    refusals,
    replacement,
    retention,
    series,
    tables,
)
from ledger.bulk import Identity, Row, RowExists
from ledger.events import Event, Labels
from ledger.outcomes import Outcome
from ledger.refusal_reasons import RefusalReason

SEALED = (
    "the raw rows of its day are gone, so a re-send could not be told from a new event;"
    " import it before retention"
)


_EVENT = tables.EVENT
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
    newest, countable = dict(zip(identities, group, strict=True)), group
    if sealed or len(newest) < len(group):
        sent = _by_identity(identities, group, sealed)
        newest = _fold_repeats(sent)
        countable = [event for versions in sent.values() for event in versions]
    metered = [event for event in countable if event.meters]
    series_ids = memory.series.resolve(session, _label_sets(countable, metered), max_series)
    rows = [
        event_rows.row_of(identity, event, series_ids[event.labels])
        for identity, event in newest.items()
    ]
    rows.sort()
    fingerprints = _insert_new(session, rows, memory)
    new = (
        newest
        if not fingerprints
        else {identity: event for identity, event in newest.items() if identity not in fingerprints}
    )
    if new:
        if metered:
            _insert_meters(session, new, series_ids)
        intake.write(session, new.values(), series_ids, now_us)
    if len(new) == len(group):
        return [Outcome.ACCEPTED] * len(group)
    sent = _by_identity(identities, group, sealed)
    grown = replacement.apply(session, _growing(sent, fingerprints), series_ids, now_us)
    outcomes = _outcomes(identities, sent, fingerprints, grown)
    _count_refused(session, group, outcomes, now_us)
    return outcomes


def _by_identity(
    identities: Sequence[Identity], group: Sequence[Event], sealed: Collection[int]
) -> dict[Identity, list[Event]]:
    """The events of each identity in the order in which they were sent, without sealed days."""
    sent: dict[Identity, list[Event]] = {}
    for identity, event in zip(identities, group, strict=True):
        if identity[0] not in sealed:
            sent.setdefault(identity, []).append(event)
    return sent


def _fold_repeats(sent: Mapping[Identity, Sequence[Event]]) -> dict[Identity, Event]:
    """What is stored of each identity if it is new: its first event, or what that grew to."""
    return {
        identity: growth.fold(growth.version_of(versions[0]), versions[1:])[0].event
        for identity, versions in sent.items()
    }


def _growing(
    sent: Mapping[Identity, Sequence[Event]], fingerprints: Mapping[Identity, int]
) -> dict[Identity, Sequence[Event]]:
    """What was sent of identities that are stored and may grow."""
    return {
        identity: sent[identity]
        for identity, fingerprint in fingerprints.items()
        if growth.grows(fingerprint) or any(event.is_snapshot for event in sent[identity])
    }


def _label_sets(group: Iterable[Event], metered: Iterable[Event]) -> set[Labels]:
    """All label sets of a group, also those that its meters are stored under."""
    label_sets = {event.labels for event in group}
    label_sets.update(labels for event in metered for labels in events.meter_quantities(event))
    return label_sets


def _outcomes(
    identities: Sequence[Identity],
    sent: Mapping[Identity, Sequence[Event]],
    fingerprints: Mapping[Identity, int],
    grown: Mapping[Identity, Sequence[Outcome]],
) -> list[Outcome]:
    """The outcome of each event of a group, given the fingerprints of what was stored before."""
    remaining = {
        identity: iter(grown.get(identity) or _unchanged(versions, fingerprints.get(identity)))
        for identity, versions in sent.items()
    }
    return [
        next(remaining[identity]) if identity in remaining else Outcome.SEALED
        for identity in identities
    ]


def _unchanged(versions: Sequence[Event], fingerprint: int | None) -> list[Outcome]:
    """The outcomes of the events of one identity: of a new one, or of one that stays as it is."""
    if fingerprint is None:
        _, outcomes = growth.fold(growth.version_of(versions[0]), versions[1:])
        return [Outcome.ACCEPTED, *outcomes]
    return [
        Outcome.DUPLICATE
        if growth.is_same(events.fingerprint_of(event), fingerprint)
        else Outcome.CONFLICT
        for event in versions
    ]


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


def _insert_meters(session: Session, new: Mapping[Identity, Event], series_ids: series.Ids) -> None:
    rows = list(event_rows.meter_rows(new.items(), series_ids))
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
    return {
        (day, key): fingerprint
        for day, keys in bulk.keys_by_day(identities)
        for key, fingerprint in bulk.fingerprints(session, day, keys)
    }


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
