"""A plan for a comparison as every face shows it: decimal text for money and ratios, integers for counts. No arithmetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SplitFigure:
    """A share of the slice's requests answered by both models, how many days the pairs then take, and LiteLLM's weights."""

    share_ratio: str
    pairs_a_day: str
    days: int | None
    source_weight: int
    target_weight: int
    routing: str


@dataclass(frozen=True, slots=True)
class PlanFigure:
    """What a comparison takes. Amounts are USD; None where the target has no price or there is no traffic to go by.

    `assumed` names the inputs that nobody has measured yet.
    """

    recommendation_id: str
    project: str
    workload: str
    from_model: str
    to_model: str
    to_service_tier: str | None
    decision: str
    reason: str
    rule: str
    threshold: str
    power_ratio: str
    discordant_ratio: str
    pass_ratio: str
    assumed: tuple[str, ...]
    distance_ratio: str
    pairs_by_formula: int
    pairs: int
    requests_a_day: str | None
    requests_per_conversation: int
    splits: tuple[SplitFigure, ...]
    target_cost_usd: str | None
    judge_cost_usd: str
    cost_usd: str | None
    waiting_month_usd: str | None
    notes: tuple[str, ...]
