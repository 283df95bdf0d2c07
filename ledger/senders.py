"""Who sends usage: each namespace and project with events, and when its last one occurred."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session

from ledger import tables

_SERIES = tables.SERIES
_TOTAL = tables.USAGE_TOTAL
_HOUR = tables.USAGE_HOUR


class UsageSender(NamedTuple):
    """Whose usage comes in by one way: a namespace and a project, as stored."""

    namespace: str
    project: str


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


def hours_with_events(
    session: Session, senders: Collection[UsageSender], hours: range
) -> dict[UsageSender, list[int]]:
    """The UTC hours of a span in which each of some senders had events, in order."""
    names = _SERIES.c.namespace, _SERIES.c.project
    projects = sorted({sender.project for sender in senders})
    rows = session.execute(
        select(*names, _HOUR.c.hour)
        .join_from(_HOUR, _SERIES, _HOUR.c.series_id == _SERIES.c.id)
        .where(_HOUR.c.hour.between(hours.start, hours.stop - 1), _SERIES.c.project.in_(projects))
        .distinct()
        .order_by(_HOUR.c.hour)
    )
    hours_of: dict[UsageSender, list[int]] = {sender: [] for sender in senders}
    for namespace, project, hour in rows:
        sender = UsageSender(namespace, project)
        if sender in hours_of:
            hours_of[sender].append(hour)
    return hours_of
