"""Places that people took out of advice, as every face shows them."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger import clock
from ledger.policies import OptOut


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutFigure:
    """A place out of advice: no workload or model means all of them."""

    project: str
    workload: str | None
    model: str | None
    reason: str
    made_by: str
    since: str
    sentence: str


def opt_out_figures(
    places: Iterable[OptOut], project: str | None = None
) -> tuple[OptOutFigure, ...]:
    """The places of all projects or one."""
    return tuple(_figure(place) for place in places if project in (None, place.project))


def _figure(place: OptOut) -> OptOutFigure:
    since = clock.rfc3339(place.made_at)
    return OptOutFigure(
        project=place.project,
        workload=place.workload or None,
        model=place.model or None,
        reason=place.reason,
        made_by=place.made_by,
        since=since,
        sentence=f"{place} gets no advice: {place.reason} ({place.made_by}, {since[:10]})",
    )
