"""The label sets that counters are published under: the first under their own names.

Later ones are published under `other`, for good.
"""

from collections.abc import Iterable

from sqlalchemy import and_, insert, select
from sqlmodel import Session

from ledger import events, tables
from ledger.database import lock

_SET = tables.METRIC_SET
_SERIES = tables.SERIES
KEY = ("provider", "model", "service_tier", "project", "workload")
_OF_SERIES = and_(*(_SERIES.c[name] == _SET.c[name] for name in KEY))


def assign(session: Session, series_ids: Iterable[int], limit: int) -> None:
    """Decide the names under which each label set of these series is published, if it has none.

    The first `limit` sets keep their names; later ones read workload `other`, and where that makes
    a further set, project `other` too. The decision is final, so no counter ever falls.
    """
    new = _unassigned(session, list(series_ids))
    if not new:
        return
    lock(session, "metric_set")
    columns = [_SET.c[name] for name in (*KEY, "published_project", "published_workload")]
    rows = [tuple(row) for row in session.execute(select(*columns))]
    # Read under the lock: another process may have assigned some of the new ones meanwhile.
    assigned = {row[:5] for row in rows}
    published = {(*row[:3], *row[5:]) for row in rows}
    for labels in sorted(new - assigned):
        project, workload = _published(labels, published, limit)
        published.add((*labels[:3], project, workload))
        values = dict(zip(KEY, labels, strict=True))
        session.execute(
            insert(_SET).values(**values, published_project=project, published_workload=workload)
        )


def _published(
    labels: tuple[str, ...], published: set[tuple[str, ...]], limit: int
) -> tuple[str, str]:
    project, workload = labels[3], labels[4]
    if len(published) < limit or labels in published:
        return project, workload
    if (*labels[:3], project, events.OTHER) in published:
        return project, events.OTHER
    # `other` has room of its own: one set of each (provider, model, tier) is always published.
    if len(published) < 2 * limit:
        return project, events.OTHER
    return events.OTHER, events.OTHER


def _unassigned(session: Session, series_ids: list[int]) -> set[tuple[str, ...]]:
    """The label sets of these series that have no published names yet."""
    unnamed = (
        select(*(_SERIES.c[name] for name in KEY))
        .join_from(_SERIES, _SET, _OF_SERIES, isouter=True)
        .where(_SET.c.provider.is_(None))
    )
    label_sets: set[tuple[str, ...]] = set()
    for start in range(0, len(series_ids), 500):
        of_chunk = _SERIES.c.id.in_(series_ids[start : start + 500])
        label_sets |= {tuple(row) for row in session.execute(unnamed.where(of_chunk))}
    return label_sets
