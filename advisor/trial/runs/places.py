"""Which project and workload a trial is of, where nobody says: the only one with its source."""

from sqlmodel import Session

from advisor.trial.runs.sides import Contender
from ledger import events, prose, readings
from ledger.errors import UsageError
from ledger.pricing import names
from ledger.pricing.prices import PriceBook

Place = tuple[str, str]
"""A project and a workload."""
_MOST_NAMED = 5


def find_place(
    session: Session,
    book: PriceBook,
    source: Contender,
    *,
    project: str | None,
    workload: str | None,
) -> Place:
    """The place of a trial: what is named, completed by the ledger.

    Without any traffic of the source it is unassigned and unlabelled. Raises UsageError where
    several places fit.
    """
    if project is not None and workload is not None:
        return project, workload
    places = sorted(
        {
            (labels.project, labels.workload)
            for labels in (series.labels for series in readings.all_series(session).values())
            if names.canonical_model(book, labels.provider, labels.model) == source.model
            and project in (None, labels.project)
            and workload in (None, labels.workload)
        }
    )
    if not places:
        return project or events.UNASSIGNED, workload or events.UNLABELLED
    if len(places) > 1:
        examples = prose.all_of(f"{place[0]}/{place[1]}" for place in places[:_MOST_NAMED])
        raise UsageError(
            f"{source.label} is used for {len(places)} workloads ({examples});"
            " say which one with --project and --workload"
        )
    return places[0]
