"""One recommendation in full as the API and `--json` show it: its figures, its stage and what it came to."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlmodel import Session

from advisor.advice.figures import RecommendationFigure
from advisor.stages import missed, so_far
from advisor.stages.records import MoveFigure, StageRecord
from advisor.stages.stored import StoredRecommendation
from ledger.months import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationBody(RecommendationFigure):
    """A stored recommendation with every input that recomputes it, its stage and the version that guards the stage.

    `record` has its history; `frozen` is the estimate as it was claimed, which later prices do not change; `move` is
    what it came to.
    """

    stage: str
    version: int
    computed_at: str
    record: StageRecord
    frozen_at: str | None
    frozen: RecommendationFigure | None
    move: MoveFigure


def load_one(session: Session, stored: StoredRecommendation, month: Month) -> RecommendationBody:
    """One recommendation in full; what it missed in the month is shown beside what it missed in all."""
    return load_many(session, [stored], month)[0]


def load_many(
    session: Session, stored: Sequence[StoredRecommendation], month: Month
) -> list[RecommendationBody]:
    """Recommendations in full, as `load_one`."""
    missed_in_all = missed.by_recommendation(session)
    missed_in_month = missed.by_recommendation(session, month=month)
    moves = so_far.moves_of(session, stored, missed_in_all, missed_in_month)
    return [_body(recommendation, move) for recommendation, move in zip(stored, moves, strict=True)]


def _body(stored: StoredRecommendation, move: MoveFigure) -> RecommendationBody:
    figures = {
        field.name: getattr(stored.figure, field.name) for field in fields(RecommendationFigure)
    }
    return RecommendationBody(
        **figures,
        stage=stored.stage,
        version=stored.version,
        computed_at=stored.computed_at,
        record=stored.record,
        frozen_at=stored.frozen_at,
        frozen=stored.frozen,
        move=move,
    )
