"""Request bodies: identity or gzip, bounded, taken apart while they arrive. Never holds a whole body, and stores nothing."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from starlette.requests import Request

from collector.framing import Framing
from collector.parsing.naming import Naming
from collector.parsing.reading import Parser, WholeParser
from collector.receipts import Readings, Refusal
from collector.room import EVENT_BYTES, Claim
from ledger import clock
from ledger.errors import SwitchwiseError

MIB = 1 << 20
IDLE_SECONDS = 30.0
"""A sender that says nothing for so long is given up, so that slow ones cannot hold memory for ever."""
WHOLE_BYTES = 256 << 10
"""A body up to this size is read in one go; others have their turn after at most so much."""
STALLED = f"the body stopped arriving for {IDLE_SECONDS:g} seconds; send it again"
_PIECE_BYTES = 64 << 10
# JSON with much repetition shrinks some 100-fold; deflate reaches 1032-fold, with nothing but one byte repeated.
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


@dataclass(frozen=True, slots=True)
class Limits:
    """What one body may be: bytes as sent, bytes once inflated, elements."""

    wire_bytes: int
    inflated_bytes: int
    elements: int


@dataclass(frozen=True, slots=True)
class Reader:
    """How the elements of one route are read: its parsers, and for native events the names that the parser ignores."""

    limits: Limits
    parse: Parser
    parse_whole: WholeParser = lambda _body, _naming: None
    unknown_fields: Callable[[bytes], tuple[str, ...]] | None = None


class _GzipBroken(Exception):
    """The compressed stream cannot be read any further."""


async def read(
    request: Request, reader: Reader, naming: Naming, claim: Claim, on_wire: Callable[[int], None]
) -> Readings:
    """The readings of a body's elements; a body that breaks keeps those before the break, and one refusal names it.

    `on_wire` is told the bytes as they arrive. Raises TooLarge, BadBody, EncodingUnknown, Stalled, Overloaded, and
    Starlette's ClientDisconnect.
    """
    body, reason = _Body(reader, naming), None
    try:
        async with asyncio.timeout(IDLE_SECONDS) as idle:
            async for piece in _pieces(request, reader.limits, on_wire):
                body.feed(piece)
                claim.resize(body.held_bytes)
                idle.reschedule(asyncio.get_running_loop().time() + IDLE_SECONDS)
    except TimeoutError as error:
        raise Stalled(STALLED) from error
    except _GzipBroken as error:
        reason = str(error)
    readings = body.finish(reason)
    claim.resize(readings.count * EVENT_BYTES)
    return readings


def read_whole(content: bytes, reader: Reader, naming: Naming) -> Readings:
    """The same of a body that has arrived as a whole, up to WHOLE_BYTES, and not compressed. Raises TooLarge and BadBody."""
    whole = reader.parse_whole(content, naming)
    if whole is None:
        body = _Body(reader, naming)
        body.take_apart(content)
        return body.finish(None)
    readings = Readings()
    readings.add_all(whole, clock.now_us())
    _check_count(readings, reader.limits)
    return readings


class _Body:
    """One body while it is read: a small one is kept to be read in one go, a larger one is taken apart as it comes."""

    def __init__(self, reader: Reader, naming: Naming) -> None:
        self._reader = reader
        self._naming = naming
        self._readings = Readings()
        self._kept = b""
        self._framing: Framing | None = None
        self._unfinished_bytes = 0

    @property
    def held_bytes(self) -> int:
        """What it occupies in memory."""
        return len(self._kept) + self._unfinished_bytes + self._readings.count * EVENT_BYTES

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        if self._framing is not None:
            self.take_apart(piece)
            return
        self._kept += piece
        if len(self._kept) > WHOLE_BYTES:
            piece, self._kept = self._kept, b""
            self.take_apart(piece)

    def finish(self, reason: str | None) -> Readings:
        """All readings. Where the bytes end too early, `reason` says why."""
        if self._framing is None:
            if reason is None:
                return read_whole(self._kept, self._reader, self._naming)
            self.take_apart(self._kept)
        readings = self._readings
        broken = self._framing.finish() if self._framing else None
        reason = reason or (broken.reason if broken else None)
        if reason is not None:
            if not readings.count:
                raise BadBody(reason)
            readings.refused.append(Refusal(readings.count, reason))
            readings.count += 1
        return readings

    def take_apart(self, piece: bytes) -> None:
        """Read the elements that the next bytes complete."""
        if self._framing is None:
            self._framing = Framing()
        elements = self._framing.feed(piece)
        self._unfinished_bytes = len(piece) + (0 if elements else self._unfinished_bytes)
        self._readings.add_all(
            [self._reader.parse(element, self._naming) for element in elements], clock.now_us()
        )
        if self._reader.unknown_fields is not None:
            for element in elements:
                self._readings.note_unknown(self._reader.unknown_fields(element))
        _check_count(self._readings, self._reader.limits)


def _check_count(readings: Readings, limits: Limits) -> None:
    if readings.count > limits.elements:
        raise TooLarge(f"more than {limits.elements} events in one body; send fewer at once")


async def _pieces(
    request: Request, limits: Limits, on_wire: Callable[[int], None]
) -> AsyncIterator[bytes]:
    """The body once inflated, in small pieces; between two of them other requests have their turn."""
    gunzip = _decoder(request)
    # A declared length beyond the limit is refused before anything is read.
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limits.wire_bytes:
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
    raise EncodingUnknown(
        "this content encoding is not read here; send the body as it is, or as gzip"
    )


def _sliced(chunk: bytes) -> Iterator[bytes]:
    if len(chunk) <= _PIECE_BYTES:
        yield chunk
        return
    for start in range(0, len(chunk), _PIECE_BYTES):
        yield chunk[start : start + _PIECE_BYTES]


@dataclass(slots=True)
class _Gunzip:
    """A gzip stream of one or more members, inflated piece by piece, so that a bomb costs no memory."""

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
            left = self._member.unconsumed_tail or self._member.unused_data
            self.consumed_bytes += len(chunk) - len(left)
            chunk = left
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
