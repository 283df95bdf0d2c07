"""From the bytes of a log file to the readings of its records. Pure: it opens no file.

Files are read in blocks of whole lines. A block is parsed in one go where it can be, and cut into
its records where it cannot.
"""

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from collector import detection
from collector.framing import Framing
from collector.parsing import glimpses
from collector.parsing.format import Format, JsonFormat, LineFormat
from collector.parsing.naming import Naming
from collector.parsing.reading import Glimpse, Reading, Rejected
from ledger import refusals
from ledger.refusal_reasons import RefusalReason

_MAX_LINE_BYTES = 64 << 10

T = TypeVar("T", bound=Sized)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two records, from which reading can go on.

    So many inflated bytes and so many records lie before it.
    """

    offset_bytes: int = 0
    records: int = 0


START = Mark()


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """The readings of some records that follow one another, and the place behind them.

    `end` is None where reading cannot go on from there.
    """

    readings: list[Reading]
    end: Mark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBlock(Generic[T]):
    """Some bytes of a file, and what they were made into.

    `product` is what was made of all their lines in one go, and its length is their number. It is
    None where the lines were cut into records, whose `readings` are here instead. `end` is the
    place behind the block; None where reading cannot go on from there.
    """

    lines: bytes
    product: T | None
    readings: list[Reading]
    end: Mark | None


def read_batches(
    chunks: Iterable[bytes],
    format: Format,
    naming: Naming,
    *,
    file_sha256: str | None = None,
    start: Mark = START,
) -> Iterator[RecordBatch]:
    """The records in the file's order, from a mark on.

    Where the JSON breaks off, the last reading is a rejection that says so. Lines without ids need
    the hash of the file, and have no marks.
    """
    if isinstance(format, LineFormat):
        for readings in read_lines(chunks, format, naming, file_sha256 or ""):
            yield RecordBatch(readings, None)
        return
    products = ((lines, _parse_clean(lines, format, naming)) for lines in split_blocks(chunks))
    for block in merge_blocks(products, format, naming, start):
        readings = block.readings if block.product is None else block.product
        yield RecordBatch(readings, block.end)


def _parse_clean(lines: bytes, format: JsonFormat, naming: Naming) -> list[Reading] | None:
    """The readings of a block in one go; None if one is rejected, to look at it on its own."""
    readings = format.parse_body(lines, naming)
    if readings is None or any(type(reading) is Rejected for reading in readings):
        return None
    return readings


def split_blocks(chunks: Iterable[bytes], least_bytes: int = 0) -> Iterator[bytes]:
    """The bytes of a file in blocks of `least_bytes` and more, cut behind ends of lines."""
    unread = b""
    for chunk in chunks:
        unread += chunk
        if len(unread) >= least_bytes:
            lines, newline, unread = unread.rpartition(b"\n")
            if newline:
                yield lines + newline
            elif len(unread) > _MAX_LINE_BYTES:
                yield unread
                unread = b""
    if unread:
        yield unread


def merge_blocks(
    products: Iterable[tuple[bytes, T | None]],
    format: JsonFormat,
    naming: Naming,
    start: Mark = START,
) -> Iterator[FileBlock[T]]:
    """The blocks of a JSON file in order, from their bytes and what was made of each in one go.

    A product counts only where the block begins with an object, and the one before ended with one.
    Any other block is cut into records here.
    """
    framing, mark = Framing(), start
    if start.records:
        framing.step_over(start.records)
    for lines, product in products:
        if product is not None and framing.is_between and lines.startswith(b"{"):
            framing.step_over(len(product))
            readings: list[Reading] = []
            count = len(product)
        else:
            product = None
            readings = [
                glimpses.parse_element(format, element, naming) for element in framing.feed(lines)
            ]
            count = len(readings)
        mark = Mark(mark.offset_bytes + len(lines), mark.records + count)
        end = mark if framing.is_between else None
        yield FileBlock(lines=lines, product=product, readings=readings, end=end)
    fault = framing.finish()
    if fault is not None:
        rejected = Rejected(fault.reason, RefusalReason.BROKEN_BODY)
        yield FileBlock(lines=b"", product=None, readings=[rejected], end=None)


def read_lines(
    chunks: Iterable[bytes], format: LineFormat, naming: Naming, file_sha256: str
) -> Iterator[list[Reading]]:
    """The readings of a file of lines, some at a time. Its first line may be the header."""
    line_number = 0
    for lines in _split_lines(chunks):
        readings: list[Reading] = []
        for line in lines:
            line_number += 1
            if line and not (line_number == 1 and detection.is_header(format, line)):
                text = line.decode("utf-8", "replace")
                reading = format.parse_line(
                    text, naming, line_number=line_number, file_sha256=file_sha256
                )
                if type(reading) is Rejected:
                    digest = refusals.digest_of(f"{file_sha256}:{line_number}".encode())
                    reading = replace(reading, glimpse=Glimpse(digest=digest))
                readings.append(reading)
        if readings:
            yield readings


def _split_lines(chunks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The lines of each chunk, without their ends. An absurdly long one comes in parts."""
    unread = b""
    for chunk in chunks:
        *lines, unread = (unread + chunk).split(b"\n")
        if len(unread) > _MAX_LINE_BYTES:
            lines.append(unread)
            unread = b""
        yield [line.rstrip(b"\r") for line in lines]
    if unread:
        yield [unread.rstrip(b"\r")]
