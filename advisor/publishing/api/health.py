"""The probes of an advisor that runs without a collector, whose own probes say more.

Reads, never writes.
"""

from fastapi import FastAPI, Response
from sqlalchemy import select

from advisor.publishing import answers
from ledger import tables
from ledger.database import Database

_STATEMENT = tables.STATEMENT


def install(app: FastAPI, database: Database) -> None:
    """Add the probes to an app: alive, and able to read a migrated ledger."""

    def healthz() -> Response:
        return answers.json_of({"status": "ok"})

    def readyz() -> Response:
        with database.snapshot() as session:
            session.execute(select(_STATEMENT.c.month).limit(1)).first()
        return answers.json_of({"status": "ok"})

    app.get("/healthz")(healthz)
    app.get("/readyz", responses={503: answers.REFUSALS[503]})(readyz)
