"""The write API on a FastAPI app: the routes of the inlets, the ways that are shorter than a route, and the probes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from collector import openapi
from collector.answers import Answers
from collector.bodies import MIB, Limits, Reader
from collector.fast_path import FastPathProtocol
from collector.formats import litellm, native
from collector.health import Health
from collector.ingest import GroupCommitter, committing
from collector.inlet import Inlet
from collector.meters import Meters
from collector.backlog import EVENT_BYTES
from collector.backlog import Room
from collector.spool_service import SpoolService
from ledger import access, web
from ledger.access import Gate
from ledger.database import Database
from ledger.settings import Settings

_NATIVE_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class CollectorState:
    """What an installed collector holds. `registry` has the process's own metrics, `protocol` is for uvicorn's `http`.

    Close it after the server has ended.
    """

    committer: GroupCommitter
    spooling: SpoolService | None
    gate: Gate
    health: Health
    registry: CollectorRegistry
    protocol: type[FastPathProtocol]

    def close(self) -> None:
        """Store what is waiting and end the writer."""
        self.committer.close()
        if self.spooling:
            self.spooling.close()


def install(app: FastAPI, database: Database, settings: Settings) -> CollectorState:
    """Add the write routes and the probes to an app, and start the writer. The caller closes what this returns."""
    web.install_error_handlers(app)
    room = Room(settings.max_waiting_bytes)
    # Where the ledger is a file of this machine there is no outage to outlast.
    spooling = (
        SpoolService(database, settings) if settings.spool_dir and not database.is_sqlite else None
    )
    committer = GroupCommitter(
        spooling.store if spooling else committing(database, settings.max_series), room
    )
    keys = spooling.lookout if spooling else database
    gate = Gate(keys, keys_required=settings.require_keys or not access.is_loopback(settings.host))
    meters = Meters()
    if spooling:
        meters.registry.register(spooling)
    # No body may fill more than half of the room, or it could never be stored.
    most = settings.max_waiting_bytes // 2 // EVENT_BYTES
    native_limits = Limits(5 * MIB, 20 * MIB, elements=min(_NATIVE_EVENTS, most))
    log_limits = Limits(64 * MIB, 256 * MIB, elements=most)
    answers = Answers(committer)
    native_reader = Reader(native_limits, native.parse, native.parse_whole, native.unknown_fields)
    inlets = [
        Inlet(gate, room, answers, meters, "native", "/v1/events", native_reader),
        Inlet(
            gate,
            room,
            answers,
            meters,
            "litellm",
            "/v1/litellm",
            Reader(log_limits, litellm.parse, litellm.parse_whole),
        ),
    ]
    for inlet, documents in zip(inlets, (openapi.NATIVE, openapi.LITELLM), strict=True):
        _add(app, inlet, documents)
    app.add_middleware(Shortcut, inlets={inlet.route: inlet for inlet in inlets})
    health = Health(database, committer, spooling)
    _add_probe(app, "/healthz", health.ill)
    _add_probe(app, "/readyz", health.unready)
    return CollectorState(committer, spooling, gate, health, meters.registry, _protocol(inlets))


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Brings other writes straight to their inlet: the framework's way there costs as much again as the write itself.

    The routes of the same paths stay, for the API's own description and for other methods.
    """

    app: ASGIApp
    inlets: Mapping[str, Inlet]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a write; pass everything else on."""
        if scope["type"] == "http" and scope["method"] == "POST":
            inlet = self.inlets.get(scope["path"].removesuffix("/"))
            if inlet is not None:
                response = await inlet.receive(Request(scope, receive))
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _protocol(served: list[Inlet]) -> type[FastPathProtocol]:
    class Bound(FastPathProtocol):
        inlets = {  # noqa: RUF012  # as there
            f"{each.route}{slash}".encode(): each for each in served for slash in ("", "/")
        }  # as there

    return Bound


def _add(app: FastAPI, inlet: Inlet, documents: dict[str, Any]) -> None:
    async def receive(request: Request) -> Response:
        return await inlet.receive(request)

    summary = f"Store {inlet.format_name} records"
    app.add_api_route(
        inlet.route,
        receive,
        methods=["POST"],
        name=f"write_{inlet.format_name}",
        summary=summary,
        **documents,
    )
    app.add_api_route(f"{inlet.route}/", receive, methods=["POST"], include_in_schema=False)


def _add_probe(app: FastAPI, path: str, fault: Callable[[], str | None]) -> None:
    async def probe() -> Response:
        reason = await run_in_threadpool(fault)
        return (
            Response(b'{"status":"ok"}', media_type="application/json")
            if reason is None
            else _unwell(reason)
        )

    probing: Callable[[], Awaitable[Response]] = probe
    app.add_api_route(path, probing, methods=["GET"], name=path.strip("/"), **openapi.PROBE)


def _unwell(reason: str) -> Response:
    return web.error_response(503, reason)
