"""Who sends usage: each namespace and project with events, and when its last one occurred."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session

from ledger import events, rollups, slots, tables

_SERIES = tables.SERIES
_TOTAL = tables.USAGE_TOTAL
_HOUR = tables.USAGE_HOUR


class UsageSender(NamedTuple):
    """Whose usage comes in by one way: a namespace and a project, as stored."""

    namespace: str
    project: str


class Reporter(NamedTuple):
    """Who reports a call: a sender with the key that it names, as stored."""

    namespace: str
    project: str
    key: str


class HourSums(NamedTuple):
    """The billed requests of an hour and their tokens."""

    requests: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The time of a sender's last event (UTC epoch microseconds), and its requests so far."""

    occurred_at: int
    requests: int


def last_events(session: Session) -> dict[UsageSender, LastEvent]:
    """The last event of each sender as far as the rollups know it, by sender."""
    names = _SERIES.c.namespace, _SERIES.c.project
    rows = session.execute(
        select(*names, func.max(_TOTAL.c.last_occurred_at), func.sum(_TOTAL.c.requests))
        .join_from(_TOTAL, _SERIES, _TOTAL.c.series_id == _SERIES.c.id)
        .group_by(*names)
        .order_by(*names)
    )
    return {
        UsageSender(namespace, project): LastEvent(int(last), int(requests))
        for namespace, project, last, requests in rows
    }


def last_event_at(session: Session) -> int | None:
    """When the last event of all occurred (UTC epoch microseconds); None without any."""
    last = session.execute(select(func.max(_TOTAL.c.last_occurred_at))).scalar()
    return None if last is None else int(last)


def hours_with_events(session: Session, sender: UsageSender, hours: range) -> list[int]:
    """The UTC hours of a span in which a sender had events, in order."""
    of_sender = (_SERIES.c.namespace == sender.namespace) & (_SERIES.c.project == sender.project)
    hour = rollups.hour_of_row()
    rows = session.execute(
        select(hour)
        .where(
            rollups.of_slots(slots.of_hours(hours)),
            _HOUR.c.series_id.in_(select(_SERIES.c.id).where(of_sender)),
        )
        .distinct()
        .order_by(hour)
    )
    return list(rows.scalars())


def series_of(session: Session, sender: UsageSender) -> frozenset[int]:
    """The ids of a sender's series."""
    of_sender = (_SERIES.c.namespace == sender.namespace) & (_SERIES.c.project == sender.project)
    return frozenset(session.execute(select(_SERIES.c.id).where(of_sender)).scalars())


def hourly_sums(session: Session, hours: range) -> dict[Reporter, dict[int, HourSums]]:
    """What each reporter billed by UTC hour of a span; hours without tokens are absent."""
    names = _SERIES.c.namespace, _SERIES.c.project, _SERIES.c.key
    amounts = _HOUR.c.requests, _HOUR.c.input_tokens, _HOUR.c.output_tokens
    hour = rollups.hour_of_row()
    rows = session.execute(
        select(*names, hour, *map(func.sum, amounts))
        .join_from(_HOUR, _SERIES, _HOUR.c.series_id == _SERIES.c.id)
        .where(
            rollups.of_slots(slots.of_hours(hours)),
            _SERIES.c.usage_source.in_(events.BILLABLE_SOURCES),
        )
        .group_by(*names, hour)
        .order_by(*names, hour)
    )
    sums: dict[Reporter, dict[int, HourSums]] = {}
    for namespace, project, key, number, *hour_amounts in rows:
        of_hour = HourSums(*map(int, hour_amounts))
        if of_hour.input_tokens + of_hour.output_tokens:
            sums.setdefault(Reporter(namespace, project, key), {})[number] = of_hour
    return sums
