"""The write API on a FastAPI app: a route for each JSON format, two faster ways, and the probes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from collector import formats, ingest, openapi
from collector.answers import Answers
from collector.backlog import EVENT_BYTES, Backlog
from collector.fast_path import FastPathProtocol
from collector.health import Health
from collector.ingest import GroupCommitter
from collector.inlet import Inlet
from collector.meters import Meters
from collector.spool_service import SpoolService
from ledger import access, web
from ledger.access import Gate
from ledger.database import Database
from ledger.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorState:
    """What an installed collector has. Close it after the server has ended.

    `registry` has the process's own metrics; `protocol` is for uvicorn's `http`.
    """

    committer: GroupCommitter
    spool_service: SpoolService | None
    gate: Gate
    health: Health
    registry: CollectorRegistry
    protocol: type[FastPathProtocol]

    def close(self) -> None:
        """Store what is waiting and end the writer."""
        self.committer.close()
        if self.spool_service:
            self.spool_service.close()


def install(app: FastAPI, database: Database, settings: Settings) -> CollectorState:
    """Add the write routes and the probes to an app, and start the writer.

    The caller closes what this returns.
    """
    web.install_error_handlers(app)
    backlog = Backlog(settings.max_waiting_bytes)
    # Where the ledger is a file of this machine, there is no outage to outlast.
    spool_service = (
        SpoolService(database, settings) if settings.spool_dir and not database.is_sqlite else None
    )
    commit = (
        spool_service.store if spool_service else ingest.make_commit(database, settings.max_series)
    )
    committer = GroupCommitter(commit, backlog)
    gate = Gate(
        spool_service.lookout if spool_service else database,
        keys_required=settings.require_keys or not access.is_loopback(settings.host),
    )
    meters = Meters()
    if spool_service:
        meters.registry.register(spool_service)
    inlets = _make_inlets(gate, backlog, Answers(committer), meters)
    for inlet in inlets:
        _add_route(app, inlet)
    app.add_middleware(Shortcut, inlets={inlet.format.route: inlet for inlet in inlets})
    health = Health(database, committer, spool_service)
    _add_probe(app, "/healthz", health.ill)
    _add_probe(app, "/readyz", health.unready)
    return CollectorState(
        committer=committer,
        spool_service=spool_service,
        gate=gate,
        health=health,
        registry=meters.registry,
        protocol=_make_protocol(inlets),
    )


def _make_inlets(gate: Gate, backlog: Backlog, answers: Answers, meters: Meters) -> list[Inlet]:
    """An inlet for each JSON format."""
    # No body may fill more than half of the backlog, or it could never be stored.
    max_elements = backlog.capacity_bytes // 2 // EVENT_BYTES
    return [
        Inlet(
            gate=gate,
            backlog=backlog,
            answers=answers,
            meters=meters,
            format=replace(format, limits=format.limits.with_at_most(max_elements)),
        )
        for format in formats.JSON_FORMATS
    ]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Takes a write straight to its inlet: FastAPI's routing costs as much as the write itself.

    The routes of the same paths stay, for the API's description and for other methods.
    """

    app: ASGIApp
    inlets: Mapping[str, Inlet]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a write; pass everything else on, such as one with a query, which no write has."""
        if scope["type"] == "http" and scope["method"] == "POST" and not scope["query_string"]:
            inlet = self.inlets.get(scope["path"].removesuffix("/"))
            if inlet is not None:
                response = await inlet.receive(Request(scope, receive))
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _make_protocol(inlets: Sequence[Inlet]) -> type[FastPathProtocol]:
    paths = {
        f"{inlet.format.route}{slash}".encode(): inlet for inlet in inlets for slash in ("", "/")
    }
    return type("CollectorProtocol", (FastPathProtocol,), {"inlets": paths})


def _add_route(app: FastAPI, inlet: Inlet) -> None:
    async def receive(request: Request) -> Response:
        return await inlet.receive(request)

    format = inlet.format
    app.add_api_route(
        format.route,
        receive,
        methods=["POST"],
        name=f"write_{format.name}",
        **openapi.describe_write(format),
    )
    app.add_api_route(f"{format.route}/", receive, methods=["POST"], include_in_schema=False)


def _add_probe(app: FastAPI, path: str, find_fault: Callable[[], str | None]) -> None:
    async def probe() -> Response:
        fault = await run_in_threadpool(find_fault)
        if fault is None:
            return Response(b'{"status":"ok"}', media_type="application/json")
        return web.error_response(503, fault)

    endpoint: Callable[[], Awaitable[Response]] = probe
    app.add_api_route(path, endpoint, methods=["GET"], name=path.strip("/"), **openapi.PROBE)
