"""The page of one recommendation: what to do, its worth, how sure that is, and why.

Changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from advisor import words
from advisor.advice import explanation, reasons, rendering
from advisor.advice.figures import RecommendationFigure
from advisor.evidence import sentences as evidence_sentences
from advisor.publishing.outlet import Outlet
from advisor.publishing.pages import html, swing_bars
from advisor.publishing.pages.swing_bars import SwingChart
from advisor.stages import recommendations, summary
from advisor.stages.records import MoveFigure, StageRecord
from ledger import clock, months
from ledger.months import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """All that the page shows of a recommendation, from what is stored."""

    figure: RecommendationFigure
    stage: str
    record: StageRecord
    move: MoveFigure
    next_command: str | None
    change: str
    swings: SwingChart | None
    proof: tuple[str, ...]


def install(app: FastAPI, outlet: Outlet) -> None:
    """Add the page to an app."""
    templates = html.templates(factor=explanation.factor_name, ratio=words.ratio)

    def show(id: str, project: str | None) -> HTMLResponse:
        with outlet.database.snapshot() as session:
            month = months.containing(clock.now_us(), outlet.settings.zone)
            detail = load_detail(session, id, month, project)
        return html.answer(templates, "detail.html", {"detail": detail})

    async def page(request: Request, id: str) -> HTMLResponse:
        """One recommendation for people."""
        return await html.guarded(
            outlet, request, templates, lambda access: show(id, access.project)
        )

    app.get("/recommendations/{id}", response_class=HTMLResponse, responses=html.REFUSALS)(page)


def load_detail(
    session: Session, recommendation_id: str, month: Month, project: str | None = None
) -> Detail:
    """What the page shows.

    Raises NotFound for an unknown id and, in the same words, for one of another project.
    """
    row = recommendations.find(session, recommendation_id, project)
    figure = rendering.figure_of(row.recommendation)
    (move,) = summary.load_moves(session, [row], month)
    is_open = row.stage == "active"
    drivers = [name for name, level in figure.risk_drivers.items() if level == figure.risk_level]
    ends, swings = figure.saving_month, figure.sensitivity
    return Detail(
        figure=figure,
        stage=row.stage,
        record=row.record,
        move=move,
        next_command=words.next_command(
            figure.decision, figure.id, is_source_gone=figure.source_days_left == 0
        )
        if is_open
        else None,
        change=reasons.change(figure.reason, drivers),
        swings=swing_bars.for_sensitivity(swings, ends.expected_usd) if swings and ends else None,
        proof=tuple(_proof(figure)),
    )


def _proof(figure: RecommendationFigure) -> Iterator[str]:
    if figure.evidence is not None:
        yield from evidence_sentences.summary(figure.evidence)
        yield from evidence_sentences.factors(figure.evidence)
    if figure.withdrawn_runs:
        yield f"{evidence_sentences.run_line(figure.withdrawn_runs)}."
