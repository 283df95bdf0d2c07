"""Following a log file: its records go into the ledger as they are written, and how far it was read in the same transaction.

So a restart, however it came about, neither loses a record nor stores one twice. The records must have ids of their own.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog
from sqlmodel import Session

from collector import ingest, records, vendors
from collector.files import Batch
from collector.growing_file import GrowingFile, Part, Place, Stopped, Truncated
from collector.parsing.naming import Naming
from collector.receipts import Readings
from collector.records import Mark
from collector.sources import LogFile
from ledger import clock, store
from ledger.database import Database
from ledger.errors import StoreUnavailable, UsageError
from ledger.settings import Settings
from ledger.tables.files import TailedFile

FORMATS = tuple(name for name in records.FORMATS if name != records.TRACE_CSV)
"""Formats whose records have ids: a line that is known by its number in the file cannot be told again after a rotation."""
LONGEST_PAUSE_SECONDS = 5.0
"""Between two attempts to store while the database is away."""

log = structlog.get_logger()


@dataclass(slots=True)
class Tail:
    """One file that is followed. `counts` tells what became of its records since the start."""

    database: Database
    settings: Settings
    path: Path
    format_name: str
    naming: Naming
    stopped: threading.Event
    counts: Counter[str] = field(default_factory=Counter)
    _memory: store.Memory = field(default_factory=store.Memory)

    def run(self) -> None:
        """Follow the file until told to stop. Raises UsageError for a file that cannot be read or is of no format with ids."""
        if self.format_name not in ("auto", *FORMATS):
            raise UsageError(
                f"{self.format_name!r} cannot be followed, for its records have no ids; use {', '.join(FORMATS)}"
            )
        naming = msgspec.structs.replace(self.naming, vendor_of=vendors.vendor_of)
        growing = GrowingFile(self.path.absolute(), self._place(), self.stopped)
        try:
            for part in growing.parts():
                position = part.start.records
                try:
                    for batch in records.batches(
                        self._format(), part.chunks, None, naming, part.start
                    ):
                        self._store(growing, part, batch, position)
                        position += len(batch[0])
                except Truncated:
                    log.info("file_truncated", path=str(self.path))
        except Stopped:
            log.info("tail_stopped", path=str(self.path), **self.counts)

    def _format(self) -> str:
        """The format, told from the first whole lines if it was not given."""
        while self.format_name == "auto":
            head = LogFile(self.path, str(self.path)).head()
            if b"\n" in head:
                found = records.detect(str(self.path), head)
                if found not in FORMATS:
                    raise UsageError(
                        f"{self.path} is {found}, whose records have no ids; import it once it is complete"
                    )
                self.format_name = found
            elif self.stopped.wait(1):
                raise Stopped
        return self.format_name

    def _store(self, growing: GrowingFile, part: Part, batch: Batch, position: int) -> None:
        found, end = batch
        readings = Readings()
        readings.add_all(found, clock.now_us())
        place = part.place(end) if end else growing.place
        outcomes = self._commit(readings, place)
        growing.place = place
        receipt = readings.receipt(outcomes)
        self.counts.update(outcome.value for outcome in outcomes)
        self.counts.update(ignored=receipt.ignored, rejected=len(receipt.rejected))
        for refusal in receipt.rejected:
            log.warning(
                "record_rejected",
                path=str(self.path),
                record=position + refusal.index,
                reason=refusal.reason,
            )

    def _commit(self, readings: Readings, place: Place | None) -> list[store.Outcome]:
        """Store records and the place behind them; again for as long as the database is away."""

        def note(session: Session) -> None:
            if place is not None:
                session.merge(
                    TailedFile(
                        path=str(self.path.absolute()),
                        namespace=self.naming.namespace,
                        head_sha256=place.head_sha256,
                        head_bytes=place.head_bytes,
                        offset_bytes=place.mark.offset_bytes,
                        records=place.mark.records,
                        updated_at=clock.now_us(),
                    )
                )

        pause_seconds = 0.1
        while True:
            try:
                return ingest.commit_group(
                    self.database,
                    readings.events,
                    max_series=self.settings.max_series,
                    memory=self._memory,
                    also=note,
                )
            except StoreUnavailable as error:
                log.warning("tail_waits", path=str(self.path), reason=str(error))
                if self.stopped.wait(pause_seconds):
                    raise Stopped from error
                pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    def _place(self) -> Place | None:
        with self.database.snapshot() as session:
            row = session.get(TailedFile, (str(self.path.absolute()), self.naming.namespace))
        return (
            Place(row.head_sha256, row.head_bytes, Mark(row.offset_bytes, row.records))
            if row
            else None
        )
