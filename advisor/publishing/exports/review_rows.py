"""The rows of the review's tables, each from the figures that the report holds. No arithmetic."""

from collections.abc import Iterable, Iterator
from typing import Any

from advisor import words
from advisor.advice.figures import RecommendationFigure
from advisor.advice.latency_figures import Between
from advisor.advice.retirements import Retiring
from advisor.months.figures import UsageFigure
from advisor.publishing.exports import cells
from advisor.publishing.exports.cells import Cell, Row
from advisor.report.departure_plan import PlannedDepartureFigure
from advisor.report.figures import Report
from advisor.stages import realisation
from advisor.stages.records import MoveFigure
from ledger import clock

_AT_THE_END = {
    "as_of": "statement_computed_at",
    "price_book_version": "price_book_version",
    "prices_checked": "prices_checked",
}
"""Fields of a report that end the headline's row, and their columns."""


def plain(figure: Any) -> Row:
    """A figure whose row is just its fields."""
    return cells.from_figure(figure)


def runs(figure: RecommendationFigure) -> Iterable[Row]:
    """Every comparison with a target, a row each."""
    names = ("project", "workload", "from_model", "to_model")
    for run in figure.evidence.runs if figure.evidence else figure.withdrawn_runs:
        yield {name: getattr(figure, name) for name in names} | cells.from_figure(run)


def headline(figures: Report) -> Row:
    """The month in one row: total, forecast, savings, and what they rest on."""
    about = cells.from_figure(figures)
    basis = {column: about.pop(name) for name, column in _AT_THE_END.items()}
    forecast, savings, adjusted = figures.forecast, figures.savings, figures.adjusted
    so_far = savings.so_far
    tested = forecast.tests[0] if forecast and forecast.tests else None
    return {
        **about,
        **cells.from_figure(figures.total),
        "adjusted_cost_usd": cells.exact(adjusted.cost_usd) if adjusted else None,
        "adjusted_requests": adjusted.requests if adjusted else None,
        "coverage_ratio": cells.exact(figures.total.coverage.ratio),
        "provisional": figures.total.coverage.provisional,
        "forecast_usd": cells.exact(forecast.cost_usd) if forecast else None,
        "forecast_low_usd": cells.exact(forecast.low_usd) if forecast else None,
        "forecast_high_usd": cells.exact(forecast.high_usd) if forecast else None,
        "forecast_if_broken_usd": cells.exact(forecast.if_broken_usd) if forecast else None,
        "forecast_if_ended_usd": cells.exact(forecast.if_ended_usd) if forecast else None,
        "forecast_method": forecast.method if forecast else None,
        "forecast_week_error_ratio": cells.exact(tested.error_ratio) if tested else None,
        "forecast_week_bias_ratio": cells.exact(tested.bias_ratio) if tested else None,
        **cells.from_ends("savings_month", savings.total),
        **cells.from_ends("savings_safe_now", savings.safe_now),
        **cells.from_ends("savings_after_trial", savings.after_trial),
        **cells.from_ends("savings_until_retirement", savings.until_retirement),
        "savings_low_name": savings.total.low_name if savings.total else None,
        "savings_missed_usd": cells.exact(so_far.missed_usd) if so_far else None,
        "savings_missed_month_usd": cells.exact(so_far.missed_month_usd) if so_far else None,
        "savings_basis": savings.basis,
        **basis,
    }


def usage(figure: UsageFigure) -> Row:
    """Usage under the names that it is grouped by."""
    return {**figure.names, **cells.from_figure(figure)}


def adjustments(figures: Report) -> Iterator[Row]:
    """A row for each line that an adjustment changes, with what the adjustment is."""
    for adjustment in figures.adjustments:
        for line in adjustment.lines:
            yield {**cells.from_figure(adjustment), **cells.from_figure(line)}


def saving(recommendation: RecommendationFigure) -> Row:
    """What a switch would save per average month."""
    limit, step = recommendation.breakeven_escalation_ratio(), recommendation.next_step
    return {
        **cells.from_figure(recommendation, without="saving_"),
        "breakeven_escalation_ratio": cells.exact(limit),
        **cells.from_ends("then_added", step.added_month if step else None),
        "then_model": step.to_model if step else None,
        "then_service_tier": step.to_service_tier if step else None,
        "then_id": step.id if step else None,
    }


def latency(recommendation: RecommendationFigure) -> Iterator[Row]:
    """A row for each side and time that was measured. What was not measured has no row."""
    measured = recommendation.latency
    sides = {"source": measured.source, "target": measured.target} if measured else {}
    for name, side in sides.items():
        for measure, times in (("latency", side.latency), ("first_token", side.first_token)):
            if times is not None:
                yield {
                    "project": recommendation.project,
                    "workload": recommendation.workload,
                    "side": name,
                    "provider": side.provider,
                    "model": side.model,
                    "service_tiers": " ".join(side.service_tiers),
                    "measured_in": side.measured_in,
                    "measure": measure,
                    "requests": times.requests,
                    **_bounds("p50", times.p50),
                    **_bounds("p95", times.p95),
                    "id": recommendation.id,
                }


def _bounds(name: str, bounds: Between | None) -> dict[str, Cell]:
    low, high = (bounds.low_ms, bounds.high_ms) if bounds else (None, None)
    return {f"{name}_low_ms": low, f"{name}_high_ms": high}


def move(figure: MoveFigure) -> Row:
    """A recommendation's life in amounts.

    A method that has not measured it yet has an empty cell.
    """
    amounts: dict[str, Cell] = dict.fromkeys(f"realised_{name}_usd" for name in realisation.METHODS)
    for method in figure.realised:
        amounts[f"realised_{method.method}_usd"] = cells.exact(method.saving_usd)
    return {**cells.from_figure(figure), **amounts}


def realised_by_method(figure: MoveFigure) -> Iterator[Row]:
    """A row for each method that measured what a move saved."""
    for method in figure.realised:
        yield {**cells.from_figure(figure), **cells.from_figure(method)}


def meters(figures: Report) -> Iterator[Row]:
    """What each project's workload used of a model besides plain tokens."""
    for figure in figures.slices:
        for meter in figure.meters:
            yield {**figure.names, **cells.from_figure(meter)}


def quality(figures: Report) -> Iterator[Row]:
    """How much of the total, and of each project and model, is known.

    A gap is the share of tokens or requests that is not covered.
    """
    parts = [("total", "", figures.total)]
    parts += [("project", project.names["project"], project) for project in figures.projects]
    parts += [
        ("model", f"{model.names['provider']}/{model.names['model']}", model)
        for model in figures.models
    ]
    for level, name, figure in parts:
        gaps: dict[str, Cell] = {
            f"{gap}_ratio": cells.exact(figure.coverage.gaps.get(gap)) for gap in words.GAPS
        }
        yield {
            "level": level,
            "name": name,
            "coverage_ratio": cells.exact(figure.coverage.ratio),
            "provisional": figure.coverage.provisional,
            "unpriced_tokens": figure.unpriced_tokens,
            **gaps,
        }


def retirement(model: Retiring) -> Row:
    """A model in use whose shutdown is announced."""
    return {
        "provider": model.provider,
        "model": model.model,
        "shutdown_date": clock.date_of(model.shutdown_day).isoformat(),
        "successor": model.successor,
        "source": model.source,
    }


def departure(figure: PlannedDepartureFigure) -> Row:
    """A workload on a model that shuts down, with the first place that it can go."""
    first = next(iter(figure.destinations), None)
    return {
        **cells.from_figure(figure),
        "to_provider": first.provider if first else None,
        "to_model": first.model if first else None,
        "to_service_tier": first.service_tier if first else None,
        "to_cost_month_usd": cells.exact(first.cost_month_usd) if first else None,
        "to_ends_on": first.ends_on if first else None,
    }
