"""Usage straight from log files: read, told apart by identity and summed in memory, without storing an event.

What comes out are the sums that a ledger would hold after importing the same files in the same order, to the last digit.
Helpers sum the whole lines of large files; whatever is not plain there is read here, in its place.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from collector import files, records, vendors
from collector.block_pool import BlockPool
from collector.files import Progress
from collector.parsing.naming import Naming
from collector.parsing.reading import Ignored, Reading
from collector.receipts import Readings
from collector.sources import LogFile
from ledger import clock, events, rollups, series, usage
from ledger.database import Database
from ledger.events import Event, Labels
from ledger.settings import Settings
from ledger.usage import Sums, Tally

BLOCK_BYTES = 4 << 20
"""What a helper is given at once: its events shrink to a few sums on the way back."""


class Part(msgspec.Struct, array_like=True):
    """What a block comes to: sums, packed by the place of their labels in `labels`, and the identity of each event."""

    labels: list[Labels]
    sums: bytes
    keys: list[bytes]
    ignored: int

    def __len__(self) -> int:
        return len(self.keys) + self.ignored


class DirectSums:
    """The sums of files, one after the other. Some 110 bytes of memory an event, for its identity."""

    def __init__(self, helpers: BlockPool | None = None) -> None:
        self._helpers = helpers
        self.counts: Counter[str] = Counter()
        """How many records were counted, repeated, ignored and rejected."""
        self._seen: set[bytes] = set()
        self._places: dict[Labels, int] = {}
        self._sums = Sums()

    def read(self, path: str, format_name: str, naming: Naming, progress: Progress) -> None:
        """Add a file, `-` for the standard input. Raises UsageError as an import does."""
        sender = msgspec.structs.replace(naming, vendor_of=vendors.vendor_of)
        with files.opened(path, format_name) as (source, found):
            size_bytes = source.size_bytes if isinstance(source, LogFile) else 0
            sha256 = (
                source.digest(lambda _: None)
                if isinstance(source, LogFile) and found == records.TRACE_CSV
                else None
            )
            chunks = source.chunks(lambda done: progress(done, size_bytes))
            before = self.counts.total()
            if self._helpers and found != records.TRACE_CSV:
                self._add_parts(self._helpers, found, chunks, sender)
            else:
                for readings, _ in records.batches(found, chunks, sha256, sender):
                    if self.counts.total() == before:
                        files.check_format(source.name, found, _checked(readings))
                    self._add_each(readings)
            progress(size_bytes, size_bytes)

    def store(self, database: Database, settings: Settings) -> None:
        """Write the sums into the rollups of a ledger that holds nothing else."""
        with database.transaction() as session:
            ids = series.intern(session, self._places, settings.max_series)
            moved = usage.renumber(self._sums, [ids[each] for each in self._places])
            rollups.add(session, moved, clock.now_us(), settings.max_metric_sets)

    def _add_parts(
        self, helpers: BlockPool, format_name: str, chunks: Iterator[bytes], naming: Naming
    ) -> None:
        parse = records.whole_parser(format_name)
        summed = functools.partial(_part, format_name, naming)
        pairs = helpers.mapped(summed, records.blocks(chunks, BLOCK_BYTES))
        for batch in records.in_order(format_name, pairs, naming):
            part = batch.whole
            if part is None:
                self._add_each(batch.readings)
            elif len(set(part.keys)) == len(part.keys) and self._seen.isdisjoint(part.keys):
                self.counts.update(counted=len(part.keys), ignored=part.ignored)
                self._seen.update(part.keys)
                self._merge(part.labels, part.sums)
            else:
                self._add_each(parse(batch.lines, naming) or [])

    def _add_each(self, readings: Iterable[Reading]) -> None:
        now_us, tally, places = clock.now_us(), Tally(), _Places()
        for reading in readings:
            if not isinstance(reading, Event):
                self.counts["ignored" if isinstance(reading, Ignored) else "rejected"] += 1
            elif events.fault_of(reading, now_us) is not None:
                self.counts["rejected"] += 1
            elif (key := events.key_of(reading)) in self._seen:
                self.counts["repeated"] += 1
            else:
                self.counts["counted"] += 1
                self._seen.add(key)
                tally.add(reading, places.of(reading.labels))
        self._merge(places.labels, tally.pack())

    def _merge(self, labels: Sequence[Labels], packed: bytes) -> None:
        places = [self._places.setdefault(each, len(self._places)) for each in labels]
        self._sums.merge(usage.renumber(usage.unpack(packed), places))


class _Places:
    """Label sets, numbered in the order in which they came."""

    def __init__(self) -> None:
        self.labels: list[Labels] = []
        self._place_of: dict[Labels, int] = {}

    def of(self, labels: Labels) -> int:
        place = self._place_of.setdefault(labels, len(self.labels))
        if place == len(self.labels):
            self.labels.append(labels)
        return place


def _checked(readings: Iterable[Reading]) -> Readings:
    checked = Readings()
    checked.add_all(list(readings), clock.now_us())
    return checked


def _part(format_name: str, naming: Naming, block: bytes) -> Part | None:
    """What a block of whole lines comes to; None if one of them is no event. Runs in a process of its own."""
    readings = records.whole_parser(format_name)(block, naming)
    if readings is None:
        return None
    now_us, tally, places, ignored = clock.now_us(), Tally(), _Places(), 0
    keys: list[bytes] = []
    for reading in readings:
        if isinstance(reading, Event) and events.fault_of(reading, now_us) is None:
            keys.append(events.key_of(reading))
            tally.add(reading, places.of(reading.labels))
        elif isinstance(reading, Ignored):
            ignored += 1
        else:
            return None
    return Part(places.labels, tally.pack(), keys, ignored)
