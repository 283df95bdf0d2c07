"""Cuts a byte stream into JSON elements, chunk by chunk: those of an array, or a row of objects.

It holds one element at a time, and its time is linear in the bytes, however they are chunked. It
finds where an element ends and never decodes one: the parser decides whether it is valid JSON.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

MAX_ELEMENT_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 1 << 20
"""Open brackets. Far beyond any real JSON, it bounds the time for a body of brackets only."""

_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_PAIRS = {ord("{"): ord("}"), ord("["): ord("]")}
_QUOTE, _NEWLINE, _OBJECT, _ARRAY, _ARRAY_END, _COMMA = b'"\n{[],'

# Everything up to the next bracket, complete strings included. Possessive, so that a string that a
# chunk cuts costs one retry.
_PLAIN = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"[^"{}\[\]]*+)*+')
_IN_STRING = re.compile(rb'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+')
_OPENING = re.compile(rb"[{\[]++")
_CLOSERS = bytes.maketrans(b"{[", b"}]")
_GAP = re.compile(rb"[ \t\r\n]*+")
_SCALAR = {_ARRAY: re.compile(rb'[^ \t\r\n,"{}\[\]]*+'), _OBJECT: re.compile(rb"[^\n{]*+")}


@dataclass(frozen=True, slots=True)
class Break:
    """Why a body stopped being JSON, and the index that its next element would have had."""

    index: int
    reason: str


class _At(Enum):
    """What the next byte belongs to."""

    OPENING = auto()  # at the start: a byte order mark may come
    KIND = auto()  # after nothing but space: what comes tells an array from objects
    VALUE = auto()  # between elements, where one must begin
    FIRST_VALUE = auto()  # after the opening bracket of an array, where one may begin
    COMMA = auto()  # after an element of an array
    BRACKETS = auto()  # inside an object or array
    STRING = auto()
    SCALAR = auto()
    LOST = auto()  # in a stream of objects, after a broken one: until a line begins with an object
    CLOSED = auto()  # after the array
    BROKEN = auto()


class Framing:
    """One body. `feed` gives the elements that a chunk completes; `finish` says how the body ended.

    The first byte that is not space decides: `[` opens an array, `{` a stream of objects, on lines
    or not. A broken array ends where it breaks. In a stream of objects a broken one is given as far
    as it goes, for a parser to reject, and reading goes on at the next line that begins with `{`.
    So a line that a crash cut off costs no other line.
    """

    def __init__(self, max_element_bytes: int = MAX_ELEMENT_BYTES) -> None:
        self._max_element_bytes = max_element_bytes
        self._buffer = bytearray()
        self._start = 0  # of the element in progress
        self._position = 0  # scanned up to here
        self._kind = 0  # _ARRAY or _OBJECT, once a byte has decided
        self._closers = bytearray()  # those that must still come, innermost last
        self._at = _At.OPENING
        self._elements: list[bytes] = []
        self._index = 0
        self._break: Break | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """The elements that this chunk completes, in order. After a break there are none."""
        self._elements = []
        if self._at is not _At.BROKEN:
            self._buffer += chunk
            while self._step():
                pass
            self._drop_scanned()
        return self._elements

    @property
    def is_between(self) -> bool:
        """Whether the next byte may begin an object of a stream, with no bytes left before it."""
        at_start = self._at is _At.OPENING or (self._at is _At.VALUE and self._kind == _OBJECT)
        return at_start and not self._buffer

    def step_over(self, elements: int) -> None:
        """Count objects that were read elsewhere. Call it only where `is_between`."""
        self._index += elements
        self._kind, self._at = _OBJECT, _At.VALUE

    def finish(self) -> Break | None:
        """Call once, at the end of the body: None if it was complete, else the break."""
        if self._at in (_At.OPENING, _At.KIND):
            return Break(0, "the body is empty; send a JSON array, or JSON objects")
        if self._at in (_At.BROKEN, _At.CLOSED, _At.LOST) or (
            self._at is _At.VALUE and self._kind == _OBJECT
        ):
            return self._break
        return Break(self._index, "the JSON is cut off at its end; send all of it")

    def _step(self) -> bool:
        """Read on to the next change of state; False when that takes more bytes than there are."""
        if self._at is _At.BRACKETS:
            return self._brackets()
        if self._at is _At.STRING:
            return self._string()
        if self._at is _At.SCALAR:
            return self._scalar()
        if self._at is _At.LOST:
            return self._resume()
        if self._at is _At.OPENING:
            return self._skip_bom()
        if self._at is _At.BROKEN:
            return False
        self._position = self._match(_GAP)
        return self._position < len(self._buffer) and self._between(self._buffer[self._position])

    def _between(self, byte: int) -> bool:
        if self._at is _At.KIND:
            return self._open(byte)
        if self._at is _At.CLOSED:
            return self._stop("something follows the closing bracket of the array; send one array")
        if self._at is _At.COMMA and byte == _COMMA:
            self._position += 1
            self._at = _At.VALUE
        elif byte == _ARRAY_END and self._at in (_At.COMMA, _At.FIRST_VALUE):
            self._position += 1
            self._at = _At.CLOSED
        elif self._at is _At.COMMA:
            return self._stop("no comma after an element of the array; send valid JSON")
        else:
            return self._begin(byte)
        return True

    def _open(self, byte: int) -> bool:
        if byte not in _PAIRS:
            return self._stop(
                "the JSON begins with neither [ nor {; send a JSON array, or JSON objects"
            )
        self._kind, self._at = byte, _At.VALUE
        if byte == _ARRAY:
            self._position += 1
            self._at = _At.FIRST_VALUE
        return True

    def _begin(self, byte: int) -> bool:
        """Begin an element. Among objects, anything else runs to the next one or the line's end."""
        self._start = self._position
        if byte == _OBJECT or (byte == _ARRAY and self._kind == _ARRAY):
            self._closers.append(_PAIRS[byte])
            self._at = _At.BRACKETS
        elif byte == _QUOTE and self._kind == _ARRAY:
            self._at = _At.STRING
        elif byte in b']},"' and self._kind == _ARRAY:
            return self._stop("an element of the array is missing; send valid JSON")
        else:
            self._at = _At.SCALAR
            return True
        self._position += 1
        return True

    def _brackets(self) -> bool:
        """Go from bracket to bracket until the element's own one is closed."""
        buffer, closers = self._buffer, self._closers
        while True:
            position = self._match(_PLAIN)
            self._position = position
            if position == len(buffer):
                return self._within_limit()
            byte = buffer[position]
            if byte == _QUOTE:
                self._position += 1
                self._at = _At.STRING
                return True
            if byte in _PAIRS:
                if (
                    byte == _OBJECT
                    and buffer[position - 1] == _NEWLINE
                    and self._is_misplaced(position)
                ):
                    return self._fail(position, then=_At.VALUE)
                # All brackets of a run at once, because a body may hold nothing else.
                self._position = self._match(_OPENING)
                closers += buffer[position : self._position].translate(_CLOSERS)
                if len(closers) > MAX_DEPTH:
                    return self._stop("the element is nested too deeply; send flat events")
                continue
            if byte != closers.pop():
                return self._fail(position + 1)
            self._position += 1
            if not closers:
                return self._end()

    def _is_misplaced(self, position: int) -> bool:
        """Whether the object that begins this line is no part of the element.

        It is none if nothing before it asks for a value.
        """
        position -= 1
        while self._buffer[position] in _SPACE:
            position -= 1
        return self._buffer[position] not in b":,["

    def _string(self) -> bool:
        self._position = self._match(_IN_STRING)
        ending = self._buffer[self._position : self._position + 2]
        if not ending or ending == b"\\":
            return self._within_limit()
        if ending[0] != _QUOTE:
            return self._fail(self._position + ending.index(_NEWLINE))
        self._position += 1
        self._at = _At.BRACKETS
        return True if self._closers else self._end()

    def _scalar(self) -> bool:
        self._position = self._match(_SCALAR[self._kind])
        return self._within_limit() if self._position == len(self._buffer) else self._end()

    def _end(self) -> bool:
        if self._position - self._start > self._max_element_bytes:
            return self._stop_at_limit()
        self._elements.append(bytes(self._buffer[self._start : self._position]).rstrip(_SPACE))
        self._index += 1
        self._at = _At.COMMA if self._kind == _ARRAY else _At.VALUE
        return True

    def _fail(self, position: int, then: _At = _At.LOST) -> bool:
        """End an element that cannot be JSON, as `position` shows.

        Its size is checked first, so that the reason does not depend on the chunks.
        """
        self._position = position
        if self._kind == _ARRAY and position - self._start <= self._max_element_bytes:
            return self._stop("the element is not valid JSON; send valid JSON")
        if not self._end():
            return False
        self._closers.clear()
        self._at = then
        return True

    def _resume(self) -> bool:
        line_end = self._buffer.find(b"\n{", self._position)
        if line_end < 0:
            self._position = max(self._position, len(self._buffer) - self._buffer.endswith(b"\n"))
            return False
        self._position = line_end + 1
        self._at = _At.VALUE
        return True

    def _match(self, pattern: re.Pattern[bytes]) -> int:
        """Where the pattern, which matches everywhere, stops matching."""
        match = pattern.match(self._buffer, self._position)
        return match.end() if match else self._position

    def _skip_bom(self) -> bool:
        """Step over a byte order mark; False while it may still become one."""
        if self._buffer.startswith(_BOM):
            self._position = len(_BOM)
        elif _BOM.startswith(self._buffer):
            return False
        self._at = _At.KIND
        return True

    def _within_limit(self) -> bool:
        if len(self._buffer) - self._start > self._max_element_bytes:
            self._stop_at_limit()
        return False

    def _stop_at_limit(self) -> bool:
        return self._stop(
            f"the element is larger than {self._max_element_bytes} bytes;"
            " log it without its messages"
        )

    def _stop(self, reason: str) -> bool:
        self._break = Break(self._index, reason)
        self._at = _At.BROKEN
        self._buffer.clear()
        return False

    def _drop_scanned(self) -> None:
        """Drop all bytes that were scanned, except those of the element in progress."""
        in_progress = self._at in (_At.BRACKETS, _At.STRING, _At.SCALAR)
        scanned_bytes = self._start if in_progress else self._position
        del self._buffer[:scanned_bytes]
        self._position -= scanned_bytes
        self._start = 0
