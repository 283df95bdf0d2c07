"""From the bytes of a log file to its records, and each format's way of reading one. Pure: it opens no file and no database."""

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from collector.formats import litellm, native, trace_csv
from collector.framing import Framing
from collector.parsing.naming import Naming
from collector.parsing.reading import Parser, Reading, Rejected, WholeParser
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

T = TypeVar("T", bound=Sized)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two records from which reading can go on: so many inflated bytes and records lie before it."""

    offset_bytes: int = 0
    records: int = 0


START = Mark()


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """Records that follow one another: what was made of whole `lines` in one go, or the readings of what was taken apart.

    `end` is the place behind them; None where reading cannot go on from there.
    """

    lines: bytes
    whole: T | None
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
    raise UsageError(
        f"{name} is of no format known here; name it with --format ({', '.join(FORMATS)})"
    )


def batches(
    format_name: str,
    chunks: Iterable[bytes],
    sha256: str | None,
    naming: Naming,
    start: Mark = START,
) -> Iterator[tuple[list[Reading], Mark | None]]:
    """The records in the file's order, from a mark on, some at a time and the place behind them.

    A break in the middle of JSON is a last record that reads as rejected. Lines without ids are identified by the file's
    hash and their number in it, the header's being 1; they have no marks.
    """
    if format_name == TRACE_CSV:
        for reading in trace_lines(chunks, sha256 or "", naming):
            yield [reading], None
        return
    parse = whole_parser(format_name)
    pairs = ((lines, parse(lines, naming)) for lines in blocks(chunks))
    for batch in in_order(format_name, pairs, naming, start):
        yield batch.readings if batch.whole is None else batch.whole, batch.end


def whole_parser(format_name: str) -> WholeParser:
    """What reads lines of one JSON object each in one go, or not at all."""
    return _PARSERS[format_name][1]


def blocks(chunks: Iterable[bytes], least_bytes: int = 0) -> Iterator[bytes]:
    """The bytes of a file cut behind ends of lines, where it has any, into blocks of `least_bytes` and more."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        if len(rest) >= least_bytes:
            lines, newline, rest = rest.rpartition(b"\n")
            if newline:
                yield lines + newline
            elif len(rest) > _MAX_LINE_BYTES:
                yield rest
                rest = b""
    if rest:
        yield rest


def in_order(
    format_name: str, pairs: Iterable[tuple[bytes, T | None]], naming: Naming, start: Mark = START
) -> Iterator[Batch[T]]:
    """JSON records, given the blocks and what was made of each in one go, which has a length: that of its records.

    It counts only for lines that begin with an object after whole ones; what may be anything else is taken apart.
    """
    framing, parse, at = Framing(), _PARSERS[format_name][0], start
    if start.records:
        framing.step_over(start.records)
    for lines, whole in pairs:
        if whole is not None and framing.is_between and lines.startswith(b"{"):
            framing.step_over(len(whole))
            readings: list[Reading] = []
            count = len(whole)
        else:
            whole, readings = None, [parse(element, naming) for element in framing.feed(lines)]
            count = len(readings)
        at = Mark(at.offset_bytes + len(lines), at.records + count)
        yield Batch(lines, whole, readings, at if framing.is_between else None)
    broken = framing.finish()
    if broken is not None:
        yield Batch(b"", None, [Rejected(broken.reason)], None)


def trace_lines(chunks: Iterable[bytes], sha256: str, naming: Naming) -> Iterator[Reading]:
    """The records of a trace."""
    for number, line in enumerate(_lines(chunks), 1):
        if line and not (number == 1 and _is_header(line)):
            yield trace_csv.parse_line(line.decode("utf-8", "replace"), number, sha256, naming)


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
