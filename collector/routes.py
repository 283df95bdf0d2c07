"""The write API on a FastAPI app: one handler a sender, and the probes. Answers 2xx only for what has been committed."""

import asyncio
import functools
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from collector import bodies, openapi, vendors
from collector.bodies import MIB, Limits, Reader
from collector.formats import litellm, native
from collector.formats.reading import Naming
from collector.health import Health
from collector.ingest import GroupCommitter
from collector.meters import Meters
from collector.receipts import Receipt
from collector.room import EVENT_BYTES, Claim, Room
from ledger import access, clock, web
from ledger.access import Access, Gate
from ledger.database import Database
from ledger.errors import StoreUnavailable, SwitchwiseError
from ledger.events import Event
from ledger.settings import Settings
from ledger.store import Outcome

PATIENCE_SECONDS = 2.0
"""How long a request waits for the writer; then its sender is told to come back."""
STORED_A_SECOND = 10_000
"""Events that the slowest machine we know of stores in a second: a large body may wait that much longer for itself."""
SLICE_EVENTS = 10_000
"""A larger body is stored in slices of this size, so that others have their turn in between."""
_NATIVE_LIMITS = Limits(wire_bytes=5 * MIB, inflated_bytes=20 * MIB, elements=10_000)
_CLIENT_GONE = 499

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CollectorState:
    """What an installed collector holds. `registry` has the process's own metrics; close it after the server has ended."""

    committer: GroupCommitter
    gate: Gate
    health: Health
    registry: CollectorRegistry

    def close(self) -> None:
        """Store what is waiting and end the writer."""
        self.committer.close()


def install(app: FastAPI, database: Database, settings: Settings) -> CollectorState:
    """Add the write routes and the probes to an app, and start the writer. The caller closes what this returns."""
    web.answer_errors(app)
    room = Room(settings.max_waiting_bytes)
    committer = GroupCommitter(database, room, max_series=settings.max_series)
    gate = Gate(database, keys_required=settings.require_keys or not access.is_loopback(settings.host))
    meters = Meters()
    # No body may fill more than half of the room, or it could never be stored.
    log_limits = Limits(64 * MIB, 256 * MIB, elements=settings.max_waiting_bytes // 2 // EVENT_BYTES)
    inlet = functools.partial(Inlet, gate, room, committer, meters)
    inlets = {
        "/v1/events": inlet("native", Reader(_NATIVE_LIMITS, native.parse, native.unknown_fields)),
        "/v1/litellm": inlet("litellm", Reader(log_limits, litellm.parse)),
    }
    for path, documents in (("/v1/events", openapi.NATIVE), ("/v1/litellm", openapi.LITELLM)):
        _add(app, inlets[path], path, documents)
    app.add_middleware(ShortWay, inlets=inlets)
    health = Health(database, committer)
    _add_probe(app, "/healthz", health.ill)
    _add_probe(app, "/readyz", health.unready)
    return CollectorState(committer, gate, health, meters.registry)


@dataclass(frozen=True, slots=True)
class Inlet:
    """Where one sender's records come in."""

    gate: Gate
    room: Room
    committer: GroupCommitter
    meters: Meters
    format_name: str
    reader: Reader

    async def receive(self, route: str, request: Request) -> Response:
        """Read, store, answer; every refusal in the one shape of error."""
        started, code = clock.monotonic_seconds(), 500
        try:
            response = await self._answer(request)
            code = response.status_code
        finally:
            self.meters.answered(route, code, clock.monotonic_seconds() - started)
        return response

    async def _answer(self, request: Request) -> Response:
        try:
            who = await web.access_of(self.gate, request, "ingest")
            receipt = await self._stored(request, who)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_GONE)
        except SwitchwiseError as error:
            status = web.status_of(error)
            if status >= 500:
                log.warning("ingest_refused", code=status, reason=str(error))
            return web.error_response(status, web.words_of(error))
        self.meters.stored(self.format_name, receipt)
        return Response(msgspec.json.encode(receipt), media_type="application/json")

    async def _stored(self, request: Request, who: Access) -> Receipt:
        naming = Naming(namespace=who.namespace, project=who.project, vendor_of=vendors.vendor_of)
        claim = Claim(self.room)
        try:
            readings = await bodies.read(request, self.reader, naming, claim, self.meters.received)
        finally:
            # From here on the committer holds the room for the events.
            claim.release()
        outcomes = await self._committed(readings.events)
        return readings.receipt(outcomes) if self.reader.unknown_fields is None else readings.native_receipt(outcomes)

    async def _committed(self, events: Sequence[Event]) -> list[Outcome]:
        """The outcomes, after the commit. Raises StoreUnavailable when that takes too long: it may still happen."""
        waiting: list[asyncio.Future[list[Outcome]]] = []
        try:
            for start in range(0, len(events), SLICE_EVENTS):
                future = self.committer.submit(events[start : start + SLICE_EVENTS])
                waiting.append(asyncio.wrap_future(future))
            async with asyncio.timeout(PATIENCE_SECONDS + len(events) / STORED_A_SECOND):
                slices = await asyncio.gather(*waiting)
        except TimeoutError as error:
            raise StoreUnavailable("the database is busy; nothing of this was acknowledged, try again") from error
        finally:
            # What has not had its turn is withdrawn: its sender is told to come back.
            for unanswered in waiting:
                unanswered.cancel()
        return list(itertools.chain.from_iterable(slices))


@dataclass(frozen=True, slots=True)
class ShortWay:
    """Brings writes straight to their inlet: the framework's way there costs as much again as the write itself.

    The routes of the same paths stay, for the API's own description and for other methods.
    """

    app: ASGIApp
    inlets: Mapping[str, Inlet]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a write; pass everything else on."""
        if scope["type"] == "http" and scope["method"] == "POST":
            route = scope["path"].removesuffix("/")
            inlet = self.inlets.get(route)
            if inlet is not None:
                response = await inlet.receive(route, Request(scope, receive))
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _add(app: FastAPI, inlet: Inlet, path: str, documents: dict[str, Any]) -> None:
    async def receive(request: Request) -> Response:
        return await inlet.receive(path, request)

    summary = f"Store {inlet.format_name} records"
    app.add_api_route(path, receive, methods=["POST"], name=f"write_{inlet.format_name}", summary=summary, **documents)
    app.add_api_route(f"{path}/", receive, methods=["POST"], include_in_schema=False)


def _add_probe(app: FastAPI, path: str, fault: Callable[[], str | None]) -> None:
    async def probe() -> Response:
        reason = await run_in_threadpool(fault)
        return Response(b'{"status":"ok"}', media_type="application/json") if reason is None else _unwell(reason)

    probing: Callable[[], Awaitable[Response]] = probe
    app.add_api_route(path, probing, methods=["GET"], name=path.strip("/"), **openapi.PROBE)


def _unwell(reason: str) -> Response:
    return web.error_response(503, reason)
