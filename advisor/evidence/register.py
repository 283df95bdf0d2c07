"""Comparisons as API and command line take and list them. One transaction a call, the caller's."""

from collections.abc import Iterable

from sqlmodel import Session

from advisor.evidence import figures, rules, store
from advisor.evidence.comparisons import Comparison, StoredComparison
from advisor.evidence.figures import EvidenceFigure, ImportedFigure
from ledger import clock
from ledger.errors import Forbidden
from ledger.pricing.prices import PriceBook


def add(
    session: Session,
    comparisons: Iterable[Comparison],
    *,
    by: str,
    book: PriceBook,
    now_us: int,
    project: str | None = None,
) -> list[ImportedFigure]:
    """Store comparisons. Raises Forbidden for one of another project than `project`, if named."""
    imported = []
    for comparison in comparisons:
        if project not in (None, comparison.project):
            raise Forbidden(
                f"this key is fixed to project {project!r};"
                f" the results are of {comparison.project!r}"
            )
        stored_comparison, is_new = store.add(session, comparison, by, now_us)
        figure = evidence_figure(stored_comparison, book, now_us)
        imported.append(ImportedFigure(is_new=is_new, evidence=figure))
    return imported


def list_all(
    session: Session, book: PriceBook, now_us: int, project: str | None = None
) -> list[EvidenceFigure]:
    """Every comparison (of one project, if named), the last measured first."""
    return [
        evidence_figure(comparison, book, now_us) for comparison in store.load_all(session, project)
    ]


def evidence_figure(comparison: StoredComparison, book: PriceBook, now_us: int) -> EvidenceFigure:
    """A comparison by itself. What traffic has done since stands in the advice that rests on it."""
    return figures.figure_of(rules.assess(comparison, book, clock.day_of(now_us)))
