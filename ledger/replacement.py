"""The one update that the ledger knows: a larger snapshot replaces the row of a growing record.

The difference goes into the intake in the same transaction. Never commits.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session

from ledger import bulk, event_rows, events, growth, intake, late_usage, series, slots, tables
from ledger.bulk import Identity, Row
from ledger.database import lock
from ledger.events import Event, Labels
from ledger.growth import Version
from ledger.intake import Replacement
from ledger.outcomes import Outcome

_EVENT = tables.EVENT
_METER = tables.EVENT_METER
_SERIES = tables.SERIES
_LABELS = [field.name for field in msgspec.structs.fields(Labels)]
_COUNTS = [field.name for field in msgspec.structs.fields(Event) if field.name in bulk.COLUMNS]
_FOLDABLE = (*series.FOLDED, "model")
_CONTENTS = [name for name in bulk.COLUMNS if name not in ("day", "key")]


class _StoredSeries(NamedTuple):
    labels: Labels
    is_folded: bool


class _Meter(NamedTuple):
    """A meter of a stored event: its series and its quantity."""

    series_id: int
    quantity: int


def apply(
    session: Session, sent: Mapping[Identity, Sequence[Event]], series_ids: series.Ids, now_us: int
) -> dict[Identity, list[Outcome]]:
    """Replace stored events by what was sent of the same identities, where that is larger.

    The outcomes of each identity, in the order in which its events were sent. Every label set that
    was sent has a series id.
    """
    outcomes: dict[Identity, list[Outcome]] = {}
    changes: dict[Identity, Replacement] = {}
    for identity, before, before_ids, start in _lock(session, sent):
        largest, outcomes[identity] = growth.fold(start, sent[identity])
        if Outcome.GROWN in outcomes[identity]:
            changes[identity] = Replacement(before, before_ids, largest.event)
    for identity in _find_closed(session, changes) if changes else ():
        stays = changes.pop(identity).before
        outcomes[identity] = [growth.judge_closed(event, stays) for event in sent[identity]]
    if changes:
        _update_rows(session, changes, series_ids)
        _replace_meters(session, changes, series_ids)
        intake.write_differences(session, changes.values(), series_ids, now_us)
    return outcomes


def _find_closed(session: Session, changes: Mapping[Identity, Replacement]) -> list[Identity]:
    """Those changes that touch a closed month, whose lines nothing may be taken from.

    No month is closed until this transaction ends.
    """
    lock(session, "growth", shared=True)
    closed = [month.slots for month in late_usage.closed_months(session)]
    return [
        identity
        for identity, change in changes.items()
        if any(
            slots.row_of(event.occurred_at) in of_month
            for event in (change.before, change.after)
            for of_month in closed
        )
    ]


def _lock(
    session: Session, sent: Mapping[Identity, Sequence[Event]]
) -> list[tuple[Identity, Event, series.Ids, Version]]:
    """The stored events of these identities, which no other writer can change meanwhile.

    Each with the series ids of its label sets, and the version to compare with what was sent.
    """
    rows: list[Row] = []
    meters: dict[Identity, list[_Meter]] = {}
    for day, keys in bulk.keys_by_day(sent):
        rows += bulk.lock_rows(session, day, keys)
        _read_meters(session, day, keys, meters)
    columns = [dict(zip(bulk.COLUMNS, row, strict=True)) for row in rows]
    meter_series = [meter.series_id for of_event in meters.values() for meter in of_event]
    by_id = _read_series(session, {*(row["series_id"] for row in columns), *meter_series})
    stored = []
    for row in columns:
        identity = (row["day"], bytes(row["key"]))
        newest = sent[identity][0]
        event, ids = _event_of(row, meters.get(identity, []), newest.dedupe_key, by_id)
        start = event
        if by_id[row["series_id"]].is_folded:
            start = msgspec.structs.replace(event, labels=_unfold(event.labels, newest.labels))
        stored.append((identity, event, ids, Version(start, row["fingerprint"])))
    return stored


def _event_of(
    row: Mapping[str, Any],
    meters: Iterable[_Meter],
    dedupe_key: str,
    by_id: Mapping[int, _StoredSeries],
) -> tuple[Event, series.Ids]:
    """The event of a row and its meters, and the series ids of its label sets."""
    labels = by_id[row["series_id"]].labels
    quantities = {by_id[meter.series_id].labels.meter: meter for meter in meters}
    event = Event(
        dedupe_key=dedupe_key,
        labels=labels,
        meters=tuple(sorted((name, meter.quantity) for name, meter in quantities.items())),
        is_snapshot=growth.grows(row["fingerprint"]),
        **{name: row[name] for name in _COUNTS},
    )
    of_meters = {
        msgspec.structs.replace(labels, meter=name): meter.series_id
        for name, meter in quantities.items()
    }
    return event, {labels: row["series_id"], **of_meters}


def _unfold(stored: Labels, sent: Labels) -> Labels:
    """Stored labels with the names that were folded into `other` as they are sent now."""
    names = {
        name: getattr(sent, name) for name in _FOLDABLE if getattr(stored, name) == events.OTHER
    }
    return msgspec.structs.replace(stored, **names)


def _read_meters(
    session: Session, day: int, keys: Sequence[bytes], meters: dict[Identity, list[_Meter]]
) -> None:
    columns = _METER.c.key, _METER.c.series_id, _METER.c.quantity
    query = select(*columns).where(_METER.c.day == day, _METER.c.key.in_(keys))
    for key, series_id, quantity in session.execute(query):
        meters.setdefault((day, bytes(key)), []).append(_Meter(series_id, quantity))


def _read_series(session: Session, series_ids: Iterable[int]) -> dict[int, _StoredSeries]:
    ids = sorted(set(series_ids))
    columns = _SERIES.c.id, _SERIES.c.folded, *(_SERIES.c[name] for name in _LABELS)
    by_id: dict[int, _StoredSeries] = {}
    for start in range(0, len(ids), bulk.KEYS_AT_ONCE):
        of_chunk = _SERIES.c.id.in_(ids[start : start + bulk.KEYS_AT_ONCE])
        for series_id, is_folded, *labels in session.execute(select(*columns).where(of_chunk)):
            by_id[series_id] = _StoredSeries(Labels(*labels), is_folded)
    return by_id


def _update_rows(
    session: Session, changes: Mapping[Identity, Replacement], series_ids: series.Ids
) -> None:
    statement = (
        update(_EVENT)
        .where(_EVENT.c.day == bindparam("its_day"), _EVENT.c.key == bindparam("its_key"))
        .values({name: bindparam(name) for name in _CONTENTS})
    )
    rows = []
    for (day, key), change in changes.items():
        row = event_rows.row_of((day, key), change.after, series_ids[change.after.labels])
        contents = dict(zip(bulk.COLUMNS, row, strict=True))
        rows.append(
            {"its_day": day, "its_key": key, **{name: contents[name] for name in _CONTENTS}}
        )
    session.connection().execute(statement, rows)


def _replace_meters(
    session: Session, changes: Mapping[Identity, Replacement], series_ids: series.Ids
) -> None:
    outdated = [
        {"its_day": day, "its_key": key}
        for (day, key), change in changes.items()
        if change.before.meters
    ]
    if outdated:
        of_event = (_METER.c.day == bindparam("its_day")) & (_METER.c.key == bindparam("its_key"))
        session.connection().execute(delete(_METER).where(of_event), outdated)
    after = [(identity, change.after) for identity, change in changes.items()]
    rows = list(event_rows.meter_rows(after, series_ids))
    if rows:
        session.execute(insert(_METER), rows)
