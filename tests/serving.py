"""A collector as its senders see it: a web server on a free port, in a thread of the test."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlmodel import Session
from starlette.types import ASGIApp

from collector import routes
from collector.routes import CollectorState
from ledger import settings
from ledger.database import Database
from tests import processes

COUNTS = ("accepted", "duplicate", "conflict", "ignored", "spooled")
"""The numbers of a receipt; with the length of `rejected` they add up to what was sent."""


@dataclass(frozen=True, slots=True)
class RunningCollector:
    """A running collector: a client whose addresses are relative to it, and what it holds."""

    client: httpx.Client
    state: CollectorState
    app: FastAPI


@contextmanager
def serve(app: ASGIApp, http: "type[asyncio.Protocol] | Literal['auto']" = "auto") -> Iterator[str]:
    """The address of an app while it is served."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=http, log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    processes.wait_until(lambda: server.started, "the web server")
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


WAYS = ("short", "shortcut", "route")
"""How a write reaches its inlet: off the connection, before routing, or by its route."""


@contextmanager
def collector(
    database: Database, way: str = "short", **overrides: object
) -> Iterator[RunningCollector]:
    """A collector on a ledger, with changed settings, that takes writes by one of the WAYS."""
    app = FastAPI()
    state = routes.install(app, database, settings.load(**overrides))
    if way == "route":
        app.user_middleware.clear()
    try:
        with (
            serve(app, state.protocol if way == "short" else "auto") as address,
            httpx.Client(base_url=address, timeout=30) as client,
        ):
            yield RunningCollector(client, state, app)
    finally:
        state.close()


def post(
    collector: RunningCollector,
    content: bytes | list[object] | object,
    path: str = "/v1/events",
    **headers: str,
) -> httpx.Response:
    """The answer to a body, given as bytes or as a JSON value."""
    sent = content if isinstance(content, bytes) else json.dumps(content).encode()
    return collector.client.post(path, content=sent, headers=headers)


def total(receipt: dict[str, object]) -> int:
    """What the numbers of a receipt add up to."""
    rejected = receipt["rejected"]
    assert isinstance(rejected, list)
    return sum(int(str(receipt[name])) for name in COUNTS) + len(rejected)


def block_writers(session: Session) -> None:
    """Keep every other writer waiting until the transaction ends.

    On SQLite its beginning already does.
    """
    session.connection()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE event IN ACCESS EXCLUSIVE MODE"))
