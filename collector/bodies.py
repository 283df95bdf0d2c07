"""The body of a request: plain or gzip, held to the limits of its format, read into records.

A small body is read in one go. A larger one is cut into elements as it arrives and is never held
whole. Nothing is stored here.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from starlette.requests import Request

from collector.backlog import EVENT_BYTES, Claim
from collector.framing import Framing
from collector.parsing import glimpses
from collector.parsing.format import MIB, JsonFormat, Limits
from collector.parsing.naming import Naming
from collector.parsing.reading import Rejected
from collector.receipts import Readings
from ledger import clock
from ledger.errors import SwitchwiseError
from ledger.refusal_reasons import RefusalReason

IDLE_SECONDS = 30.0
"""A sender that sends nothing for so long is refused, so that slow ones cannot hold memory."""
SMALL_BODY_BYTES = 256 << 10
"""A body up to this size is read in one go; then other requests have their turn."""
STALLED = f"the body stopped arriving for {IDLE_SECONDS:g} seconds; send it again"
_PIECE_BYTES = 64 << 10
_SHOWN_CHARACTERS = 64
# JSON with much repetition shrinks 100-fold. Deflate reaches 1032-fold with one repeated byte.
_MAX_INFLATION, _INFLATION_COUNTS_FROM = 400, MIB


class BadBody(SwitchwiseError):
    """A body without a single complete element."""

    http_status = 400


class Stalled(SwitchwiseError):
    """A body that did not go on arriving."""

    http_status = 408


class TooLarge(SwitchwiseError):
    """A body beyond a limit of its route."""

    http_status = 413


class EncodingUnknown(SwitchwiseError):
    """A content encoding other than gzip."""

    http_status = 415


class _GzipBroken(Exception):
    """The compressed stream cannot be read any further."""


async def read_body(
    request: Request,
    format: JsonFormat,
    naming: Naming,
    *,
    claim: Claim,
    on_wire: Callable[[int], None],
) -> Readings:
    """The readings of a body's elements.

    A body that breaks off keeps the elements before the break, and one rejection names the break.
    `on_wire` is given the size in bytes of each chunk that arrives. Raises TooLarge, BadBody,
    EncodingUnknown, Stalled, Overloaded, and Starlette's ClientDisconnect.
    """
    body = _Body(format, naming, request.headers.get("content-type", ""))
    gzip_fault = None
    try:
        async with asyncio.timeout(IDLE_SECONDS) as idle:
            async for piece in _pieces(request, format.limits, on_wire):
                body.feed(piece)
                claim.resize(body.held_bytes)
                idle.reschedule(asyncio.get_running_loop().time() + IDLE_SECONDS)
    except TimeoutError as error:
        raise Stalled(STALLED) from error
    except _GzipBroken as error:
        gzip_fault = str(error)
    readings = body.finish(gzip_fault)
    claim.resize(readings.count * EVENT_BYTES)
    return readings


def read_small_body(
    content: bytes, format: JsonFormat, naming: Naming, content_type: str = ""
) -> Readings:
    """The readings of a body that has arrived: SMALL_BODY_BYTES at most, and not compressed.

    Raises TooLarge and BadBody.
    """
    parsed = format.parse_body(content, naming)
    readings = Readings(naming.namespace)
    if parsed is not None:
        readings.add_all(parsed, clock.now_us())
    if parsed is None or readings.has_unreadable:
        # Only an element on its own can be recognised when it is sent again.
        body = _Body(format, naming, content_type)
        body.cut(content)
        return body.finish()
    _check_count(readings, format.limits)
    return readings


class _Body:
    """One body while it arrives: a small one is kept to be read in one go, a larger one is cut."""

    def __init__(self, format: JsonFormat, naming: Naming, content_type: str) -> None:
        self._format = format
        self._naming = naming
        self._content_type = content_type
        self._readings = Readings(naming.namespace)
        self._content = b""
        self._framing: Framing | None = None
        self._unfinished_bytes = 0

    @property
    def held_bytes(self) -> int:
        """How much memory it takes."""
        return len(self._content) + self._unfinished_bytes + self._readings.count * EVENT_BYTES

    def feed(self, piece: bytes) -> None:
        """Take the next bytes."""
        if self._framing is not None:
            self.cut(piece)
            return
        self._content += piece
        if len(self._content) > SMALL_BODY_BYTES:
            piece, self._content = self._content, b""
            self.cut(piece)

    def finish(self, gzip_fault: str | None = None) -> Readings:
        """All readings. `gzip_fault` says why the bytes end too early, if they do."""
        if self._framing is None:
            if gzip_fault is None:
                return read_small_body(
                    self._content, self._format, self._naming, self._content_type
                )
            self.cut(self._content)
        readings = self._readings
        reason = gzip_fault or self._json_fault()
        if reason is not None:
            if not readings.count:
                raise BadBody(reason)
            readings.add(Rejected(reason, RefusalReason.BROKEN_BODY), clock.now_us())
        return readings

    def cut(self, piece: bytes) -> None:
        """Read the elements that the next bytes complete."""
        if self._framing is None:
            self._framing = Framing()
        elements = self._framing.feed(piece)
        self._unfinished_bytes = len(piece) + (0 if elements else self._unfinished_bytes)
        self._readings.add_all(
            [glimpses.parse_element(self._format, element, self._naming) for element in elements],
            clock.now_us(),
        )
        if self._format.unknown_fields is not None:
            for element in elements:
                self._readings.note_unknown(self._format.unknown_fields(element))
        _check_count(self._readings, self._format.limits)

    def _json_fault(self) -> str | None:
        """Why the bytes are not JSON to their end; None if they are."""
        end = self._framing.finish() if self._framing else None
        if end is None:
            return None
        media_type = self._content_type.partition(";")[0].strip().lower()
        if not media_type or "json" in media_type or self._readings.count:
            return end.reason
        # Only a body that cannot be read is judged by its content type: many senders leave it out.
        problem = end.reason.partition(";")[0]
        return (
            f"send JSON (Content-Type: application/json); {problem},"
            f" and its content type is {media_type[:_SHOWN_CHARACTERS]}"
        )


def _check_count(readings: Readings, limits: Limits) -> None:
    if limits.elements is not None and readings.count > limits.elements:
        raise TooLarge(f"more than {limits.elements} events in one body; send fewer at once")


async def _pieces(
    request: Request, limits: Limits, on_wire: Callable[[int], None]
) -> AsyncIterator[bytes]:
    """The inflated body in small pieces. Between two of them other requests have their turn."""
    gunzip = _decoder(request)
    # A declared length beyond the limit is refused before anything is read.
    declared_length = request.headers.get("content-length", "0")
    if (
        declared_length.isascii()
        and declared_length.isdigit()
        and int(declared_length[:20]) > limits.wire_bytes
    ):
        raise _too_large("on the wire", limits.wire_bytes)
    wire_bytes = inflated_bytes = 0
    async for chunk in request.stream():
        if not chunk:
            continue
        wire_bytes += len(chunk)
        on_wire(len(chunk))
        if wire_bytes > limits.wire_bytes:
            raise _too_large("on the wire", limits.wire_bytes)
        for piece in _sliced(chunk) if gunzip is None else gunzip.feed(chunk):
            inflated_bytes += len(piece)
            if inflated_bytes > limits.inflated_bytes:
                raise _too_large("once inflated", limits.inflated_bytes)
            if (
                gunzip is not None
                and inflated_bytes > _INFLATION_COUNTS_FROM + gunzip.consumed_bytes * _MAX_INFLATION
            ):
                raise TooLarge(
                    f"the body inflates more than {_MAX_INFLATION}-fold; send the events themselves"
                )
            yield piece
            if len(piece) == _PIECE_BYTES:
                await asyncio.sleep(0)
    if gunzip is not None:
        gunzip.finish()


def _decoder(request: Request) -> "_Gunzip | None":
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return None
    if encoding in ("gzip", "x-gzip"):
        return _Gunzip()
    raise EncodingUnknown("unknown content encoding; send the body plain or as gzip")


def _sliced(chunk: bytes) -> Iterator[bytes]:
    if len(chunk) <= _PIECE_BYTES:
        yield chunk
        return
    for start in range(0, len(chunk), _PIECE_BYTES):
        yield chunk[start : start + _PIECE_BYTES]


@dataclass(slots=True)
class _Gunzip:
    """A gzip stream of one or more members, inflated piece by piece: a bomb costs no memory."""

    consumed_bytes: int = 0
    _member: "zlib._Decompress" = field(default_factory=lambda: zlib.decompressobj(wbits=31))

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        piece = b""
        while chunk or len(piece) == _PIECE_BYTES:
            if self._member.eof:
                # Some writers pad the last member with zeros.
                chunk = chunk.lstrip(b"\0")
                if not chunk:
                    return
                self._member = zlib.decompressobj(wbits=31)
            try:
                piece = self._member.decompress(chunk, _PIECE_BYTES)
            except zlib.error as error:
                if "data check" in str(error) or "length check" in str(error):
                    # Anything before it may be wrong as well.
                    raise BadBody(
                        "the gzip checksum does not match; nothing of this was kept, send it again"
                    ) from error
                raise _GzipBroken("the gzip stream is damaged; send it again") from error
            unread = self._member.unconsumed_tail or self._member.unused_data
            self.consumed_bytes += len(chunk) - len(unread)
            chunk = unread
            if piece:
                yield piece

    def finish(self) -> None:
        """Raises unless the stream ended where a member ends."""
        if not self._member.eof:
            raise _GzipBroken("the gzip stream ends before its data does; send it whole")


def _too_large(where: str, limit_bytes: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than {limit_bytes // MIB} MiB {where}; send fewer events at once"
    )
