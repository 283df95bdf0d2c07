"""Storing comparisons and showing them: what every face of evidence does. One transaction a call, the caller's."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session

from advisor.evidence import reading, shown, store
from advisor.evidence.figures import EvidenceFigure
from advisor.evidence.store import Comparison, StoredSet
from ledger import clock
from ledger.errors import Forbidden
from ledger.pricing.prices import PriceBook


@dataclass(frozen=True, slots=True)
class Kept:
    """A comparison as stored, and whether it is new."""

    is_new: bool
    evidence: EvidenceFigure


def keep(
    session: Session,
    found: Iterable[Comparison],
    by: str,
    book: PriceBook,
    now_us: int,
    project: str | None = None,
) -> list[Kept]:
    """Store comparisons. Raises Forbidden for one that is not of the project a key is fixed to."""
    kept = []
    for each in found:
        if project not in (None, each.project):
            raise Forbidden(
                f"this key is fixed to project {project!r}; the results are of {each.project!r}"
            )
        stored, is_new = store.add(session, each, by, now_us)
        kept.append(Kept(is_new, figure(stored, book, now_us)))
    return kept


def listed(
    session: Session, book: PriceBook, now_us: int, project: str | None = None
) -> list[EvidenceFigure]:
    """Every comparison, the last measured first, with those of the same models and workload that came before it."""
    return [figure(each, book, now_us) for each in store.read(session, project)]


def figure(stored: StoredSet, book: PriceBook, now_us: int) -> EvidenceFigure:
    """A comparison by itself: what traffic has done since is told where advice rests on it."""
    return shown.of(stored, reading.of_itself(stored, book, clock.day_of(now_us)))
