"""One recommendation in full, as API and `--json` show it: figures, stage and outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlmodel import Session

from advisor.advice import rendering
from advisor.advice.figures import RecommendationFigure
from advisor.stages import summary
from advisor.stages.records import MoveFigure, StageRecord
from advisor.stages.stored_recommendation import StoredRecommendation
from ledger import clock
from ledger.months import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationBody(RecommendationFigure):
    """A stored recommendation with every input that recomputes it, its stage and its version.

    `record` has its history; `frozen` is the estimate as it was claimed, which later prices do not
    change; `move` is what it came to.
    """

    stage: str
    version: int
    computed_at: str
    record: StageRecord
    frozen_at: str | None
    frozen: RecommendationFigure | None
    move: MoveFigure


def load_one(
    session: Session, recommendation: StoredRecommendation, month: Month
) -> RecommendationBody:
    """One recommendation in full, with what it missed in the month and in all."""
    return load_many(session, [recommendation], month)[0]


def load_many(
    session: Session, recommendations: Sequence[StoredRecommendation], month: Month
) -> list[RecommendationBody]:
    """Recommendations in full, as `load_one`."""
    moves = summary.load_moves(session, recommendations, month)
    return [
        _body(recommendation, move)
        for recommendation, move in zip(recommendations, moves, strict=True)
    ]


def _body(row: StoredRecommendation, move: MoveFigure) -> RecommendationBody:
    figure = rendering.figure_of(row.recommendation)
    frozen_at_us, frozen = row.frozen_at_us, row.frozen
    return RecommendationBody(
        **{field.name: getattr(figure, field.name) for field in fields(RecommendationFigure)},
        stage=row.stage,
        version=row.version,
        computed_at=clock.rfc3339(row.computed_at_us),
        record=row.record,
        frozen_at=None if frozen_at_us is None else clock.rfc3339(frozen_at_us),
        frozen=None if frozen is None else rendering.figure_of(frozen),
        move=move,
    )
