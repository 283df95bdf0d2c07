"""The page: a month's report for people. Changes nothing."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from advisor.advice import retirements
from advisor.advice.retirements import Retiring
from advisor.months import statement_store
from advisor.publishing.api import wire
from advisor.publishing.outlet import Outlet
from advisor.publishing.pages import chart, html
from advisor.publishing.pages.chart import Chart
from advisor.report import figures as report_figures
from advisor.report import report
from ledger import clock, months
from ledger.pricing import in_force
from ledger.settings import Settings


@dataclass(frozen=True, slots=True)
class View:
    """All that the page shows of a month. `latest` is the newest month with traffic, None in an empty ledger."""

    report: report_figures.Report
    is_current: bool
    months: tuple[str, ...]
    latest: str | None
    chart: Chart
    retiring: tuple[Retiring, ...]
    advised: bool


def install(app: FastAPI, given: Outlet) -> None:
    """Add the page to an app, at its root."""
    made = html.templates()

    def show(request: Request, month: str | None, project: str | None) -> HTMLResponse:
        with given.database.snapshot() as session:
            found = view(session, given.settings, clock.now_us(), month or None, project)
        where = (given.settings.public_url or str(request.base_url)).rstrip("/")
        whole_second = clock.now_us() // clock.SECOND_US * clock.SECOND_US
        example = {
            "address": where,
            "now": clock.rfc3339(whole_second),
            "keys_required": given.gate.keys_required,
        }
        return html.answer(
            made, "month.html" if found.latest else "empty.html", {"view": found, **example}
        )

    async def page(
        request: Request,
        month: Annotated[
            str | None, Query(description="YYYY-MM; the current month if absent")
        ] = None,
    ) -> HTMLResponse:
        """The report of a month for people."""
        return await html.guarded(
            given, request, made, lambda access: show(request, month, access.project)
        )

    app.get("/", response_class=HTMLResponse, responses=html.REFUSALS)(page)


def view(
    session: Session,
    settings: Settings,
    now_us: int,
    month_text: str | None = None,
    project: str | None = None,
) -> View:
    """What the page shows of a month. Raises as `report.build` does."""
    found = report.build(session, settings, now_us, month_text, project)
    month, current = (
        months.parse_or_current(text, settings.zone, now_us) for text in (month_text, None)
    )
    names = statement_store.month_names(session)
    today = clock.day_of(now_us)
    models = [(each.names["provider"], each.names["model"]) for each in found.models]
    return View(
        report=found,
        is_current=month == current,
        months=tuple(sorted({*names, str(month), str(current)}, reverse=True)),
        latest=names[-1] if names else None,
        chart=chart.of_days(found.days, month.touched_days, today),
        retiring=tuple(retirements.of_models(models, in_force.load_book(session), today)),
        advised=wire.has_advice(found.savings),
    )
