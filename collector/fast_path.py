"""The short way in: plain writes are read off the connection and answered without a request object, a task or a framework.

uvicorn parses the HTTP. What is not a plain write (another path, a stream, a large or compressed body, a key that must be
looked up, a request behind an unanswered one, a sender that does not read its answers) goes on to the application, whose
routes give the same answers.
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
from collector.bodies import Stalled
from collector.ingest import Heard
from collector.inlet import Inlet
from collector.backlog import EVENT_BYTES
from collector.backlog import Claim
from collector.backlog import Overloaded
from ledger import clock, web
from ledger.access import Access
from ledger.errors import SwitchwiseError

_NOT_PLAIN = frozenset((b"transfer-encoding", b"expect", b"upgrade", b"origin"))
_LENGTH_DIGITS = len(str(bodies.WHOLE_BYTES))
_JSON = b"content-type: application/json\r\n"


class FastPathProtocol(HttpToolsProtocol):
    """One connection. A subclass names the inlets; `install` in `collector.routes` makes it."""

    inlets: ClassVar[Mapping[bytes, Inlet]]
    cycle: "RequestResponseCycle | Post | None"  # type: ignore[assignment]  # what uvicorn asks it, Post has too
    _whole: "Post | None" = None

    def data_received(self, data: bytes) -> None:
        """Bytes came. A post is dealt with out here, so that a fault in it is not taken for one of the parser."""
        super().data_received(data)
        if self._whole is not None:
            post, self._whole = self._whole, None
            post.read()

    def on_headers_complete(self) -> None:
        """Decide which way the request goes."""
        post = self._plain_post()
        if post is None:
            super().on_headers_complete()
        else:
            self.cycle = post

    def _plain_post(self) -> "Post | None":
        taken = self.inlets.get(self.url)
        if (
            taken is None
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
            or int(length) > bodies.WHOLE_BYTES
            or headers.get(b"content-encoding", b"identity") != b"identity"
            or len(headers) != len(self.headers)
            or not _NOT_PLAIN.isdisjoint(headers)
        ):
            return None
        try:
            who = taken.gate.recall(_key_in(headers))
            if who is None:
                return None
            who.check("ingest")
        except SwitchwiseError:
            # The application says why.
            return None
        return Post(self, taken, who, int(length))

    def on_body(self, body: bytes) -> None:
        """A part of the body came."""
        if type(self.cycle) is Post:
            if not self.cycle.response_complete:
                self.cycle.feed(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if type(self.cycle) is Post:
            if not self.cycle.response_complete:
                self.cycle.is_whole = True
                self._whole = self.cycle
        else:
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The sender went away; what it sent as a whole is stored all the same."""
        if type(self.cycle) is Post:
            if not (self.cycle.is_whole or self.cycle.response_complete):
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
    """One plain write, from its headers to its answer. uvicorn sees it where it keeps its own requests."""

    __slots__ = (
        "_body",
        "_claim",
        "_idle",
        "_inlet",
        "_length",
        "_protocol",
        "_readings",
        "_started",
        "_who",
        "is_whole",
        "keep_alive",
        "response_complete",
    )

    def __init__(self, protocol: FastPathProtocol, taken: Inlet, who: Access, length: int) -> None:
        self._started = clock.monotonic_seconds()
        self._protocol = protocol
        self._inlet = taken
        self._who = who
        self._length = length
        self._body = b""
        self._claim = Claim(taken.room)
        self._idle: asyncio.TimerHandle | None = None
        self.is_whole = False
        self.response_complete = False
        self.keep_alive = True

    def feed(self, body: bytes) -> None:
        """A part of the body. Most come in one; one that has to be waited for holds room, and is given up in the end."""
        self._inlet.meters.received(len(body))
        self._body += body
        self._stop_timer()
        if len(self._body) < self._length:
            try:
                self._claim.resize(self._length)
            except Overloaded as error:
                self._send(self._inlet.refusal(error))
            else:
                self._idle = self._protocol.loop.call_later(bodies.IDLE_SECONDS, self._stall)

    def read(self) -> None:
        """Parse the whole body and hand its events to the writer."""
        try:
            readings = bodies.read_whole(self._body, self._inlet.reader, inlet.naming_of(self._who))
            self._readings = readings
            # The committer holds the room for the events.
            self._claim.resize((readings.count - len(readings.events)) * EVENT_BYTES)
            if readings.events:
                self._inlet.answers.ask(readings.events, self._settle, len(readings.events))
            else:
                self._settle([])
        except SwitchwiseError as error:
            self._send(self._inlet.refusal(error))
        except BaseException:
            self._send(web.error_response(500, web.FAILED))
            raise

    def abandon(self) -> None:
        """The sender went away in the middle of the body."""
        self._stop_timer()
        self._finish(inlet.CLIENT_GONE)

    def _settle(self, heard: Heard) -> None:
        """Answer, now that it is known what became of the events."""
        if isinstance(heard, SwitchwiseError):
            self._send(self._inlet.refusal(heard))
        elif isinstance(heard, Exception):
            self._send(web.error_response(500, web.FAILED))
            raise heard
        else:
            self._write(200, _JSON, self._inlet.receipt(self._readings, heard))

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
        self._inlet.meters.answered(
            self._inlet.route, status, clock.monotonic_seconds() - self._started
        )
        self._protocol.on_response_complete()

    def _stop_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
