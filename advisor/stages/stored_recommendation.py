"""A recommendation as it is stored: its value, its stage and its history."""

from dataclasses import dataclass

from advisor.advice.values import Recommendation
from advisor.stages.records import UNTOUCHED, StageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecommendation:
    """A recommendation with its stage, the version that guards the stage, and who did what.

    `frozen` is the recommendation as it was when it was claimed last, at `frozen_at_us`; only
    `find` reads it. Instants are UTC epoch microseconds.
    """

    stage: str
    version: int
    computed_at_us: int
    recommendation: Recommendation
    record: StageRecord = UNTOUCHED
    frozen_at_us: int | None = None
    frozen: Recommendation | None = None
