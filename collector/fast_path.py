"""The fast path: plain writes are read off the connection, without a request object or a task.

uvicorn parses the HTTP. What is not a plain write goes on to the application, whose routes give the
same answers: another path, a stream, a large or compressed body, a key that must be looked up, a
request behind an unanswered one, a sender that does not read its answers.
"""

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from fastapi import Response
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from collector import bodies, inlet
from collector.backlog import EVENT_BYTES, Claim, Overloaded
from collector.bodies import Stalled
from collector.ingest import CommitResult
from collector.inlet import Inlet
from ledger import clock, web
from ledger.access import Access
from ledger.errors import SwitchwiseError

_NOT_PLAIN = frozenset((b"transfer-encoding", b"expect", b"upgrade", b"origin"))
_LENGTH_DIGITS = len(str(bodies.SMALL_BODY_BYTES))
_JSON = b"content-type: application/json\r\n"


class FastPathProtocol(HttpToolsProtocol):
    """One connection. A subclass names the inlets by path; `collector.routes` makes it."""

    inlets: ClassVar[Mapping[bytes, Inlet]]
    # What uvicorn asks of a cycle, a Post has too.
    cycle: "RequestResponseCycle | Post | None"  # type: ignore[assignment]  # as said above
    _complete_post: "Post | None" = None

    def data_received(self, data: bytes) -> None:
        """Take bytes. A post is read out here, so that its faults do not look like the parser's."""
        super().data_received(data)
        if self._complete_post is not None:
            post, self._complete_post = self._complete_post, None
            post.read()

    def on_headers_complete(self) -> None:
        """Decide which way the request goes."""
        post = self._plain_post()
        if post is None:
            super().on_headers_complete()
        else:
            self.cycle = post

    def _plain_post(self) -> "Post | None":
        inlet_of_path = self.inlets.get(self.url)
        if (
            inlet_of_path is None
            or not (self.cycle is None or self.cycle.response_complete)
            or self.flow.write_paused
        ):
            return None
        headers = dict(self.headers)
        length = headers.get(b"content-length", b"")
        parser = self.parser
        if (
            parser.get_method() != b"POST"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
            or not length.isdigit()
            or len(length) > _LENGTH_DIGITS
            or int(length) > bodies.SMALL_BODY_BYTES
            or headers.get(b"content-encoding", b"identity") != b"identity"
            or len(headers) != len(self.headers)
            or not _NOT_PLAIN.isdisjoint(headers)
        ):
            return None
        try:
            access = inlet_of_path.gate.recall(_key_in(headers))
            if access is None:
                return None
            access.check("ingest")
        except SwitchwiseError:
            # The application answers why.
            return None
        content_type = headers.get(b"content-type", b"")
        return Post(self, inlet_of_path, access, length=int(length), content_type=content_type)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if type(self.cycle) is Post:
            if not self.cycle.response_complete:
                self.cycle.feed(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        if type(self.cycle) is Post:
            if not self.cycle.response_complete:
                self.cycle.is_complete = True
                self._complete_post = self.cycle
        else:
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The sender hung up. A complete request is stored all the same."""
        if type(self.cycle) is Post:
            if not (self.cycle.is_complete or self.cycle.response_complete):
                self.cycle.abandon()
            self.cycle = None
        super().connection_lost(exc)


def _key_in(headers: Mapping[bytes, bytes]) -> str | None:
    authorization, api_key = headers.get(b"authorization"), headers.get(b"x-api-key")
    if authorization is None and api_key is None:
        return None
    return web.key_in(
        None if authorization is None else authorization.decode("latin-1"),
        None if api_key is None else api_key.decode("latin-1"),
    )


class Post:
    """One plain write, from its headers to its answer. It stands in for uvicorn's own cycle."""

    __slots__ = (
        "_access",
        "_body",
        "_claim",
        "_content_type",
        "_idle_timer",
        "_inlet",
        "_length",
        "_protocol",
        "_readings",
        "_started",
        "is_complete",
        "keep_alive",
        "response_complete",
    )

    def __init__(
        self,
        protocol: FastPathProtocol,
        inlet_of_path: Inlet,
        access: Access,
        *,
        length: int,
        content_type: bytes,
    ) -> None:
        self._started = clock.monotonic_seconds()
        self._protocol = protocol
        self._inlet = inlet_of_path
        self._access = access
        self._length = length
        self._content_type = content_type
        self._body = b""
        self._claim = Claim(inlet_of_path.backlog)
        self._idle_timer: asyncio.TimerHandle | None = None
        self.is_complete = False
        self.response_complete = False
        self.keep_alive = True

    def feed(self, body: bytes) -> None:
        """Take a part of the body. One that has to be waited for counts in the backlog.

        After IDLE_SECONDS without a part the sender is refused. Most bodies come in one part.
        """
        self._inlet.meters.count_bytes(len(body))
        self._body += body
        self._stop_timer()
        if len(self._body) < self._length:
            try:
                self._claim.resize(self._length)
            except Overloaded as error:
                self._send(self._inlet.refusal(error))
            else:
                self._idle_timer = self._protocol.loop.call_later(bodies.IDLE_SECONDS, self._stall)

    def read(self) -> None:
        """Parse the complete body; submit its events, and what was refused of it, to the writer."""
        try:
            readings = bodies.read_small_body(
                self._body,
                self._inlet.format,
                inlet.naming_of(self._access),
                self._content_type.decode("latin-1"),
            )
            self._readings = readings
            # The committer counts the events in the backlog.
            self._claim.resize((readings.count - len(readings.events)) * EVENT_BYTES)
            if readings.events or readings.refusals:
                self._inlet.answers.submit(
                    readings.events,
                    self._settle,
                    body_events=len(readings.events),
                    refusals=readings.refusals,
                )
            else:
                self._settle([])
        except SwitchwiseError as error:
            self._send(self._inlet.refusal(error))
        except BaseException:
            self._send(web.error_response(500, web.FAILED))
            raise

    def abandon(self) -> None:
        """End a post whose sender hung up in the middle of the body."""
        self._stop_timer()
        self._finish(inlet.CLIENT_GONE)

    def _settle(self, result: CommitResult) -> None:
        """Answer, once it is known what became of the events."""
        if isinstance(result, SwitchwiseError):
            self._send(self._inlet.refusal(result))
        elif isinstance(result, Exception):
            self._send(web.error_response(500, web.FAILED))
            raise result
        else:
            self._write(200, _JSON, self._inlet.receipt(self._readings, result))

    def _stall(self) -> None:
        self.keep_alive = False
        self._send(self._inlet.refusal(Stalled(bodies.STALLED)))

    def _send(self, response: Response) -> None:
        headers = [
            b"%b: %b\r\n" % pair for pair in response.raw_headers if pair[0] != b"content-length"
        ]
        self._write(response.status_code, b"".join(headers), bytes(response.body))

    def _write(self, status: int, headers: bytes, body: bytes) -> None:
        protocol = self._protocol
        if not protocol.transport.is_closing():
            general = b"".join(
                [b"%b: %b\r\n" % pair for pair in protocol.server_state.default_headers]
            )
            closing = b"" if self.keep_alive else b"connection: close\r\n"
            length = b"content-length: %d\r\n\r\n" % len(body)
            protocol.transport.write(
                b"".join((STATUS_LINE[status], general, headers, closing, length, body))
            )
            if not self.keep_alive:
                protocol.transport.close()
        self._finish(status)

    def _finish(self, status: int) -> None:
        self.response_complete = True
        self._claim.release()
        seconds = clock.monotonic_seconds() - self._started
        self._inlet.meters.count_answer(self._inlet.format.route, status, seconds)
        self._protocol.on_response_complete()

    def _stop_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
