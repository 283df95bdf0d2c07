"""Where the records of one format come in: read, store, answer.

The steps are the same for every way on which a request may get here. An answer is given after the
commit and never before, and every refusal has the one shape of error.
"""

import asyncio
import functools
from dataclasses import dataclass

import msgspec
import structlog
from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from collector import bodies, meters, vendors
from collector.answers import Answers
from collector.backlog import Backlog, Claim
from collector.ingest import CommitResult, Submission
from collector.meters import Counts, Meters
from collector.parsing.format import JsonFormat
from collector.parsing.naming import Naming
from collector.receipts import Readings
from ledger import clock, web
from ledger.access import Access, Gate
from ledger.errors import SwitchwiseError
from ledger.outcomes import Outcome

SLICE_EVENTS = 10_000
"""A larger body is stored in slices of this size, so that other requests have their turn."""
CLIENT_GONE = 499

log = structlog.get_logger()


def naming_of(access: Access) -> Naming:
    """What a request's key says about names."""
    return _naming(access.namespace, access.project)


@functools.lru_cache(maxsize=1_000)
def _naming(namespace: str, project: str | None) -> Naming:
    return Naming(namespace=namespace, project=project, vendor_of=vendors.vendor_of)


_STORED = (
    Outcome.ACCEPTED,
    Outcome.DUPLICATE,
    Outcome.GROWN,
    Outcome.CONFLICT,
    Outcome.SPOOLED,
)


@functools.lru_cache(maxsize=1_000)
def _plain_receipt(
    reports_unknown_fields: bool, ignored: int, stored_counts: tuple[int, ...]
) -> tuple[Counts, bytes]:
    """A receipt of numbers only, as counts and as JSON. Nearly all receipts are one of a few.

    `stored_counts` are those of the outcomes in `_STORED`.
    """
    readings = Readings()
    readings.ignored = ignored
    outcomes = [
        outcome for outcome, count in zip(_STORED, stored_counts, strict=True) for _ in range(count)
    ]
    receipt = (
        readings.native_receipt(outcomes) if reports_unknown_fields else readings.receipt(outcomes)
    )
    return meters.counts_of(receipt), msgspec.json.encode(receipt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inlet:
    """The way in of one format."""

    gate: Gate
    backlog: Backlog
    answers: Answers
    meters: Meters
    format: JsonFormat

    async def receive(self, request: Request) -> Response:
        """The answer to a request."""
        started, code = clock.monotonic_seconds(), 500
        try:
            response = await self._answer(request)
            code = response.status_code
        finally:
            seconds = clock.monotonic_seconds() - started
            self.meters.count_answer(self.format.route, code, seconds)
        return response

    async def _answer(self, request: Request) -> Response:
        try:
            access = await web.access_of(self.gate, request, "ingest")
            claim = Claim(self.backlog)
            try:
                readings = await bodies.read_body(
                    request,
                    self.format,
                    naming_of(access),
                    claim=claim,
                    on_wire=self.meters.count_bytes,
                )
            finally:
                # From here on the committer counts the events in the backlog.
                claim.release()
            outcomes = await self._commit(readings)
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except SwitchwiseError as error:
            return self.refusal(error)
        return Response(self.receipt(readings, outcomes), media_type="application/json")

    def refusal(self, error: SwitchwiseError) -> Response:
        """The answer to a sender for an error of ours."""
        status = web.status_of(error)
        if status >= 500:
            log.warning("ingest_refused", code=status, reason=str(error))
        return web.error_response(status, web.message_of(error))

    def receipt(self, readings: Readings, outcomes: list[Outcome]) -> bytes:
        """The receipt as JSON; it is counted too."""
        reports_unknown_fields = self.format.unknown_fields is not None
        if readings.is_plain and Outcome.SEALED not in outcomes:
            stored_counts = tuple(map(outcomes.count, _STORED))
            counts, body = _plain_receipt(reports_unknown_fields, readings.ignored, stored_counts)
        else:
            receipt = (
                readings.native_receipt(outcomes)
                if reports_unknown_fields
                else readings.receipt(outcomes)
            )
            counts, body = meters.counts_of(receipt), msgspec.json.encode(receipt)
        self.meters.count_events(self.format.name, counts)
        return body

    async def _commit(self, readings: Readings) -> list[Outcome]:
        """The outcomes, after the commit.

        Raises StoreUnavailable when that takes too long; it may still happen.
        """
        loop, events, refusals = asyncio.get_running_loop(), readings.events, readings.refusals
        pending: list[tuple[Submission, asyncio.Future[list[Outcome]]]] = []
        try:
            for start in range(0, max(len(events), 1 if refusals else 0), SLICE_EVENTS):
                future: asyncio.Future[list[Outcome]] = loop.create_future()
                submission = self.answers.submit(
                    events[start : start + SLICE_EVENTS],
                    functools.partial(_settle, future),
                    body_events=len(events),
                    refusals=() if start else refusals,
                )
                pending.append((submission, future))
            return [outcome for _, future in pending for outcome in await future]
        finally:
            for submission, future in pending:
                self.answers.withdraw(submission)
                future.cancel()


def _settle(future: "asyncio.Future[list[Outcome]]", result: CommitResult) -> None:
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
