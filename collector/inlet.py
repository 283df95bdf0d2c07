"""Where one sender's records come in: read, store, answer. The same steps for every way that a request may take to get here.

An answer is given after the commit and never before; every refusal has the one shape of error.
"""

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import structlog
from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from collector import bodies, meters, vendors
from collector.answers import Answers
from collector.bodies import Reader
from collector.ingest import Heard, Waiting
from collector.meters import Counts, Meters
from collector.parsing.naming import Naming
from collector.receipts import NativeReceipt, Readings, Receipt
from collector.backlog import Claim
from collector.backlog import Room
from ledger import clock, web
from ledger.access import Access, Gate
from ledger.errors import SwitchwiseError
from ledger.events import Event
from ledger.store import Outcome

SLICE_EVENTS = 10_000
"""A larger body is stored in slices of this size, so that others have their turn in between."""
CLIENT_GONE = 499

log = structlog.get_logger()


def naming_of(who: Access) -> Naming:
    """What a request's key says about names."""
    return _naming(who.namespace, who.project)


@functools.lru_cache(maxsize=1_000)
def _naming(namespace: str, project: str | None) -> Naming:
    return Naming(namespace=namespace, project=project, vendor_of=vendors.vendor_of)


_COUNTED = (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.CONFLICT, Outcome.SPOOLED)


@functools.lru_cache(maxsize=1_000)
def _plain_receipt(
    is_native: bool, ignored: int, accepted: int, duplicate: int, conflict: int, spooled: int
) -> tuple[Counts, bytes]:
    """A receipt that names nothing, as counts and as JSON: nearly all are one of a few."""
    receipt = Receipt(accepted, duplicate, conflict, ignored, spooled, [])
    if is_native:
        receipt = NativeReceipt(accepted, duplicate, conflict, ignored, spooled, [], [])
    return meters.counts_of(receipt), msgspec.json.encode(receipt)


@dataclass(frozen=True, slots=True)
class Inlet:
    """One sender's way in."""

    gate: Gate
    room: Room
    answers: Answers
    meters: Meters
    format_name: str
    route: str
    reader: Reader

    async def receive(self, request: Request) -> Response:
        """The answer to a request."""
        started, code = clock.monotonic_seconds(), 500
        try:
            response = await self._answer(request)
            code = response.status_code
        finally:
            self.meters.answered(self.route, code, clock.monotonic_seconds() - started)
        return response

    async def _answer(self, request: Request) -> Response:
        try:
            who = await web.access_of(self.gate, request, "ingest")
            claim = Claim(self.room)
            try:
                readings = await bodies.read(
                    request, self.reader, naming_of(who), claim, self.meters.received
                )
            finally:
                # From here on the committer holds the room for the events.
                claim.release()
            outcomes = await self._committed(readings.events)
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except SwitchwiseError as error:
            return self.refusal(error)
        return Response(self.receipt(readings, outcomes), media_type="application/json")

    def refusal(self, error: SwitchwiseError) -> Response:
        """What a sender is told of an error of ours."""
        status = web.status_of(error)
        if status >= 500:
            log.warning("ingest_refused", code=status, reason=str(error))
        return web.error_response(status, web.message_of(error))

    def receipt(self, readings: Readings, outcomes: list[Outcome]) -> bytes:
        """The receipt as JSON; it is counted too."""
        is_native = self.reader.unknown_fields is not None
        if readings.is_plain and Outcome.SEALED not in outcomes:
            counts, body = _plain_receipt(
                is_native, readings.ignored, *map(outcomes.count, _COUNTED)
            )
        else:
            receipt = readings.native_receipt(outcomes) if is_native else readings.receipt(outcomes)
            counts, body = meters.counts_of(receipt), msgspec.json.encode(receipt)
        self.meters.stored(self.format_name, counts)
        return body

    async def _committed(self, events: Sequence[Event]) -> list[Outcome]:
        """The outcomes, after the commit. Raises StoreUnavailable when that takes too long: it may still happen."""
        loop = asyncio.get_running_loop()
        pending: list[tuple[Waiting, asyncio.Future[list[Outcome]]]] = []
        try:
            for start in range(0, len(events), SLICE_EVENTS):
                heard: asyncio.Future[list[Outcome]] = loop.create_future()
                some = events[start : start + SLICE_EVENTS]
                pending.append(
                    (self.answers.ask(some, functools.partial(_settle, heard), len(events)), heard)
                )
            return [outcome for _, heard in pending for outcome in await heard]
        finally:
            for waiting, heard in pending:
                self.answers.withdraw(waiting)
                heard.cancel()


def _settle(future: "asyncio.Future[list[Outcome]]", heard: Heard) -> None:
    if isinstance(heard, Exception):
        future.set_exception(heard)
    else:
        future.set_result(heard)
