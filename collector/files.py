"""Bulk import of log files, up to CHUNK_RECORDS records a transaction.

How far a file has been read is stored in the same transaction as the records, so an import that
was stopped goes on from there. An import that is repeated changes nothing, because every record
has an identity: from the record, or from the file's hash and the line.
"""

import dataclasses
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

from collector import (
    detection,
    formats,
    ingest,
    record_lines,
    records,
    spend_logs,
    vendors,
)
from collector.parsing.format import Format, LineFormat
from collector.parsing.naming import Naming
from collector.parsing.reading import Reading
from collector.reason_counts import ReasonCounts, RefusedReason
from collector.receipts import Readings, RejectedRecord
from collector.records import START, Mark, RecordBatch
from collector.sources import LogFile, Pipe
from collector.spend_logs import CsvFile, CsvPipe, SpendLogTable
from ledger import clock, store
from ledger.database import Database
from ledger.errors import UsageError
from ledger.outcomes import Outcome
from ledger.settings import Settings
from ledger.tables.files import ImportedFile

CHUNK_RECORDS = 20_000
MAX_REJECTIONS = 20
"""How many rejected records a receipt shows; the others are counted."""
STDIN = "-"
AUTO = "auto"
"""The format's name where the file's first bytes shall tell it."""

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all, which is 0 for a pipe.

A file is read twice, first for its hash and then for its records; both count.
"""

log = structlog.get_logger()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ImportReceipt:
    """What became of a file's records. The counts add up to the records read by this import.

    `resumed_after` is how many records an earlier, stopped import has dealt with; they are not in
    the counts.
    """

    name: str
    format: str
    accepted: int
    duplicate: int
    grown: int
    conflict: int
    ignored: int
    rejected: int
    refusals: tuple[RejectedRecord, ...]
    reasons: tuple[RefusedReason, ...]
    resumed_after: int
    labels_given: bool

    @property
    def refused(self) -> int:
        """How many of its records are in no figure: rejected ones, and those in conflict."""
        return self.rejected + self.conflict

    def remark(self) -> str | None:
        """What to know about a file that brought nothing new, on one line; None if it did."""
        if self.accepted or self.grown or not self.duplicate:
            return None
        unapplied = " The labels of this import were not applied." if self.labels_given else ""
        return (
            f"{self.name}: every event is in the ledger already.{unapplied}"
            " To import a separate copy, add: --source NAME"
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An open source of records, its format, and the line on which its first record begins."""

    source: LogFile | Pipe | SpendLogTable
    format: Format
    first_line: int

    @property
    def size_bytes(self) -> int:
        """The size of a file, or the rows of a table; 0 for a pipe."""
        return 0 if isinstance(self.source, Pipe) else self.source.size_bytes

    def check_first(self, readings: Readings) -> None:
        """Raises UsageError if none of the first records can be read: the file is of another kind.

        A record whose time and counts could be read is one of the format, though a bad one.
        """
        if len(readings.rejected) == readings.count > 0 and not readings.has_events:
            raise UsageError(
                f"{self.source.name}, line {self.first_line}, read as {self.format.title}:"
                f" {readings.rejected[0].reason}"
            )


def import_file(
    database: Database,
    settings: Settings,
    path: str,
    *,
    format_name: str,
    naming: Naming,
    progress: Progress,
) -> ImportReceipt:
    """Import one file, or the standard input for `-`.

    `format_name` is `auto` or one of `formats.NAMES`. Raises UsageError when the file cannot be
    read or holds no record of the format, and StoreUnavailable when the database fails; then the
    import may be started again.
    """
    with open_input(path, format_name) as records_input:
        receipt = _Import(
            database=database,
            settings=settings,
            input=records_input,
            naming=msgspec.structs.replace(naming, vendor_of=vendors.vendor_of),
            progress=progress,
        ).run()
    log.info(
        "file_imported", name=receipt.name, accepted=receipt.accepted, duplicate=receipt.duplicate
    )
    return receipt


@contextmanager
def open_input(path: str, format_name: str) -> Iterator[Input]:
    """Open a source, and tell its format if the name is `auto`. Raises UsageError.

    Lines without ids are identified by the hash of their file, so a pipe of them is copied first.
    Other formats are never copied: their records may hold prompts, which must not lie on a disk
    of ours.
    """
    format = None if format_name == AUTO else formats.by_name(format_name)
    source = _open_source(path)
    head = source.head()
    if not isinstance(source, SpendLogTable) and spend_logs.is_csv(head):
        source = _read_csv(source)
        head = source.head()
    if format is None or not head.strip():
        format = detection.detect(source.name, head)
    first_line = detection.first_record_line(format, head)
    if isinstance(source, Pipe) and isinstance(format, LineFormat):
        with tempfile.NamedTemporaryFile() as copy:
            source.copy_to(copy)
            yield Input(
                source=LogFile(Path(copy.name), STDIN), format=format, first_line=first_line
            )
    else:
        yield Input(source=source, format=format, first_line=first_line)


def _open_source(path: str) -> LogFile | Pipe | SpendLogTable:
    if spend_logs.is_address(path):
        return SpendLogTable(path)
    if path == STDIN:
        return Pipe(io.BufferedReader(cast("io.RawIOBase", sys.stdin.buffer)))
    return LogFile(Path(path), path)


def _read_csv(source: LogFile | Pipe) -> LogFile | Pipe:
    """A CSV of spend logs as JSON lines."""
    if isinstance(source, LogFile):
        return CsvFile(source.path, source.name)
    return CsvPipe(source.raw, source.name, source.read_ahead, source.unread)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where an import begins: the mark to read from, and how many records were dealt with before.

    `notes_progress` is False for a pipe, and for a file that was imported to its end before.
    """

    mark: Mark = START
    records: int = 0
    notes_progress: bool


@dataclasses.dataclass(slots=True, kw_only=True)
class _Import:
    """One run over one file."""

    database: Database
    settings: Settings
    input: Input
    naming: Naming
    progress: Progress
    file_sha256: str | None = None
    memory: store.Memory = dataclasses.field(default_factory=store.Memory)

    def run(self) -> ImportReceipt:
        if isinstance(self.input.source, LogFile):
            self.file_sha256 = self.input.source.digest(self._report_pass(0))
        start = self._find_start()
        mark, position = start.mark, start.records
        counts, rejections, reasons = Counter[str](), list[RejectedRecord](), ReasonCounts()
        for batch in _regroup(self._read_from(mark), start.records - mark.records):
            readings = Readings(self.naming.namespace)
            readings.add_all(batch.readings, clock.now_us())
            if not position:
                self.input.check_first(readings)
            mark = batch.end or mark
            end = position + readings.count
            note = self._note(mark, end) if start.notes_progress else None
            outcomes = self._commit(readings, note)
            receipt = readings.receipt(outcomes)
            counts.update(outcome.value for outcome in outcomes)
            counts.update(ignored=receipt.ignored, rejected=len(receipt.rejected))
            for record in receipt.rejected[: MAX_REJECTIONS - len(rejections)]:
                rejections.append(RejectedRecord(position + record.index, record.reason))
            reasons.add(readings, receipt, position)
            position = end
        if start.notes_progress:
            self._commit(Readings(), self._note(mark, position, is_finished=True))
        self.progress(2 * self.input.size_bytes, 2 * self.input.size_bytes)
        return self._receipt(
            counts, tuple(rejections), self._place(reasons), resumed_after=start.records
        )

    def _place(self, reasons: ReasonCounts) -> tuple[RefusedReason, ...]:
        """The reasons, with the lines on which their first records begin."""
        source, firsts = self.input.source, reasons.first_records
        if not firsts or not isinstance(source, LogFile):
            return reasons.list_all({})
        chunks = source.chunks(self._report_pass(1))
        return reasons.list_all(record_lines.find_lines(chunks, self.input.format, firsts))

    def _receipt(
        self,
        counts: Counter[str],
        rejections: tuple[RejectedRecord, ...],
        reasons: tuple[RefusedReason, ...],
        *,
        resumed_after: int,
    ) -> ImportReceipt:
        naming = self.naming
        return ImportReceipt(
            name=self.input.source.name,
            format=self.input.format.name,
            accepted=counts["accepted"],
            duplicate=counts["duplicate"],
            grown=counts["grown"],
            conflict=counts["conflict"],
            ignored=counts["ignored"],
            rejected=counts["rejected"],
            refusals=rejections,
            reasons=reasons,
            resumed_after=resumed_after,
            labels_given=any((naming.model, naming.provider, naming.project, naming.workload)),
        )

    def _read_from(self, mark: Mark) -> Iterator[RecordBatch]:
        chunks = self.input.source.chunks(self._report_pass(1), mark.offset_bytes)
        return records.read_batches(
            chunks, self.input.format, self.naming, file_sha256=self.file_sha256, start=mark
        )

    def _report_pass(self, number: int) -> Callable[[int], None]:
        """What reports the progress of one of the two passes over the file."""
        size_bytes = self.input.size_bytes
        if not isinstance(self.input.source, LogFile):
            return lambda read_bytes: self.progress(read_bytes, size_bytes)
        return lambda read_bytes: self.progress(number * size_bytes + read_bytes, 2 * size_bytes)

    def _find_start(self) -> _Start:
        if self.file_sha256 is None:
            return _Start(notes_progress=False)
        with self.database.snapshot() as session:
            row = session.get(ImportedFile, self._row_key(self.file_sha256))
        if row is None:
            return _Start(notes_progress=True)
        if row.finished_at is not None:
            return _Start(notes_progress=False)
        mark = Mark(row.offset_bytes, row.offset_records)
        return _Start(mark=mark, records=row.records, notes_progress=True)

    def _row_key(self, file_sha256: str) -> tuple[str, str, str]:
        return file_sha256, self.naming.namespace, self.input.format.name

    def _note(
        self, mark: Mark, position: int, *, is_finished: bool = False
    ) -> Callable[[Session], None]:
        """What stores how far the file has been read, in the transaction of its records."""

        def note(session: Session) -> None:
            sha256, namespace, format_name = self._row_key(self.file_sha256 or "")
            row = session.get(ImportedFile, (sha256, namespace, format_name)) or ImportedFile(
                sha256=sha256, namespace=namespace, format=format_name, name=self.input.source.name
            )
            row.records = position
            row.offset_bytes, row.offset_records = mark.offset_bytes, mark.records
            row.finished_at = clock.now_us() if is_finished else None
            session.add(row)

        return note

    def _commit(self, readings: Readings, note: Callable[[Session], None] | None) -> list[Outcome]:
        return ingest.commit_group(
            self.database,
            readings.events,
            # Those of a file that was read to its end before are counted.
            readings.refusals if note is not None or self.file_sha256 is None else (),
            max_series=self.settings.max_series,
            memory=self.memory,
            also=note,
        )


def _regroup(batches: Iterator[RecordBatch], skipped: int) -> Iterator[RecordBatch]:
    """Batches of the size of one transaction, without the first `skipped` records."""
    readings: list[Reading] = []
    for batch in batches:
        readings += batch.readings[skipped:]
        skipped = max(0, skipped - len(batch.readings))
        if len(readings) >= CHUNK_RECORDS:
            yield from _divide(readings, batch.end)
            readings = []
    if readings:
        yield from _divide(readings, None)


def _divide(readings: list[Reading], end: Mark | None) -> Iterator[RecordBatch]:
    for start in range(0, len(readings), CHUNK_RECORDS):
        is_last = start + CHUNK_RECORDS >= len(readings)
        yield RecordBatch(readings[start : start + CHUNK_RECORDS], end if is_last else None)
