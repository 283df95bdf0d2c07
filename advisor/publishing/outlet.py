"""What every outlet of the advisor is given: the ledger it reads, the settings, and who may read. Holds no route."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from advisor.publishing.api import wire
from ledger import web
from ledger.access import Access, Gate
from ledger.database import Database
from ledger.errors import Forbidden
from ledger.settings import Settings

Reader = Callable[[Request], Awaitable[Access]]


class Refusal(BaseModel):
    """Why a request was refused, and the remedy, in one line."""

    error: str


# "4XX" keeps FastAPI from documenting a 422, which the app never answers.
REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Refusal, "description": "Refused; the reason and the remedy are in `error`"},
    503: {
        "model": Refusal,
        "description": "The ledger cannot be read now; ask again after Retry-After seconds",
    },
}


@dataclass(frozen=True, slots=True)
class Outlet:
    """The open ledger, the settings and the gate that the outlets of one process share."""

    database: Database
    settings: Settings
    gate: Gate

    def reader(self) -> Reader:
        """A FastAPI dependency: whom a request with the scope `read` speaks for. A project on its key limits what it sees."""
        return web.require_scope(self.gate, "read")

    def admin(self) -> Reader:
        """A FastAPI dependency: as `reader`, for what changes the ledger. A project on the key limits what it may change."""
        return web.require_scope(self.gate, "admin")

    def scraper(self) -> Reader:
        """A FastAPI dependency: as `reader`, for metrics, which show all projects or nothing."""

        async def scraping(request: Request) -> Access:
            access = await web.access_of(self.gate, request, "scrape")
            if access.project is not None:
                raise Forbidden(
                    "this key is fixed to one project, and metrics show all; create a key without a project"
                )
            return access

        return scraping


def answer(body: object) -> Response:
    """A body as JSON."""
    return Response(wire.encoded(body), media_type="application/json")
