"""Turns a recommendation into the figure that every face shows: only here it becomes text.

Amounts and ratios become decimal text, ratios rounded once to 9 decimals. It decides nothing.
"""

from dataclasses import fields
from fractions import Fraction
from typing import Any

from advisor import words
from advisor.advice import explanation, notices, replacements, values
from advisor.advice.figures import (
    AlternativeFigure,
    BreakEvenFigure,
    CellFigure,
    Ends,
    FactorFigure,
    NextStepFigure,
    OtherModelFigure,
    PartFigure,
    RecommendationFigure,
    SwingFigure,
    TotalEnds,
)
from advisor.advice.values import OtherTarget, Recommendation
from advisor.evidence import figures as evidence_figures
from advisor.switching import (
    breakeven,
    candidates,
    counterfactual,
    factors,
    levers,
    ranking,
    sensitivity,
    window,
)
from ledger import clock, money
from ledger.pricing import prices


def figure_of(recommendation: Recommendation) -> RecommendationFigure:
    """The figure of a recommendation, with every input that recomputes it."""
    evidence, pass_rates = recommendation.evidence, recommendation.pass_rates
    blended = prices.blended_usd_per_mtok(recommendation.cost)
    is_worth, serves = recommendation.potential is not None, recommendation.compares
    return RecommendationFigure(
        id=recommendation.id,
        provider=recommendation.provider,
        project=recommendation.project,
        workload=recommendation.workload,
        from_model=recommendation.from_model,
        to_provider=recommendation.to_provider,
        to_model=recommendation.to_model,
        to_service_tier=recommendation.to_service_tier,
        decision=recommendation.decision.kind,
        reason=recommendation.decision.reason,
        notices=recommendation.decision.notices,
        must_move=notices.write_must_move(recommendation),
        counted=recommendation.counted,
        set_aside=recommendation.set_aside,
        as_of=_date(recommendation.as_of_day),
        price_book_version=recommendation.price_book_version,
        window_first_day=_date(recommendation.window.first_day),
        window_last_day=_date(recommendation.window.last_day),
        window_days=recommendation.window.days,
        requests=recommendation.requests,
        coverage_ratio=money.optional_ratio_text(recommendation.coverage),
        cost_month_usd=_usd(recommendation.cost_month_femto_usd),
        usd_per_mtok=None if blended is None else money.text(blended),
        price_gap_ratio=money.optional_ratio_text(recommendation.price_gap),
        saving_month=_ends(recommendation.potential),
        replacement_month=_ends(recommendation.replacement),
        saving_until_retirement=_ends(recommendation.potential_until_retirement),
        saving_label=recommendation.factors.basis,
        replacement=replacements.write_replacement(recommendation),
        low_name=words.low_name(is_proven=recommendation.factors.is_proven),
        condition=recommendation.condition,
        next_step=_next_step(recommendation),
        source_days_left=recommendation.source_days_left,
        target_days_left=recommendation.target_days_left,
        days_left=recommendation.days_left,
        source_shutdown_day=_optional_date(recommendation.source_shutdown_day),
        target_shutdown_day=_optional_date(recommendation.target_shutdown_day),
        ends_on=_optional_date(recommendation.end_day),
        break_evens=_break_evens(recommendation),
        factors=tuple(
            _factor(recommendation.factors, name) for name in recommendation.changed_factors
        ),
        risk_level=recommendation.risk.level,
        risk_drivers=recommendation.risk.drivers,
        confidence=recommendation.confidence.grade,
        confidence_grades=dict(recommendation.confidence.grades),
        stuck_tokens=recommendation.stuck_tokens,
        stuck_requests=recommendation.stuck_requests,
        cells=tuple(_cell(priced) for priced in recommendation.cells),
        other_models=tuple(_other_model(model) for model in recommendation.other_models),
        explanation=tuple(explanation.sentences(recommendation)),
        parts=tuple(_part(lever, part) for lever, part in recommendation.parts.items())
        if is_worth
        else (),
        sensitivity=tuple(
            _swing(swing, recommendation.window.days) for swing in recommendation.swings
        )
        if is_worth
        else (),
        alternatives=tuple(_alternative(target) for target in recommendation.other_targets),
        router_month_usd=_usd(recommendation.router_femto_usd) if is_worth else None,
        one_off_usd=money.usd_text(recommendation.one_off_femto_usd),
        payback_days=money.optional_ratio_text(recommendation.payback_days) if is_worth else None,
        fitting_ratio=money.optional_ratio_text(recommendation.fitting_share),
        workload_class=recommendation.workload_class.name,
        workload_class_source=recommendation.workload_class.source,
        pass_ratios=None
        if pass_rates is None
        else (money.ratio_text(pass_rates.now), money.ratio_text(pass_rates.instead)),
        good_answer_now_usd=_usd(recommendation.good_answer_now_femto_usd) if serves else None,
        good_answer_instead_usd=_usd(recommendation.good_answer_instead_femto_usd),
        evidence=None if evidence is None else evidence_figures.figure_of(evidence),
        withdrawn_runs=evidence_figures.runs_of(recommendation.withdrawn_runs),
        latency=recommendation.latency,
        opt_out_reason=recommendation.opt_out_reason,
        forecast_error_ratio=money.optional_ratio_text(recommendation.forecast_error),
    )


def ends_of(estimate: candidates.Estimate) -> Ends:
    """The three ends of a saving as exact decimal text."""
    return Ends(
        money.usd_text(estimate.low_femto_usd),
        money.usd_text(estimate.expected_femto_usd),
        money.usd_text(estimate.high_femto_usd),
    )


def total_of(estimate: candidates.Estimate, *, is_proven: bool) -> TotalEnds:
    """The three ends of a total, with what its low end is called."""
    ends = ends_of(estimate)
    return TotalEnds(
        ends.low_usd, ends.expected_usd, ends.high_usd, words.low_name(is_proven=is_proven)
    )


def _ends(estimate: candidates.Estimate | None) -> Ends | None:
    return None if estimate is None else ends_of(estimate)


def _usd(amount_femto_usd: Fraction | int | None) -> str | None:
    """Decimal text of an amount; one that is not whole is rounded to 9 decimals of a USD."""
    if isinstance(amount_femto_usd, Fraction):
        amount_femto_usd = money.round_to_nano_usd(amount_femto_usd)
    return None if amount_femto_usd is None else money.usd_text(amount_femto_usd)


def _date(day: int) -> str:
    return clock.date_of(day).isoformat()


def _optional_date(day: int | None) -> str | None:
    return None if day is None else _date(day)


def _part(lever: str, part: levers.Part) -> PartFigure:
    return PartFigure(
        lever=lever,
        saving_month=ends_of(part.saving),
        alone_month=_ends(part.alone),
        without_month=_ends(part.without),
    )


def _swing(swing: sensitivity.Swing, days: int) -> SwingFigure:
    at_low_usd, at_high_usd = (
        money.usd_text(money.round_to_nano_usd(window.per_average_month(amount, days)))
        for amount in (swing.at_low_femto_usd, swing.at_high_femto_usd)
    )
    return SwingFigure(swing.factor, at_low_usd, at_high_usd)


def _alternative(target: OtherTarget) -> AlternativeFigure:
    return AlternativeFigure(
        to_provider=target.to_provider,
        to_model=target.to_model,
        to_service_tier=target.to_service_tier,
        decision=target.decision.kind,
        reason=target.decision.reason,
        saving_month=_ends(target.saving),
        replacement_month=_ends(target.replacement),
        low_name=words.low_name(is_proven=target.is_proven),
        ends_with_source=target.ends_with_source,
    )


def _next_step(recommendation: Recommendation) -> NextStepFigure | None:
    step = recommendation.next_step
    if step is None:
        return None
    alternative = _alternative(values.other_target_of(step))
    inherited: dict[str, Any] = {
        field.name: getattr(alternative, field.name) for field in fields(AlternativeFigure)
    }
    return NextStepFigure(
        **inherited,
        id=step.id,
        condition=step.condition,
        added_month=_ends(recommendation.added),
    )


def _break_evens(recommendation: Recommendation) -> tuple[BreakEvenFigure, ...]:
    if not recommendation.is_open:
        return ()
    limits = {"neutral": recommendation.at_neutral, "expected": recommendation.at_expected}
    return tuple(_break_even(at, limit) for at, limit in limits.items() if limit is not None)


def _break_even(at: str, limit: breakeven.BreakEven) -> BreakEvenFigure:
    return BreakEvenFigure(
        at=at,
        escalation_ratio=money.optional_ratio_text(limit.escalation_rate),
        output_inflation_ratio=money.optional_ratio_text(limit.output_inflation),
        wrong_answer_usd=_usd(limit.wrong_answer_femto_usd),
    )


def _factor(band: factors.Band, name: str) -> FactorFigure:
    low, expected, high = (_at_end(end, name) for end in (band.low, band.expected, band.high))
    return FactorFigure(name=name, low=low, expected=expected, high=high, label=band.label_of(name))


def _at_end(end: factors.Factors, name: str) -> str:
    factor: Fraction | int | bool | None = getattr(end, name)
    if factor is None:
        return "as today"
    if isinstance(factor, bool):
        return "yes" if factor else "no"
    if name.endswith("femto_usd"):
        return money.usd_text(int(factor))
    return money.ratio_text(Fraction(factor))


def _cell(priced: counterfactual.PricedCell) -> CellFigure:
    cell = priced.cell
    return CellFigure(
        service_tier=cell.service_tier,
        context_band=cell.context_band,
        requests=cell.requests,
        input_tokens=cell.counts.input_tokens,
        cached_input_tokens=cell.counts.cached_input_tokens,
        cache_write_input_tokens=cell.counts.cache_write_input_tokens,
        output_tokens=cell.counts.output_tokens,
        detail_unknown_input_tokens=cell.detail_unknown_input_tokens,
        rates_now=_rates(priced.now.rates),
        rates_instead=_rates(priced.instead.rates),
        input_audio_tokens=cell.counts.input_audio_tokens,
        output_audio_tokens=cell.counts.output_audio_tokens,
        region=cell.region,
    )


def _rates(rates: prices.Rates) -> dict[str, int]:
    return rates.by_meter


def _other_model(other: ranking.OtherModel) -> OtherModelFigure:
    return OtherModelFigure(
        model=other.model,
        is_successor=other.is_successor,
        price_gap_ratio=money.ratio_text(other.price_gap),
        saving_month_usd=money.usd_text(other.month_femto_usd),
        days_left=other.target_days_left,
        blocks=other.blocks,
        pair=other.pair,
    )
