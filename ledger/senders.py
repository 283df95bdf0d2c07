"""Who sends usage: each namespace and project with events, and when its last one occurred."""

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


def hours_with_events(session: Session, sender: UsageSender, hours: range) -> list[int]:
    """The UTC hours of a span in which a sender had events, in order."""
    of_sender = (_SERIES.c.namespace == sender.namespace) & (_SERIES.c.project == sender.project)
    rows = session.execute(
        select(_HOUR.c.hour)
        .where(
            _HOUR.c.hour.between(hours.start, hours.stop - 1),
            _HOUR.c.series_id.in_(select(_SERIES.c.id).where(of_sender)),
        )
        .distinct()
        .order_by(_HOUR.c.hour)
    )
    return list(rows.scalars())


def series_of(session: Session, sender: UsageSender) -> frozenset[int]:
    """The ids of a sender's series."""
    of_sender = (_SERIES.c.namespace == sender.namespace) & (_SERIES.c.project == sender.project)
    return frozenset(session.execute(select(_SERIES.c.id).where(of_sender)).scalars())
