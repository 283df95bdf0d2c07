"""From the bytes of a log file to its records, and each format's way of reading one. Pure: it opens no file and no database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from collector.formats import litellm, native, trace_csv
from collector.formats.reading import Naming, Parser, Reading, Rejected, WholeParser
from collector.framing import Framing
from ledger.errors import UsageError

TRACE_CSV = "trace-csv"
FORMATS = ("native", "litellm", TRACE_CSV)

_PARSERS: dict[str, tuple[Parser, WholeParser]] = {
    "native": (native.parse, native.parse_whole),
    "litellm": (litellm.parse, litellm.parse_whole),
}
_MAX_LINE_BYTES = 64 << 10
_BOM = b"\xef\xbb\xbf"
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two records from which reading can go on: so many inflated bytes and records lie before it."""

    offset_bytes: int = 0
    records: int = 0


START = Mark()


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that follow one another, read. `end` is the place behind them; None where reading cannot go on from there."""

    readings: list[Reading]
    end: Mark | None


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


def batches(
    format_name: str, chunks: Iterable[bytes], sha256: str | None, naming: Naming, start: Mark = START
) -> Iterator[Batch]:
    """The records in the file's order, from a mark on. A break in the middle of JSON is a last record that reads as rejected.

    Lines without ids are identified by the file's hash and their number in it, the header's being 1; they have no marks.
    """
    if format_name == TRACE_CSV:
        return _trace_lines(chunks, sha256 or "", naming)
    return _Elements(*_PARSERS[format_name], naming, start).batches(chunks)


class _Elements:
    """JSON records. Whole lines of one object each are read in one go; what may be anything else is taken apart."""

    def __init__(self, parse: Parser, parse_whole: WholeParser, naming: Naming, start: Mark) -> None:
        self._parse = parse
        self._parse_whole = parse_whole
        self._naming = naming
        self._framing = Framing()
        self._offset_bytes, self._records = start.offset_bytes, start.records
        if start.records:
            self._framing.step_over(start.records)

    def batches(self, chunks: Iterable[bytes]) -> Iterator[Batch]:
        """The records of a file that comes in these chunks."""
        rest = b""
        for chunk in chunks:
            lines, newline, rest = (rest + chunk).rpartition(b"\n")
            if newline:
                yield self._read(lines + newline)
            elif len(rest) > _MAX_LINE_BYTES:
                yield self._read(rest)
                rest = b""
        if rest:
            yield self._read(rest)
        broken = self._framing.finish()
        if broken is not None:
            yield Batch([Rejected(broken.reason)], None)

    def _read(self, block: bytes) -> Batch:
        framing = self._framing
        readings = self._parse_whole(block, self._naming) if framing.is_between and block.startswith(b"{") else None
        if readings is None:
            readings = [self._parse(element, self._naming) for element in framing.feed(block)]
        else:
            framing.step_over(len(readings))
        self._offset_bytes += len(block)
        self._records += len(readings)
        return Batch(readings, Mark(self._offset_bytes, self._records) if framing.is_between else None)


def _trace_lines(chunks: Iterable[bytes], sha256: str, naming: Naming) -> Iterator[Batch]:
    for number, line in enumerate(_lines(chunks), 1):
        if line and not (number == 1 and _is_header(line)):
            text = line.decode("utf-8", "replace")
            yield Batch([trace_csv.parse_line(text, number, sha256, naming)], None)


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
