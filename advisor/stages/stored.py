"""A recommendation as it is stored: its figures, its stage and its history. No arithmetic."""

from dataclasses import dataclass

from advisor.advice.figures import RecommendationFigure
from advisor.stages.records import UNTOUCHED, StageRecord


@dataclass(frozen=True, slots=True)
class StoredRecommendation:
    """A recommendation with the stage that people set, the version that guards it, and who did what.

    `frozen` is the estimate as it was when the recommendation was claimed last, at `frozen_at`; `find` alone reads it.
    """

    stage: str
    version: int
    computed_at: str
    figure: RecommendationFigure
    record: StageRecord = UNTOUCHED
    frozen_at: str | None = None
    frozen: RecommendationFigure | None = None
