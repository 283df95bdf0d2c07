"""Bulk import of log files: a few thousand records a transaction, and in the same one how far the file has been read.

An import that was stopped goes on where it stopped; one that is repeated changes nothing, because every record's
identity comes from the record, or from the file's hash and the line.
"""

import dataclasses
import functools
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import msgspec
import structlog
from sqlmodel import Session

from collector import ingest, records, vendors
from collector.parsing.naming import Naming
from collector.parsing.reading import Reading
from collector.receipts import Readings, Refusal
from collector.records import START, Mark
from collector.sources import LogFile, Pipe
from ledger import clock, store
from ledger.database import Database
from ledger.errors import UsageError
from ledger.settings import Settings
from ledger.store import Outcome
from ledger.tables.files import ImportedFile

CHUNK_RECORDS = 20_000
MAX_REFUSALS = 20
"""Refusals that a receipt shows; the others are counted."""
STDIN = "-"

Batch = tuple[list[Reading], Mark | None]
"""Some records, and the place behind them."""
Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all, of both passes over a file: its hash, then its records. All is 0 for a pipe."""

log = structlog.get_logger()


@dataclasses.dataclass(frozen=True, slots=True)
class ImportReceipt:
    """What became of a file's records; the six counts add up to the records read by this import.

    `resumed_after` is how many records an earlier, stopped import had dealt with; they are not in the counts.
    """

    name: str
    format: str
    accepted: int
    duplicate: int
    conflict: int
    ignored: int
    rejected: int
    refusals: tuple[Refusal, ...]
    resumed_after: int
    labels_given: bool

    def remark(self) -> str | None:
        """What the importer of a file that brought nothing new must know, on one line; None if it brought something."""
        if self.accepted or not self.duplicate:
            return None
        unapplied = " The labels given now were not applied." if self.labels_given else ""
        return f"{self.name}: every event was here already.{unapplied} A separate copy is made with: --source NAME"


def import_file(
    database: Database,
    settings: Settings,
    path: str,
    format_name: str,
    naming: Naming,
    progress: Progress,
) -> ImportReceipt:
    """Import one file, or the standard input for `-`. `format_name` is `auto` or one of `records.FORMATS`.

    Raises UsageError when the file cannot be read or holds no record of the format, StoreUnavailable when the database
    fails; then the import may be started again.
    """
    labels_given = any((naming.model, naming.provider, naming.project, naming.workload))
    with opened(path, format_name) as (source, found):
        size_bytes = source.size_bytes if isinstance(source, LogFile) else 0

        def done(pass_number: int) -> Callable[[int], None]:
            return lambda read_bytes: progress(
                pass_number * size_bytes + read_bytes, 2 * size_bytes
            )

        sha256 = source.digest(done(0)) if isinstance(source, LogFile) else None
        sender = msgspec.structs.replace(naming, vendor_of=vendors.vendor_of)
        import_ = _Import(database, settings, source.name, found, naming.namespace, sha256)
        receipt = import_.run(
            functools.partial(_batches, source, found, sender, sha256, done(1)), labels_given
        )
        progress(2 * size_bytes, 2 * size_bytes)
    log.info(
        "file_imported", name=receipt.name, accepted=receipt.accepted, duplicate=receipt.duplicate
    )
    return receipt


def _batches(
    source: LogFile | Pipe,
    format_name: str,
    naming: Naming,
    sha256: str | None,
    seen: Callable[[int], None],
    start: Mark,
) -> Iterator[Batch]:
    return records.batches(
        format_name, source.chunks(seen, start.offset_bytes), sha256, naming, start
    )


@contextmanager
def opened(path: str, format_name: str) -> Iterator[tuple[LogFile | Pipe, str]]:
    """A source and its format, `auto` or one of `records.FORMATS`. Raises UsageError.

    A trace from a pipe is copied first: its lines are identified by the hash of the whole.

    Other formats are not: their records may hold prompts, which must never come to rest on a disk of ours.
    """
    if format_name not in ("auto", *records.FORMATS):
        raise UsageError(f"{format_name!r} is no format; use auto, {', '.join(records.FORMATS)}")
    source = (
        Pipe(io.BufferedReader(cast("io.RawIOBase", sys.stdin.buffer)))
        if path == STDIN
        else LogFile(Path(path), path)
    )
    head = source.head()
    found = (
        records.detect(source.name, head)
        if format_name == "auto" or not head.strip()
        else format_name
    )
    if isinstance(source, Pipe) and found == records.TRACE_CSV:
        with tempfile.NamedTemporaryFile() as copy:
            source.copy_to(copy)
            yield LogFile(Path(copy.name), STDIN), found
    else:
        yield source, found


def check_format(name: str, format_name: str, first: Readings) -> None:
    """Raises UsageError where the first records show that a file is of another kind."""
    if len(first.refused) == first.count:
        raise UsageError(f"{name} does not read as {format_name}: {first.refused[0].reason}")


@dataclasses.dataclass(slots=True)
class _Import:
    """One run over one file."""

    database: Database
    settings: Settings
    name: str
    format_name: str
    namespace: str
    sha256: str | None
    memory: store.Memory = dataclasses.field(default_factory=store.Memory)

    def run(
        self, batches_from: Callable[[Mark], Iterator[Batch]], labels_given: bool
    ) -> ImportReceipt:
        before = self._before()
        is_new = before is None or before.finished_at is None
        mark = (
            Mark(before.offset_bytes, before.offset_records)
            if before is not None and is_new
            else START
        )
        skipped = before.records if before is not None and is_new else 0
        position, counts, refusals = skipped, Counter[str](), list[Refusal]()
        for found, end in _groups(batches_from(mark), skipped - mark.records):
            readings = Readings()
            readings.add_all(found, clock.now_us())
            if not position:
                check_format(self.name, self.format_name, readings)
            mark = end or mark
            outcomes = self._commit(
                readings, position + len(found), mark, finished=False, noted=is_new
            )
            counts.update(outcome.value for outcome in outcomes)
            receipt = readings.receipt(outcomes)
            counts["ignored"] += receipt.ignored
            counts["rejected"] += len(receipt.rejected)
            shown = receipt.rejected[: MAX_REFUSALS - len(refusals)]
            refusals += [Refusal(position + refusal.index, refusal.reason) for refusal in shown]
            position += len(found)
        self._commit(Readings(), position, mark, finished=True, noted=is_new)
        return ImportReceipt(
            self.name,
            self.format_name,
            counts["accepted"],
            counts["duplicate"],
            counts["conflict"],
            counts["ignored"],
            counts["rejected"],
            tuple(refusals),
            skipped,
            labels_given,
        )

    def _before(self) -> ImportedFile | None:
        if self.sha256 is None:
            return None
        with self.database.snapshot() as session:
            return session.get(ImportedFile, (self.sha256, self.namespace, self.format_name))

    def _commit(
        self, readings: Readings, position: int, mark: Mark, *, finished: bool, noted: bool
    ) -> list[Outcome]:
        def note(session: Session) -> None:
            if self.sha256 is not None and noted:
                key = (self.sha256, self.namespace, self.format_name)
                row = session.get(ImportedFile, key)
                if row is None:
                    row = ImportedFile(
                        sha256=key[0], namespace=key[1], format=key[2], name=self.name
                    )
                row.records = position
                row.offset_bytes, row.offset_records = mark.offset_bytes, mark.records
                row.finished_at = clock.now_us() if finished else None
                session.add(row)

        return ingest.commit_group(
            self.database,
            readings.events,
            max_series=self.settings.max_series,
            memory=self.memory,
            also=note,
        )


def _groups(batches: Iterator[Batch], skipped: int) -> Iterator[Batch]:
    """Batches joined or divided into what one transaction takes, without the first `skipped` records."""
    held: list[Reading] = []
    for readings, end in batches:
        held += readings[skipped:]
        skipped = max(0, skipped - len(readings))
        if len(held) >= CHUNK_RECORDS:
            yield from _divided(held, end)
            held = []
    if held:
        yield from _divided(held, None)


def _divided(held: list[Reading], end: Mark | None) -> Iterator[Batch]:
    for start in range(0, len(held), CHUNK_RECORDS):
        is_last = start + CHUNK_RECORDS >= len(held)
        yield held[start : start + CHUNK_RECORDS], end if is_last else None
