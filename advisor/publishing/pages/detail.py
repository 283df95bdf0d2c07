"""One recommendation for people: what to do, what it is worth, how sure that is, and what it rests on. Changes nothing."""

from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from advisor import words
from advisor.advice import explanation
from advisor.evidence import sentences as evidence_sentences
from advisor.publishing.outlet import Outlet
from advisor.publishing.pages import html, swing_bars
from advisor.publishing.pages.swing_bars import SwingChart
from advisor.stages import missed, recommendations, so_far
from advisor.stages.records import MoveFigure
from advisor.stages.stored import StoredRecommendation
from ledger import clock, months
from ledger.months import Month


@dataclass(frozen=True, slots=True)
class Detail:
    """All that the page shows of a recommendation, from what is stored."""

    stored: StoredRecommendation
    move: MoveFigure
    next_command: str | None
    change: str
    swings: SwingChart | None
    proof: tuple[str, ...]


def install(app: FastAPI, given: Outlet) -> None:
    """Add the page to an app."""
    made = html.templates(factor=explanation.factor_name, shown=words.ratio)

    def show(id: str, project: str | None) -> HTMLResponse:
        with given.database.snapshot() as session:
            month = months.containing(clock.now_us(), given.settings.zone)
            found = detail(session, id, month, project)
        return html.answer(made, "detail.html", {"detail": found})

    async def page(request: Request, id: str) -> HTMLResponse:
        """One recommendation for people."""
        return await html.guarded(given, request, made, lambda access: show(id, access.project))

    app.get("/recommendations/{id}", response_class=HTMLResponse, responses=html.REFUSALS)(page)


def detail(
    session: Session, recommendation_id: str, month: Month, project: str | None = None
) -> Detail:
    """What the page shows. Raises NotFound, in the same words where it is not of the project asked for."""
    stored = recommendations.find(session, recommendation_id, project)
    item = stored.figure
    in_all, in_month = (
        missed.by_recommendation(session),
        missed.by_recommendation(session, month=month),
    )
    (move,) = so_far.moves_of(session, [stored], in_all, in_month)
    drivers = [name for name, level in item.risk_drivers.items() if level == item.risk_level]
    ends = item.saving_month
    return Detail(
        stored=stored,
        move=move,
        next_command=words.next_command(item.decision, item.id)
        if stored.stage == "active"
        else None,
        change=explanation.change(item.reason, drivers),
        swings=swing_bars.of(item.sensitivity, ends.expected_usd)
        if item.sensitivity and ends
        else None,
        proof=(
            *evidence_sentences.summary(item.evidence),
            *evidence_sentences.factors(item.evidence),
        )
        if item.evidence
        else (),
    )
