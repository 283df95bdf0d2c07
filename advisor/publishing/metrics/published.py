"""Under which project and workload a figure by canonical model is published, following the names the counters have."""

from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlmodel import Session

from advisor.advice import figures as advice_figures
from advisor.months.statements import LineKey
from ledger import events, metric_sets, tables
from ledger.pricing.names import Names

_SERIES = tables.SERIES
_SET = tables.METRIC_SET
OF_SERIES = and_(*(_SERIES.c[name] == _SET.c[name] for name in metric_sets.KEY))
"""Joins a series to the names it is published under."""

Place = tuple[str, str]
"""Project, workload."""
FOLDED: Place = (events.OTHER, events.OTHER)


@dataclass(frozen=True, slots=True)
class Published:
    """The published places. There are no more of them than the counters have, so the gauges stay bounded too."""

    lines: dict[LineKey, Place]
    slices: dict[tuple[str, str, str, str], Place]
    projects: frozenset[str]

    def of_line(self, key: LineKey) -> Place:
        """Where a statement line is published. A line whose names have changed since is folded."""
        return self.lines.get(key, FOLDED)

    def of_advice(self, figure: advice_figures.RecommendationFigure) -> Place:
        """Where advice on a slice is published."""
        key = (figure.provider, figure.from_model, figure.project, figure.workload)
        return self.slices.get(key, FOLDED)

    def of_project(self, project: str) -> str:
        """How a project is published in figures that have no other label of the counters."""
        return project if project in self.projects else events.OTHER


def read(session: Session, names: Names) -> Published:
    """The places of every line and slice that the series make, under each alias that was ever in force."""
    labels = (_SERIES.c.namespace, *(_SERIES.c[name] for name in metric_sets.KEY))
    rows = session.execute(
        select(*labels, _SET.c.published_project, _SET.c.published_workload)
        .join_from(_SERIES, _SET, OF_SERIES)
        .distinct()
    )
    days = (0, *names.change_days())
    found = Published({}, {}, frozenset())
    projects: set[str] = set()
    for namespace, sent_provider, sent_model, tier, project, workload, *published in rows:
        place = (published[0], published[1])
        projects.add(published[0])
        for provider, model, _ in {
            names.resolve(namespace, sent_provider, sent_model, day) for day in days
        }:
            line = LineKey(provider, model, tier, project, workload)
            slice_ = (provider, model, project, workload)
            found.lines[line] = _exacter(place, found.lines.get(line), (project, workload))
            found.slices[slice_] = _exacter(place, found.slices.get(slice_), (project, workload))
    return Published(found.lines, found.slices, frozenset(projects))


def _exacter(place: Place, held: Place | None, stored: Place) -> Place:
    """Of two places the one that says more: several names as sent may share a canonical model."""
    if held is None:
        return place
    return max(place, held, key=lambda each: (each[0] == stored[0], each[1] == stored[1]))
