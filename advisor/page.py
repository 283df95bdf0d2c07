"""The page: a month's report for people, rendered here without a script and without a request to anybody else. Changes nothing."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import jinja2
from fastapi import FastAPI, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from advisor import chart, explanation, figures, latency, report, retirements, statement_store, wire, words
from advisor.chart import Chart
from advisor.outlet import Outlet
from advisor.retirements import Retiring
from ledger import catalogue, clock, web
from ledger.errors import SwitchwiseError
from ledger.settings import Settings

_PAGES = Path(__file__).parent / "pages"
_STYLE = (_PAGES / "page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
# No script, no frame, nothing from elsewhere: even a name that slipped through the escaping could do nothing.
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class View:
    """All that the page shows of a month. `latest` is the newest month with traffic, None in an empty ledger."""

    report: figures.Report
    is_current: bool
    months: tuple[str, ...]
    latest: str | None
    chart: Chart
    retiring: tuple[Retiring, ...]
    advised: bool


def install(app: FastAPI, given: Outlet) -> None:
    """Add the page to an app, at its root."""
    templates = _templates()

    def show(request: Request, month: str | None, project: str | None) -> HTMLResponse:
        with given.database.snapshot() as session:
            found = view(session, given.settings, clock.now_us(), month or None, project)
        where = (given.settings.public_url or str(request.base_url)).rstrip("/")
        whole_second = clock.now_us() // clock.SECOND_US * clock.SECOND_US
        example = {"address": where, "now": clock.rfc3339(whole_second), "keys_required": given.gate.keys_required}
        return _html(templates, "month.html" if found.latest else "empty.html", 200, {"view": found, **example})

    async def page(
        request: Request,
        month: Annotated[str | None, Query(description="YYYY-MM; the current month if absent")] = None,
    ) -> HTMLResponse:
        """The report of a month for people."""
        try:
            access = await web.access_of(given.gate, request, "read")
            return await run_in_threadpool(show, request, month, access.project)
        except SwitchwiseError as error:
            # The one shape of errors is JSON; whoever reads a page gets the same words as a page.
            plain = web.error_response(web.status_of(error), web.words_of(error))
            kept = {name: value for name, value in plain.headers.items() if name in ("retry-after", "www-authenticate")}
            return _html(templates, "refused.html", plain.status_code, {"reason": web.words_of(error)}, kept)

    refused = {"content": {"text/html": {}}, "description": "Refused; the page says why and what to do"}
    app.get("/", response_class=HTMLResponse, responses={"4XX": refused, 503: refused})(page)


def view(
    session: Session, settings: Settings, now_us: int, month_text: str | None = None, project: str | None = None
) -> View:
    """What the page shows of a month. Raises as `report.build` does."""
    found = report.build(session, settings, now_us, month_text, project)
    month, current = (report.month_of(settings, now_us, text) for text in (month_text, None))
    names = statement_store.month_names(session)
    today = clock.day_of(now_us)
    models = [(each.names["provider"], each.names["model"]) for each in found.models]
    return View(
        report=found,
        is_current=month == current,
        months=tuple(sorted({*names, str(month), str(current)}, reverse=True)),
        latest=names[-1] if names else None,
        chart=chart.of_days(found.days, month.touched_days, today),
        retiring=tuple(retirements.of_models(models, catalogue.book(session), today)),
        advised=wire.has_advice(found.savings),
    )


def share_width(part_usd: str | None, found: Sequence[figures.UsageFigure]) -> int:
    """The length of a bar, in thousandths of the longest one."""
    longest = max((Decimal(each.cost_usd) for each in found if each.cost_usd is not None), default=Decimal(0))
    if part_usd is None or longest <= 0:
        return 0
    return max(0, int(Decimal(part_usd) * 1000 / longest))


def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "dollars": words.dollars, "percent": words.percent, "covered": words.covered, "count": words.count, "gap": words.gap,
        "decision": words.decision, "method": words.forecast_method, "why": explanation.why, "width": share_width,
        "realised": words.realised_method, "breakeven": wire.breakeven_escalation_ratio,
        "speed": lambda found: list(latency.lines(found)),
        "date": lambda day: clock.date_of(day).isoformat(), "minute": lambda instant: f"{instant[:10]} {instant[11:16]} UTC",
    }  # fmt: skip
    made.globals |= {"style": _STYLE, "chart_height": chart.HEIGHT, "paid_twice": words.PAID_TWICE}
    return made


def _html(
    templates: jinja2.Environment,
    name: str,
    status: int,
    given: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    return HTMLResponse(templates.get_template(name).render(given), status, headers={**HEADERS, **(headers or {})})
