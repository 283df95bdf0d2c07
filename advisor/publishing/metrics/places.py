"""The project and workload under which the gauges are published: those that the counters have."""

from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlmodel import Session

from advisor.advice.figures import RecommendationFigure
from advisor.months.statements import LineKey
from ledger import events, metric_sets, tables
from ledger.pricing.names import Names

_SERIES = tables.SERIES
_SET = tables.METRIC_SET
SAME_NAMES = and_(*(_SERIES.c[name] == _SET.c[name] for name in metric_sets.KEY))
"""Joins a series to the names it is published under."""

ProjectAndWorkload = tuple[str, str]
SliceKey = tuple[str, str, str, str]
"""Provider, canonical model, project, workload."""
FOLDED: ProjectAndWorkload = (events.OTHER, events.OTHER)


@dataclass(frozen=True, slots=True)
class PublishedPlaces:
    """The published places.

    There are no more of them than the counters have, so the gauges stay bounded too.
    """

    lines: dict[LineKey, ProjectAndWorkload]
    slices: dict[SliceKey, ProjectAndWorkload]
    projects: frozenset[str]

    def for_line(self, key: LineKey) -> ProjectAndWorkload:
        """Where a statement line is published. A line whose names have changed since is folded."""
        return self.lines.get(key, FOLDED)

    def for_advice(self, figure: RecommendationFigure) -> ProjectAndWorkload:
        """Where advice on a slice is published."""
        key = (figure.provider, figure.from_model, figure.project, figure.workload)
        return self.slices.get(key, FOLDED)

    def for_project(self, project: str) -> str:
        """The name of a project in figures that have no other label of the counters."""
        return project if project in self.projects else events.OTHER


def load_places(session: Session, names: Names) -> PublishedPlaces:
    """The places of every line and slice of the series, under each alias that was ever in force."""
    columns = (_SERIES.c.namespace, *(_SERIES.c[name] for name in metric_sets.KEY))
    rows = session.execute(
        select(*columns, _SET.c.published_project, _SET.c.published_workload)
        .join_from(_SERIES, _SET, SAME_NAMES)
        .distinct()
    )
    days = (0, *names.change_days())
    lines: dict[LineKey, ProjectAndWorkload] = {}
    slices: dict[SliceKey, ProjectAndWorkload] = {}
    projects: set[str] = set()
    for namespace, sent_provider, sent_model, tier, project, workload, *published in rows:
        place, own_names = (published[0], published[1]), (project, workload)
        projects.add(published[0])
        for provider, model, _ in {
            names.resolve(namespace, sent_provider, sent_model, day) for day in days
        }:
            line = LineKey(provider, model, tier, *own_names)
            slice_ = (provider, model, *own_names)
            lines[line] = _more_exact(place, lines.get(line), own_names)
            slices[slice_] = _more_exact(place, slices.get(slice_), own_names)
    return PublishedPlaces(lines, slices, frozenset(projects))


def _more_exact(
    place: ProjectAndWorkload, other: ProjectAndWorkload | None, own_names: ProjectAndWorkload
) -> ProjectAndWorkload:
    """Of two places the one with more of the line's own names.

    Several names as sent may share a canonical model.
    """
    if other is None:
        return place
    return max(
        place,
        other,
        key=lambda names: (names[0] == own_names[0], names[1] == own_names[1]),
    )
