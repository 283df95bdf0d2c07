"""From the bytes of a log file to its records, and each format's way of reading one. Pure: it opens no file and no database."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import msgspec

from collector.formats import litellm, native, trace_csv
from collector.formats.reading import Naming, Parser, Reading, Rejected
from collector.framing import Framing
from ledger.errors import UsageError

TRACE_CSV = "trace-csv"
FORMATS = ("native", "litellm", TRACE_CSV)

_PARSERS: dict[str, Parser] = {"native": native.parse, "litellm": litellm.parse}
_MAX_LINE_BYTES = 64 << 10
_BOM = b"\xef\xbb\xbf"
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])

Read = Callable[[], Reading]
"""Reads one record when called, so that one that was imported before can be stepped over unread."""


def detect(name: str, head: bytes) -> str:
    """The format of a file, from its first bytes. Raises UsageError where they do not tell."""
    if not head.strip():
        raise UsageError(f"{name} is empty; name a file with records")
    if _is_header(head.split(b"\n", 1)[0]):
        return TRACE_CSV
    for element in Framing().feed(head):
        try:
            keys = _KEYS.decode(element).keys()
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            continue
        if "startTime" in keys:
            return "litellm"
        if "time" in keys:
            return "native"
    raise UsageError(f"{name} is of no format known here; name it with --format ({', '.join(FORMATS)})")


def records(format_name: str, chunks: Iterable[bytes], sha256: str | None, naming: Naming) -> Iterator[Read]:
    """The records in the file's order. A break in the middle of JSON is a last record that reads as rejected.

    Lines without ids are identified by the file's hash and their number in it, the header's being 1.
    """
    if format_name == TRACE_CSV:
        return _trace_lines(chunks, sha256 or "", naming)
    return _elements(chunks, _PARSERS[format_name], naming)


@dataclass(frozen=True, slots=True)
class _Element:
    parse: Parser
    element: bytes
    naming: Naming

    def __call__(self) -> Reading:
        return self.parse(self.element, self.naming)


@dataclass(frozen=True, slots=True)
class _TraceLine:
    line: bytes
    number: int
    sha256: str
    naming: Naming

    def __call__(self) -> Reading:
        return trace_csv.parse_line(self.line.decode("utf-8", "replace"), self.number, self.sha256, self.naming)


def _elements(chunks: Iterable[bytes], parse: Parser, naming: Naming) -> Iterator[Read]:
    framing = Framing()
    for chunk in chunks:
        for element in framing.feed(chunk):
            yield _Element(parse, element, naming)
    broken = framing.finish()
    if broken is not None:
        refused = Rejected(broken.reason)
        yield lambda: refused


def _trace_lines(chunks: Iterable[bytes], sha256: str, naming: Naming) -> Iterator[Read]:
    for number, line in enumerate(_lines(chunks), 1):
        if line and not (number == 1 and _is_header(line)):
            yield _TraceLine(line, number, sha256, naming)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, without what ends them. One beyond any sense comes in parts, so that memory stays bounded."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r")
        if len(rest) > _MAX_LINE_BYTES:
            yield rest
            rest = b""
    if rest:
        yield rest.rstrip(b"\r")


def _is_header(line: bytes) -> bool:
    return line.removeprefix(_BOM).strip() == trace_csv.HEADER.encode()
