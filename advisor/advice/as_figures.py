"""Advice as figures: exact amounts become the decimal text that every face shows. Pure; decides nothing, rounds ratios once."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from advisor.advice import explanation
from advisor.advice import figures as advice_figures
from advisor.evidence import figures as evidence_figures
from advisor.switching import (
    advice,
    breakeven,
    candidates,
    counterfactual,
    factors,
    levers,
    ranking,
    window,
)
from ledger import clock, money
from ledger.pricing import prices


def of(
    item: advice.Advice,
    span: window.Window,
    standing: advice.Standing,
    others: Sequence[ranking.OtherModel],
    book: prices.PriceBook,
    beside: Sequence[advice.Advice] = (),
) -> advice_figures.RecommendationFigure:
    """One advice with every input that recomputes it, and beside it the alternatives that were not chosen."""
    found, slice_ = item.alternative, item.alternative.slice
    spent = candidates.slice_cost(slice_, book, item.as_of_day)
    blended = prices.blended_usd_per_mtok(spent)
    return advice_figures.RecommendationFigure(
        id=item.id,
        provider=slice_.provider,
        project=slice_.project,
        workload=slice_.workload,
        from_model=slice_.model,
        to_provider=found.provider,
        to_model=found.model,
        to_service_tier=found.service_tier,
        decision=item.decision.kind,
        reason=item.decision.reason,
        notices=item.decision.notices,
        counted=item.decision.counted,
        as_of=clock.date_of(item.as_of_day).isoformat(),
        price_book_version=book.version,
        window_first_day=clock.date_of(span.first_day).isoformat(),
        window_last_day=clock.date_of(span.last_day).isoformat(),
        window_days=slice_.days,
        requests=slice_.requests,
        coverage_ratio=money.optional_ratio_text(standing.coverage),
        cost_month_usd=_usd(item.slice_month_femto_usd),
        usd_per_mtok=None if blended is None else money.text(blended),
        price_gap_ratio=money.optional_ratio_text(found.price_gap),
        saving_month=_ends(found.estimate),
        saving_until_retirement=_ends(item.until_retirement),
        saving_label=found.factors.basis,
        source_days_left=item.source_days_left,
        target_days_left=found.target_days_left,
        days_left=item.days_left,
        break_evens=tuple(_break_evens(item)),
        factors=tuple(_factor(found.factors, name) for name in factors.changed(found.factors)),
        risk_level=item.risk.level,
        risk_drivers=item.risk.drivers,
        confidence=item.confidence.grade,
        confidence_grades=dict(item.confidence.grades),
        stuck_tokens=found.stuck_tokens,
        cells=tuple(_cell(cell) for cell in found.cells),
        other_models=tuple(_other(other) for other in others),
        explanation=tuple(explanation.sentences(item)),
        parts=tuple(_part(lever, part) for lever, part in item.parts.items()),
        sensitivity=tuple(_swing(swing) for swing in item.swings),
        alternatives=tuple(_alternative(other) for other in beside),
        router_month_usd=_usd(item.router_femto_usd),
        one_off_usd=money.usd_text(item.one_off_femto_usd),
        payback_days=money.optional_ratio_text(item.payback_days),
        fitting_ratio=money.optional_ratio_text(found.fitting_share),
        workload_class=item.workload_class.name,
        workload_class_source=item.workload_class.source,
        forecast_error_ratio=money.optional_ratio_text(standing.forecast_error),
        pass_ratios=_pass_ratios(standing.pass_rates_of(found.model)),
        good_answer_now_usd=_usd_of(item.good_answer_now_femto_usd),
        good_answer_instead_usd=_usd_of(item.good_answer_instead_femto_usd),
        evidence=evidence_figures.figure_of(item.proof) if item.proof else None,
    )


def _part(lever: str, part: levers.Part) -> advice_figures.PartFigure:
    return advice_figures.PartFigure(
        lever, ends_of(part.saving), _ends(part.alone), _ends(part.without)
    )


def _usd(amount_femto_usd: int | None) -> str | None:
    return None if amount_femto_usd is None else money.usd_text(amount_femto_usd)


def _usd_of(amount_femto_usd: Fraction | None) -> str | None:
    return (
        None
        if amount_femto_usd is None
        else money.usd_text(money.round_to_nano_usd(amount_femto_usd))
    )


def ends_of(estimate: candidates.Estimate) -> advice_figures.Ends:
    """The three ends as exact decimal text."""
    return advice_figures.Ends(
        money.usd_text(estimate.low_femto_usd),
        money.usd_text(estimate.expected_femto_usd),
        money.usd_text(estimate.high_femto_usd),
    )


def _ends(estimate: candidates.Estimate | None) -> advice_figures.Ends | None:
    return None if estimate is None else ends_of(estimate)


def _pass_ratios(rates: breakeven.PassRates | None) -> tuple[str, str] | None:
    if rates is None:
        return None
    return money.optional_ratio_text(rates.now) or "0.00", money.optional_ratio_text(
        rates.instead
    ) or "0.00"


def _swing(swing: advice.Swing) -> advice_figures.SwingFigure:
    at_low, at_high = (
        money.usd_text(swing.at_low_femto_usd),
        money.usd_text(swing.at_high_femto_usd),
    )
    return advice_figures.SwingFigure(swing.factor, at_low, at_high)


def _alternative(item: advice.Advice) -> advice_figures.AlternativeFigure:
    found, decided = item.alternative, item.decision
    return advice_figures.AlternativeFigure(
        found.provider,
        found.model,
        found.service_tier,
        decided.kind,
        decided.reason,
        _ends(found.estimate),
    )


def _break_evens(item: advice.Advice) -> Iterator[advice_figures.BreakEvenFigure]:
    for name, found in (("neutral", item.at_neutral), ("expected", item.at_expected)):
        if found is not None:
            yield advice_figures.BreakEvenFigure(
                name,
                money.optional_ratio_text(found.escalation_rate),
                money.optional_ratio_text(found.output_inflation),
                _usd_of(found.wrong_answer_femto_usd),
            )


def _factor(band: factors.Band, name: str) -> advice_figures.FactorFigure:
    low, expected, high = (_at_end(end, name) for end in (band.low, band.expected, band.high))
    return advice_figures.FactorFigure(name, low, expected, high, band.label_of(name))


def _at_end(end: factors.Factors, name: str) -> str:
    value: Fraction | int | bool | None = getattr(end, name)
    if value is None:
        return "as today"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("femto_usd"):
        return money.usd_text(int(value))
    return money.optional_ratio_text(Fraction(value)) or "0.00"


def _cell(priced: counterfactual.PricedCell) -> advice_figures.CellFigure:
    cell = priced.cell
    return advice_figures.CellFigure(
        cell.service_tier,
        cell.context_band,
        cell.requests,
        cell.counts.input_tokens,
        cell.counts.cached_input_tokens,
        cell.counts.cache_write_input_tokens,
        cell.counts.output_tokens,
        cell.detail_unknown_input_tokens,
        _rates(priced.now.rates),
        _rates(priced.instead.rates),
        cell.counts.input_audio_tokens,
        cell.counts.output_audio_tokens,
        cell.region,
    )


def _rates(rates: prices.Rates) -> dict[str, int]:
    return {meter: rate for meter in prices.METERS if (rate := getattr(rates, meter)) is not None}


def _other(other: ranking.OtherModel) -> advice_figures.OtherModelFigure:
    return advice_figures.OtherModelFigure(
        other.model,
        other.is_successor,
        money.optional_ratio_text(other.price_gap) or "0.00",
        money.usd_text(other.month_femto_usd),
        other.target_days_left,
        other.blocks,
        other.pair,
    )
