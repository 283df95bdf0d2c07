"""A trial's plan as API and command line show it: decimal text for money and ratios."""

from collections.abc import Iterator
from dataclasses import dataclass

from advisor.advice import reasons
from advisor.trial.plan import TrialPlan, TrialSplit
from ledger import clock, money


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFigure:
    """A share of the slice's requests answered by both models, its days, and LiteLLM's weights."""

    share_ratio: str
    pairs_a_day: str
    days: int | None
    source_weight: int
    target_weight: int
    routing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFigure:
    """What a comparison takes. Amounts are USD.

    They are None where the target has no price, or there is no traffic to go by. `assumed` names
    the inputs that nobody has measured yet.
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


def figure_of(plan: TrialPlan) -> PlanFigure:
    """The figure of a plan. Ratios are rounded once, half-even to 9 decimals."""
    recommendation, terms, saving = plan.recommendation, plan.terms, plan.recommendation.saving
    return PlanFigure(
        recommendation_id=recommendation.id,
        project=recommendation.project,
        workload=recommendation.workload,
        from_model=recommendation.from_model,
        to_model=recommendation.to_model,
        to_service_tier=recommendation.to_service_tier,
        decision=recommendation.decision.kind,
        reason=recommendation.decision.reason,
        rule=terms.gate.rule,
        threshold=money.ratio_text(terms.gate.threshold),
        power_ratio=money.ratio_text(terms.power),
        discordant_ratio=money.ratio_text(plan.rates.discordant),
        pass_ratio=money.ratio_text(plan.rates.pass_rate),
        assumed=plan.rates.assumed,
        distance_ratio=money.ratio_text(plan.size.distance),
        pairs_by_formula=plan.size.pairs_by_formula,
        pairs=plan.size.pairs,
        requests_a_day=money.optional_ratio_text(plan.requests_a_day),
        requests_per_conversation=terms.requests_per_conversation,
        splits=tuple(_split(split) for split in plan.splits),
        target_cost_usd=_usd(plan.target_cost_femto_usd),
        judge_cost_usd=money.usd_text(plan.judge_cost_femto_usd),
        cost_usd=_usd(plan.cost_femto_usd),
        waiting_month_usd=_usd(saving.low_femto_usd if saving else None),
        notes=tuple(_notes(plan)),
    )


def _split(split: TrialSplit) -> SplitFigure:
    return SplitFigure(
        share_ratio=money.ratio_text(split.share),
        pairs_a_day=money.optional_ratio_text(split.pairs_a_day) or "0.00",
        days=split.days,
        source_weight=split.source_weight,
        target_weight=split.target_weight,
        routing=split.routing,
    )


def _usd(amount_femto_usd: int | None) -> str | None:
    return None if amount_femto_usd is None else money.usd_text(amount_femto_usd)


def _notes(plan: TrialPlan) -> Iterator[str]:
    decision, evidence = plan.recommendation.decision, plan.recommendation.evidence
    yield (
        "Both models answer the same inputs, and the user gets the source's answer:"
        " the target's cost is extra."
    )
    if plan.terms.requests_per_conversation == 1:
        yield (
            "One pair of each conversation counts. Where a conversation has several requests,"
            " the trial takes as many times longer."
        )
    yield (
        "A live split by these weights shows what the target costs, its retries and its cache."
        " It proves nothing about its answers, because no input is answered by both."
    )
    if not decision.counted:
        yield (
            f"The advice is {decision.kind}, because {reasons.why(decision.reason)}:"
            " a comparison alone does not change that."
        )
    if evidence is not None and evidence.doubt is None:
        expires_on = clock.date_of(evidence.expires_day)
        yield f"There is evidence already; it counts until {expires_on}."
