"""Which label sets the counters are published under: the first ones as they are, later ones for good under `other`."""

from collections.abc import Iterable

from sqlalchemy import func, insert, select
from sqlmodel import Session

from ledger import events, tables
from ledger.database import lock

_SET = tables.metadata.tables["metric_set"]
_SERIES = tables.metadata.tables["series"]
KEY = ("provider", "model", "service_tier", "project", "workload")
_KEY_COLUMNS = [_SET.c[name] for name in KEY]


def assign(session: Session, series_ids: Iterable[int], limit: int) -> None:
    """Give each label set of these series the names it is published under, if it has none yet.

    The first `limit` sets keep their names; later ones read workload `other`, and where that makes a further set, project
    `other` too. A set keeps what it was given, so no counter ever falls.
    """
    wanted = list(series_ids)
    found: set[tuple[str, ...]] = set()
    for start in range(0, len(wanted), 500):
        chosen = _SERIES.c.id.in_(wanted[start : start + 500])
        found |= {tuple(row) for row in session.execute(select(*(_SERIES.c[name] for name in KEY)).where(chosen))}
    if not found or not (found - _assigned(session, found)):
        return
    lock(session, "metric_set")
    held = {tuple(row) for row in session.execute(select(*_KEY_COLUMNS))}
    shown = {
        (*row[:3], row[3], row[4])
        for row in session.execute(
            select(*_KEY_COLUMNS[:3], _SET.c.published_project, _SET.c.published_workload).distinct()
        )
    }
    for labels in sorted(found - held):
        project, workload = _published(labels, shown, limit)
        shown.add((*labels[:3], project, workload))
        values = dict(zip(KEY, labels, strict=True))
        session.execute(insert(_SET).values(**values, published_project=project, published_workload=workload))


def _published(labels: tuple[str, ...], shown: set[tuple[str, ...]], limit: int) -> tuple[str, str]:
    project, workload = labels[3], labels[4]
    if len(shown) < limit or labels in shown:
        return project, workload
    if (*labels[:3], project, events.OTHER) in shown:
        return project, events.OTHER
    # Room for `other` itself is kept apart: one set a (provider, model, tier) is always published.
    if len(shown) < 2 * limit:
        return project, events.OTHER
    return events.OTHER, events.OTHER


def _assigned(session: Session, label_sets: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    total = session.execute(select(func.count()).select_from(_SET)).scalar_one()
    if not total:
        return set()
    return {tuple(row) for row in session.execute(select(*_KEY_COLUMNS))} & label_sets
