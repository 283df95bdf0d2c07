"""Comparisons as API and command line take and list them. One transaction a call, the caller's."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter

from sqlmodel import Session

from advisor.evidence import figures, pool, rules, store
from advisor.evidence.comparisons import Comparison, StoredComparison
from advisor.evidence.figures import EvidenceFigure, ImportedFigure
from advisor.evidence.pool import Pool
from advisor.evidence.runs import Run
from ledger import clock, money
from ledger.errors import Forbidden
from ledger.pricing import names
from ledger.pricing.prices import PriceBook

_Subject = tuple[str, str, str, str]
"""Project, workload, source and target."""


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
        figure = evidence_figure(session, stored_comparison, book, now_us)
        imported.append(ImportedFigure(is_new=is_new, evidence=figure))
    return imported


def list_all(
    session: Session, book: PriceBook, now_us: int, project: str | None = None
) -> list[EvidenceFigure]:
    """Every comparison (of one project, if named), the last measured first.

    Each has the runs of its models on its workload. What traffic has done since stands in the
    advice that rests on it.
    """
    stored, today = store.load_all(session, project), clock.day_of(now_us)
    runs_by_subject: dict[_Subject, list[Run]] = {}
    for comparison in sorted(stored, key=attrgetter("imported_at")):
        run = Run(comparison=comparison, judge_proven=rules.has_proven_judge(comparison, book))
        runs_by_subject.setdefault(_subject(comparison, book), []).append(run)
    read_items = functools.partial(store.load_items, session)
    pool_by_subject = {
        subject: pool.form(runs, read_items, today) for subject, runs in runs_by_subject.items()
    }
    listed = []
    for comparison in stored:
        subject = _subject(comparison, book)
        figure = figures.figure_of(rules.assess(comparison, book, today))
        listed.append(_with_runs(figure, pool_by_subject[subject], runs_by_subject[subject]))
    return listed


def evidence_figure(
    session: Session, comparison: StoredComparison, book: PriceBook, now_us: int
) -> EvidenceFigure:
    """A comparison by itself, with the runs of its models on its workload."""
    (figure,) = (
        figure
        for figure in list_all(session, book, now_us, comparison.project)
        if figure.id == comparison.id
    )
    return figure


def _with_runs(
    figure: EvidenceFigure, together: Pool | None, runs: Sequence[Run]
) -> EvidenceFigure:
    if together is None:
        withdrawn = pool.list_withdrawn(run.comparison for run in runs)
        return replace(figure, runs=figures.runs_of(withdrawn))
    return replace(
        figure,
        runs=figures.runs_of(together.runs),
        level_ratio=money.ratio_text(together.level),
        together=together.evaluation.verdict,
        needs_pairs=together.needs_pairs,
    )


def _subject(comparison: StoredComparison, book: PriceBook) -> _Subject:
    """What the runs of one list share; snapshots of a model share its name."""
    source, target = (
        names.canonical_model(book, names.sole_vendor(book, name) or "", name)
        for name in (comparison.from_model, comparison.to_model)
    )
    return comparison.project, comparison.workload, source, target
