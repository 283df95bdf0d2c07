"""HTML pages: templates, headers and refusals.

Pages have no scripts and send no requests to other hosts.
"""

import base64
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from advisor import words
from advisor.advice import latency, other_models, reasons
from advisor.publishing.outlet import Outlet
from advisor.publishing.pages import chart
from advisor.report import sentences
from ledger import clock, web
from ledger.access import Access
from ledger.errors import SwitchwiseError

_PAGES = Path(__file__).parent
_STYLE = (_PAGES / "page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
# No script, no frame, nothing from other hosts: even a name that slipped through the escaping could
# do no harm.
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {
        "content": {"text/html": {}},
        "description": "Refused; the page says why and what to do",
    }
    for status in ("4XX", 503)
}


def templates(**filters: Callable[..., object]) -> jinja2.Environment:
    """The templates of the pages, with the filters of one page and those that all pages use."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "dollars": words.dollars,
        "percent": words.percent,
        "covered": words.covered,
        "count": words.count,
        "gap": words.gap,
        "decision": words.decision,
        "contracts": sentences.contracts,
        "forecast_basis": sentences.forecast_basis,
        "forecast_test": sentences.forecast_test,
        "track_record": sentences.forecast_record,
        "tier_change": sentences.other_tier,
        "why": reasons.why,
        "other_models": lambda figures: list(other_models.write_notes(figures)),
        "days_left": words.days_left,
        "realised": words.realised_method,
        "date": lambda day: clock.date_of(day).isoformat(),
        "minute": lambda instant: f"{instant[:10]} {instant[11:16]} UTC",
        "label": words.label,
        "width": chart.share_width,
        "speed": lambda figure: list(latency.lines(figure)),
        **filters,
    }
    environment.globals |= {
        "style": _STYLE,
        "chart_height": chart.HEIGHT,
        "paid_twice": words.PAID_TWICE,
    }
    return environment


async def guarded(
    outlet: Outlet,
    request: Request,
    environment: jinja2.Environment,
    show: Callable[[Access], HTMLResponse],
) -> HTMLResponse:
    """The page that `show` makes if the request may read, else a page that says what to do."""
    try:
        access = await web.access_of(outlet.gate, request, "read")
        return await run_in_threadpool(show, access)
    except SwitchwiseError as error:
        # Errors are JSON everywhere else; a page says the same words, with the same status and
        # headers.
        refusal = web.error_response(web.status_of(error), web.message_of(error))
        page = answer(environment, "refused.html", {"reason": web.message_of(error)})
        page.status_code = refusal.status_code
        for name in ("retry-after", "www-authenticate"):
            if name in refusal.headers:
                page.headers[name] = refusal.headers[name]
        return page


def answer(
    environment: jinja2.Environment, template: str, variables: Mapping[str, object]
) -> HTMLResponse:
    """A page made from a template."""
    return HTMLResponse(environment.get_template(template).render(variables), headers=HEADERS)
