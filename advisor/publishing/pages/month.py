"""The page: a month's report for people. Changes nothing."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from advisor.advice import retirements
from advisor.advice.retirements import Retiring
from advisor.months import pricings, statement_store
from advisor.publishing.outlet import Outlet
from advisor.publishing.pages import chart, html
from advisor.publishing.pages.chart import Chart
from advisor.report import departure_plan, report
from advisor.report.departure_plan import PlannedDepartureFigure
from advisor.report.figures import Report
from ledger import clock, months
from ledger.pricing import in_force
from ledger.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthView:
    """All that the page shows of a month.

    `latest` is the newest month with traffic, None in an empty ledger. `leaving` is the plan for
    models that shut down, which only it and the current month show.
    """

    report: Report
    is_current: bool
    months: tuple[str, ...]
    latest: str | None
    chart: Chart
    retiring: tuple[Retiring, ...]
    leaving: tuple[PlannedDepartureFigure, ...]


def install(app: FastAPI, outlet: Outlet) -> None:
    """Add the page to an app, at its root."""
    templates = html.templates()

    def show(request: Request, month: str | None, project: str | None) -> HTMLResponse:
        now_us = clock.now_us()
        with outlet.database.snapshot() as session:
            view = load_view(session, outlet.settings, now_us, month or None, project=project)
        example_event = {
            "address": (outlet.settings.public_url or str(request.base_url)).rstrip("/"),
            "now": clock.rfc3339(now_us // clock.SECOND_US * clock.SECOND_US),
            "keys_required": outlet.gate.keys_required,
        }
        name = "month.html" if view.latest else "empty.html"
        return html.answer(templates, name, {"view": view, **example_event})

    async def page(
        request: Request,
        month: Annotated[
            str | None, Query(description="YYYY-MM; the current month if absent")
        ] = None,
    ) -> HTMLResponse:
        """The report of a month for people."""
        return await html.guarded(
            outlet, request, templates, lambda access: show(request, month, access.project)
        )

    app.get("/", response_class=HTMLResponse, responses=html.REFUSALS)(page)


def load_view(
    session: Session,
    settings: Settings,
    now_us: int,
    month_text: str | None = None,
    *,
    project: str | None = None,
) -> MonthView:
    """What the page shows of a month. Raises as `report.build` does."""
    figures = report.build(
        session, settings, now_us, month_text, project=project, with_movements=True
    )
    month = months.parse_or_current(month_text, settings.zone, now_us)
    current = months.parse_or_current(None, settings.zone, now_us)
    statement = statement_store.read_statement(session, month) if project is None else None
    names = statement_store.month_names(session)
    today = clock.day_of(now_us)
    models = [(model.names["provider"], model.names["model"]) for model in figures.models]
    return MonthView(
        report=figures,
        is_current=month == current,
        months=tuple(sorted({*names, str(month), str(current)}, reverse=True)),
        latest=names[-1] if names else None,
        chart=chart.for_days(statement.days if statement else (), month.touched_days, today),
        leaving=departure_plan.build(session, pricings.in_force(session), now_us, project)
        if str(month) in (str(current), *names[-1:])
        else (),
        retiring=tuple(retirements.find_announced(models, in_force.load_book(session), today)),
    )
