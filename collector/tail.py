"""Following a log file: its records go into the ledger as they are written.

How far the file was read is stored in the same transaction as its records, so a restart neither
loses a record nor stores one twice. The records must have ids of their own: a line that is known
by its number in the file could not be recognised after a rotation.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog
from sqlmodel import Session

from collector import detection, formats, ingest, records, vendors
from collector.files import AUTO
from collector.growing_file import FilePart, FilePlace, GrowingFile, Stopped, Truncated
from collector.parsing.format import JsonFormat
from collector.parsing.naming import Naming
from collector.receipts import Readings
from collector.records import Mark, RecordBatch
from collector.sources import LogFile
from ledger import clock, prose, store
from ledger.database import Database
from ledger.errors import StoreUnavailable, UsageError
from ledger.outcomes import Outcome
from ledger.settings import Settings
from ledger.tables.files import TailedFile

LONGEST_PAUSE_SECONDS = 5.0
"""Between two attempts to store while the database is away."""

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Tail:
    """One file that is followed. `counts` has what became of its records since the start."""

    database: Database
    settings: Settings
    path: Path
    format_name: str
    naming: Naming
    stop: threading.Event
    counts: Counter[str] = field(default_factory=Counter)
    _memory: store.Memory = field(default_factory=store.Memory)

    def run(self) -> None:
        """Follow the file until `stop` is set.

        Raises UsageError for a file that cannot be read, or is of no format with ids.
        """
        named_format = None if self.format_name == AUTO else self._with_ids(self.format_name)
        naming = msgspec.structs.replace(self.naming, vendor_of=vendors.vendor_of)
        file = GrowingFile(self.path.absolute(), self._stored_place(), self.stop)
        try:
            format = named_format
            for part in file.parts():
                format = format or self._detect_format()
                position = part.start.records
                batches = records.read_batches(part.chunks, format, naming, start=part.start)
                try:
                    for batch in batches:
                        self._store(file, part, batch, position)
                        position += len(batch.readings)
                except Truncated:
                    log.info("file_truncated", path=str(self.path))
        except Stopped:
            log.info("tail_stopped", path=str(self.path), **self.counts)

    def _with_ids(self, format_name: str) -> JsonFormat:
        format = formats.by_name(format_name)
        if isinstance(format, JsonFormat):
            return format
        raise UsageError(
            f"{format.title} cannot be followed, because its records have no ids;"
            f" use {prose.one_of(formats.NAMES_WITH_IDS)}, or import the file once it is complete"
        )

    def _detect_format(self) -> JsonFormat:
        """The format, told from the first whole lines."""
        while True:
            head = LogFile(self.path, str(self.path)).head()
            if b"\n" in head:
                return self._with_ids(detection.detect(str(self.path), head).name)
            if self.stop.wait(1):
                raise Stopped

    def _store(self, file: GrowingFile, part: FilePart, batch: RecordBatch, position: int) -> None:
        readings = Readings(self.naming.namespace)
        readings.add_all(batch.readings, clock.now_us())
        place = part.place_of(batch.end) if batch.end else file.place
        outcomes = self._commit(readings, place)
        file.place = place
        receipt = readings.receipt(outcomes)
        self.counts.update(outcome.value for outcome in outcomes)
        self.counts.update(ignored=receipt.ignored, rejected=len(receipt.rejected))
        for record in receipt.rejected:
            log.warning(
                "record_rejected",
                path=str(self.path),
                record=position + record.index,
                reason=record.reason,
            )

    def _commit(self, readings: Readings, place: FilePlace | None) -> list[Outcome]:
        """Store records and the place behind them; again for as long as the database is away."""

        def note_place(session: Session) -> None:
            if place is not None:
                session.merge(self._row(place))

        pause_seconds = 0.1
        while True:
            try:
                return ingest.commit_group(
                    self.database,
                    readings.events,
                    readings.refusals,
                    max_series=self.settings.max_series,
                    memory=self._memory,
                    also=note_place,
                )
            except StoreUnavailable as error:
                log.warning("tail_waits", path=str(self.path), reason=str(error))
                if self.stop.wait(pause_seconds):
                    raise Stopped from error
                pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    def _row(self, place: FilePlace) -> TailedFile:
        return TailedFile(
            path=str(self.path.absolute()),
            namespace=self.naming.namespace,
            head_sha256=place.head_sha256,
            head_bytes=place.head_bytes,
            offset_bytes=place.mark.offset_bytes,
            records=place.mark.records,
            updated_at=clock.now_us(),
        )

    def _stored_place(self) -> FilePlace | None:
        with self.database.snapshot() as session:
            row = session.get(TailedFile, (str(self.path.absolute()), self.naming.namespace))
        if row is None:
            return None
        return FilePlace(
            head_sha256=row.head_sha256,
            head_bytes=row.head_bytes,
            mark=Mark(row.offset_bytes, row.records),
        )
