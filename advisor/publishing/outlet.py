"""What all routes of the advisor share: the ledger they read, the settings, and who may read.

Holds no route.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from ledger import web
from ledger.access import Access, Gate
from ledger.database import Database
from ledger.errors import Forbidden
from ledger.settings import Settings

AccessCheck = Callable[[Request], Awaitable[Access]]
"""A FastAPI dependency: lets a request through and says what its key allows."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """The open ledger, the settings and the gate that the routes of one process share."""

    database: Database
    settings: Settings
    gate: Gate

    def reader(self) -> AccessCheck:
        """Lets in requests with the scope `read`. A key of one project sees that project only."""
        return web.require_scope(self.gate, "read")

    def admin(self) -> AccessCheck:
        """Lets in requests that may change the ledger.

        A key of one project may change that project only.
        """
        return web.require_scope(self.gate, "admin")

    def scraper(self) -> AccessCheck:
        """Lets in requests with the scope `scrape`, unless their key is for one project.

        Metrics show all projects.
        """

        async def check_scrape(request: Request) -> Access:
            access = await web.access_of(self.gate, request, "scrape")
            if access.project is not None:
                raise Forbidden(
                    "this key is fixed to one project, and metrics show all projects;"
                    " create a key without a project"
                )
            return access

        return check_scrape
