"""HTML for people, rendered here without a script and without a request to anybody else: templates, headers and refusals."""

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
from advisor.advice import explanation, latency
from advisor.publishing.api import wire
from advisor.publishing.outlet import Outlet
from advisor.publishing.pages import chart
from ledger import clock, web
from ledger.access import Access
from ledger.errors import SwitchwiseError

_PAGES = Path(__file__).parent
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
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {
        "content": {"text/html": {}},
        "description": "Refused; the page says why and what to do",
    }
    for status in ("4XX", 503)
}


def templates(**filters: Callable[..., object]) -> jinja2.Environment:
    """The templates of the pages, with filters of one page's own beside those that all of them use."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "dollars": words.dollars,
        "percent": words.percent,
        "covered": words.covered,
        "count": words.count,
        "gap": words.gap,
        "decision": words.decision,
        "method": words.forecast_method,
        "why": explanation.why,
        "realised": words.realised_method,
        "breakeven": wire.breakeven_escalation_ratio,
        "date": lambda day: clock.date_of(day).isoformat(),
        "minute": lambda instant: f"{instant[:10]} {instant[11:16]} UTC",
        "label": words.label,
        "width": chart.share_width,
        "speed": lambda found: list(latency.lines(found)),
        **filters,
    }
    made.globals |= {"style": _STYLE, "chart_height": chart.HEIGHT, "paid_twice": words.PAID_TWICE}
    return made


def answer(made: jinja2.Environment, name: str, given: Mapping[str, object]) -> HTMLResponse:
    """A page of a template."""
    return _html(made, name, 200, given)


async def guarded(
    given: Outlet,
    request: Request,
    made: jinja2.Environment,
    show: Callable[[Access], HTMLResponse],
) -> HTMLResponse:
    """What `show` gives to whoever may read, else a page that says why not and what to do."""
    try:
        access = await web.access_of(given.gate, request, "read")
        return await run_in_threadpool(show, access)
    except SwitchwiseError as error:
        # The one shape of errors is JSON; whoever reads a page gets the same words as a page.
        plain = web.error_response(web.status_of(error), web.message_of(error))
        kept = {
            name: value
            for name, value in plain.headers.items()
            if name in ("retry-after", "www-authenticate")
        }
        return _html(
            made, "refused.html", plain.status_code, {"reason": web.message_of(error)}, kept
        )


def _html(
    made: jinja2.Environment,
    name: str,
    status: int,
    given: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    return HTMLResponse(
        made.get_template(name).render(given), status, headers={**HEADERS, **(headers or {})}
    )
