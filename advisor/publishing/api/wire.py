"""The JSON of the read API and of `--json`: figures with their names beside their amounts. Formats; computes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NotRequired, cast

import msgspec
from sqlmodel import Session

# Before Python 3.12 pydantic, which documents these shapes, reads only this TypedDict.
from typing_extensions import TypedDict

from advisor.advice import figures as advice_figures
from advisor.advice import latency_figures
from advisor.advice.figures import Ends
from advisor.months import figures as month_figures
from advisor.report import figures as report_figures
from advisor.stages import missed, so_far
from advisor.stages.records import MoveFigure, SoFar, StageRecord
from advisor.stages.stored import StoredRecommendation
from ledger.months import Month


class UsageBody(TypedDict):
    """Usage under the names it was grouped by; the total has none. `cost_usd` is the priced part, null without one."""

    provider: NotRequired[str]
    model: NotRequired[str]
    service_tier: NotRequired[str]
    project: NotRequired[str]
    workload: NotRequired[str]
    cost_usd: str | None
    list_cost_usd: str | None
    usd_per_mtok: str | None
    requests: int
    tokens: int
    input_tokens: int
    cached_input_tokens: int
    cache_write_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    avoided_tokens: int
    unpriced_tokens: int
    tier_mismatch_requests: int
    coverage: month_figures.CoverageFigure


class AdviceBody(TypedDict):
    """Advice on one slice in short; its every input is under its id. Amounts are USD per average month (730 h)."""

    id: str
    provider: str
    project: str
    workload: str
    from_model: str
    to_provider: str
    to_model: str
    to_service_tier: str | None
    decision: str
    reason: str
    price_gap_ratio: str | None
    cost_month_usd: str | None
    saving_month: Ends | None
    breakeven_escalation_ratio: str | None
    breakeven_output_ratio: str | None
    breakeven_wrong_answer_usd: str | None
    days_left: int | None
    latency: latency_figures.LatencyFigure | None


class SavingsBody(TypedDict):
    """What the configured pairs would save per average month. The totals are null while no slice is decided."""

    basis: str
    total: Ends | None
    until_retirement: Ends | None
    recommendations: list[AdviceBody]
    so_far: SoFar | None


class ReportBody(TypedDict):
    """A month. Projects, models and slices each add up to the total; money is exact decimal text.

    Where the state is closed these are the figures it was closed with; `adjusted` is the total with the `adjustments`.
    """

    month: str
    zone: str
    currency: str
    as_of: str
    state: str
    closed_at: str | None
    closed_by: str | None
    content_sha256: str | None
    revision: int
    price_book_version: str
    prices_checked: str
    total: UsageBody
    adjusted: UsageBody | None
    adjustments: tuple[month_figures.AdjustmentFigure, ...]
    projects: list[UsageBody]
    models: list[UsageBody]
    slices: list[UsageBody]
    days: tuple[month_figures.DayReport, ...]
    forecast: month_figures.ForecastReport | None
    forecast_record: month_figures.ForecastRecord | None
    waste: month_figures.Waste | None
    savings: SavingsBody
    sample_projects: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationBody(advice_figures.RecommendationFigure):
    """A stored recommendation with every input that recomputes it, its stage and the version that guards the stage.

    `record` has its history; `frozen` is the estimate as it was claimed, whatever prices did since; `move` what it came to.
    """

    stage: str
    version: int
    computed_at: str
    record: StageRecord
    frozen_at: str | None
    frozen: advice_figures.RecommendationFigure | None
    move: MoveFigure


def report_body(report: report_figures.Report) -> ReportBody:
    """The body of `GET /api/v1/report` and of `report --json`."""
    return ReportBody(
        month=report.month,
        zone=report.zone,
        currency=report.currency,
        as_of=report.as_of,
        state=report.state,
        closed_at=report.closed_at,
        closed_by=report.closed_by,
        content_sha256=report.content_sha256,
        revision=report.revision,
        price_book_version=report.price_book_version,
        prices_checked=report.prices_checked,
        total=usage_body(report.total),
        adjusted=usage_body(report.adjusted) if report.adjusted else None,
        adjustments=report.adjustments,
        projects=[usage_body(each) for each in report.projects],
        models=[usage_body(each) for each in report.models],
        slices=[usage_body(each) for each in report.slices],
        days=report.days,
        forecast=report.forecast,
        forecast_record=report.forecast_record,
        waste=report.waste,
        savings=savings_body(report.savings),
        sample_projects=report.sample_projects,
        notes=report.notes,
    )


def usage_body(usage: month_figures.UsageFigure) -> UsageBody:
    """Usage with its names beside its amounts."""
    return cast(
        UsageBody,
        usage.names | {name: held for name, held in _held(usage).items() if name != "names"},
    )


def savings_body(savings: report_figures.SavingsReport) -> SavingsBody:
    """The savings of a report, each recommendation in short."""
    known = has_advice(savings)
    return SavingsBody(
        basis=savings.basis,
        total=savings.total if known else None,
        until_retirement=savings.until_retirement if known else None,
        recommendations=[advice_body(each) for each in savings.recommendations],
        so_far=savings.so_far,
    )


def has_advice(savings: report_figures.SavingsReport) -> bool:
    """Whether the totals say anything: where data suffices for no slice they are unknown, which is not 0."""
    return any(each.decision != "not_enough_data" for each in savings.recommendations)


def advice_body(figure: advice_figures.RecommendationFigure) -> AdviceBody:
    """A recommendation in short, with its break-evens as priced."""
    limits = _limits(figure, "neutral")
    return AdviceBody(
        id=figure.id,
        provider=figure.provider,
        project=figure.project,
        workload=figure.workload,
        from_model=figure.from_model,
        to_provider=figure.to_provider,
        to_model=figure.to_model,
        to_service_tier=figure.to_service_tier,
        decision=figure.decision,
        reason=figure.reason,
        price_gap_ratio=figure.price_gap_ratio,
        cost_month_usd=figure.cost_month_usd,
        saving_month=figure.saving_month,
        breakeven_escalation_ratio=breakeven_escalation_ratio(figure),
        breakeven_output_ratio=limits.output_inflation_ratio if limits else None,
        breakeven_wrong_answer_usd=limits.wrong_answer_usd if limits else None,
        days_left=figure.days_left,
        latency=figure.latency,
    )


def breakeven_escalation_ratio(
    figure: advice_figures.RecommendationFigure, at: str = "neutral"
) -> str | None:
    """The share of requests that may escalate until nothing is saved; None where there is no such share.

    By default the price gap alone bears them, which is the break-even of every face; at `expected` the expected factors do.
    """
    limits = _limits(figure, at)
    return limits.escalation_ratio if limits else None


def _limits(
    figure: advice_figures.RecommendationFigure, at: str
) -> advice_figures.BreakEvenFigure | None:
    return next((found for found in figure.break_evens if found.at == at), None)


def recommendation_body(stored: StoredRecommendation, move: MoveFigure) -> RecommendationBody:
    """A stored recommendation in full, and what it came to."""
    return RecommendationBody(
        **_held(stored.figure),
        stage=stored.stage,
        version=stored.version,
        computed_at=stored.computed_at,
        record=stored.record,
        frozen_at=stored.frozen_at,
        frozen=stored.frozen,
        move=move,
    )


def encoded(body: object) -> bytes:
    """A body of this module as JSON."""
    return msgspec.json.encode(body)


def _held(
    figure: month_figures.UsageFigure | advice_figures.RecommendationFigure,
) -> dict[str, Any]:
    return {field.name: getattr(figure, field.name) for field in fields(figure)}


def body(session: Session, stored: StoredRecommendation, month: Month) -> RecommendationBody:
    """One recommendation in full, with what it came to."""
    return bodies(session, [stored], month)[0]


def bodies(
    session: Session, every: Sequence[StoredRecommendation], month: Month
) -> list[RecommendationBody]:
    """Recommendations in full, with what each came to."""
    missed_so_far, in_month = (
        missed.by_recommendation(session),
        missed.by_recommendation(session, month=month),
    )
    moves = so_far.moves_of(session, every, missed_so_far, in_month)
    return [recommendation_body(each, move) for each, move in zip(every, moves, strict=True)]
