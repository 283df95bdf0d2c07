"""Usage straight from log files: read, told apart by identity and summed in memory.

No event is stored. The sums are those that a ledger would hold after importing the same files in
the same order, to the last digit. A pool of processes sums the whole lines of large files; what a
process cannot sum is read here, in its place.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from collector import files, records, vendors
from collector.block_pool import BlockPool
from collector.files import Input, Progress
from collector.parsing.format import JsonFormat, LineFormat
from collector.parsing.naming import Naming
from collector.parsing.reading import Ignored, Reading, Rejected
from collector.receipts import Readings
from collector.sources import LogFile
from ledger import clock, events, growth, refusals, rollups, series, usage
from ledger.database import Database
from ledger.errors import UsageError
from ledger.events import Event, Labels
from ledger.growth import Version
from ledger.outcomes import Outcome
from ledger.settings import Settings
from ledger.usage import Sums, Tally

BLOCK_BYTES = 4 << 20
"""The size of the blocks for the pool: the sums of one are small enough to be sent back."""


class BlockSums(msgspec.Struct, array_like=True, kw_only=True):
    """What a block comes to: packed sums, and the identity of each event.

    The sums name a label set by its place in `labels`.
    """

    labels: list[Labels]
    packed_sums: bytes
    keys: list[bytes]
    ignored: int

    def __len__(self) -> int:
        return len(self.keys) + self.ignored


class DirectSums:
    """The sums of files, one after the other. It takes some 110 bytes of memory an event."""

    def __init__(self, pool: BlockPool | None = None) -> None:
        self._pool = pool
        self.counts: Counter[str] = Counter()
        """How many records were counted, early, repeated, grown, ignored and rejected."""
        self._keys: set[bytes] = set()
        self._growing: dict[bytes, Version] = {}
        self._places: dict[Labels, int] = {}
        self._sums = Sums()
        self._refused = Readings()

    def add_file(self, path: str, format_name: str, naming: Naming, progress: Progress) -> None:
        """Add a file, `-` for the standard input. Raises UsageError as an import does."""
        naming = msgspec.structs.replace(naming, vendor_of=vendors.vendor_of)
        with files.open_input(path, format_name) as records_input:
            size_bytes = records_input.size_bytes
            chunks = records_input.source.chunks(
                lambda done_bytes: progress(done_bytes, size_bytes)
            )
            for readings in self._read(records_input, chunks, naming):
                self._add_readings(readings)
            progress(size_bytes, size_bytes)

    def store(self, database: Database, settings: Settings) -> None:
        """Write the sums into the rollups of a ledger that holds nothing else."""
        self._add_grown()
        with database.transaction() as session:
            ids = series.intern(session, self._places, settings.max_series)
            sums = usage.renumber(self._sums, [ids[labels] for labels in self._places])
            rollups.add(session, sums, clock.now_us(), settings.max_metric_sets)
            refusals.add(session, self._refused.refusals)

    def _read(
        self, records_input: Input, chunks: Iterator[bytes], naming: Naming
    ) -> Iterator[list[Reading]]:
        """The readings that are summed here: all, or those that the pool leaves over."""
        before = self.counts.total()
        if self._pool and isinstance(records_input.format, JsonFormat):
            batches = self._sum_blocks(self._pool, records_input.format, chunks, naming)
        else:
            sha256 = _digest(records_input)
            batches = (
                batch.readings
                for batch in records.read_batches(
                    chunks, records_input.format, naming, file_sha256=sha256
                )
            )
        for readings in batches:
            if self.counts.total() == before:
                _check_first(records_input, readings)
            yield readings

    def _sum_blocks(
        self, pool: BlockPool, format: JsonFormat, chunks: Iterator[bytes], naming: Naming
    ) -> Iterator[list[Reading]]:
        """Add what the pool has summed; yields the readings of the other blocks."""
        work = functools.partial(_sum_block, format, naming)
        products = pool.map(work, records.split_blocks(chunks, BLOCK_BYTES))
        for block in records.merge_blocks(products, format, naming):
            sums = block.product
            if sums is None:
                yield block.readings
            elif len(set(sums.keys)) == len(sums.keys) and self._keys.isdisjoint(sums.keys):
                self.counts.update(counted=len(sums.keys), ignored=sums.ignored)
                self._keys.update(sums.keys)
                self._merge(sums.labels, sums.packed_sums)
            else:
                yield format.parse_body(block.lines, naming) or []

    def _add_readings(self, readings: Iterable[Reading]) -> None:
        now_us, tally, places = clock.now_us(), Tally(), _Places()
        for reading in readings:
            if isinstance(reading, Ignored):
                self.counts["ignored"] += 1
            elif isinstance(reading, Rejected) or events.fault_of(reading, now_us) is not None:
                self.counts["rejected"] += 1
                self._refused.add(reading, now_us)
            elif (key := events.key_of(reading)) in self._growing or reading.is_snapshot:
                self._grow(key, reading, now_us)
            elif key in self._keys:
                self.counts["repeated"] += 1
            elif events.is_early(reading, now_us):
                self.counts["early"] += 1
                self._keys.add(key)
            else:
                self.counts["counted"] += 1
                self._keys.add(key)
                _add(tally, reading, places)
        self._merge(places.labels, tally.pack())

    def _grow(self, key: bytes, event: Event, now_us: int) -> None:
        """Hold a growing record until the end. Raises UsageError for one that is summed already."""
        current = self._growing.get(key)
        if current is None:
            if key in self._keys:
                raise UsageError(
                    "a snapshot follows a record of the same request that does not say that it"
                    " grows; import the files instead, or send snapshot: true with each record"
                )
            self._keys.add(key)
            self._growing[key] = growth.version_of(event)
            self.counts["early" if events.is_early(event, now_us) else "counted"] += 1
            return
        self._growing[key], outcomes = growth.fold(current, [event])
        self.counts["grown" if Outcome.GROWN in outcomes else "repeated"] += 1

    def _add_grown(self) -> None:
        now_us, tally, places = clock.now_us(), Tally(), _Places()
        for event, _ in self._growing.values():
            if not events.is_early(event, now_us):
                _add(tally, event, places)
        self._growing.clear()
        self._merge(places.labels, tally.pack())

    def _merge(self, label_sets: Sequence[Labels], packed_sums: bytes) -> None:
        places = [self._places.setdefault(labels, len(self._places)) for labels in label_sets]
        self._sums.merge(usage.renumber(usage.unpack(packed_sums), places))


class _Places:
    """Label sets, numbered in the order in which they came."""

    def __init__(self) -> None:
        self.labels: list[Labels] = []
        self._numbers: dict[Labels, int] = {}

    def number(self, labels: Labels) -> int:
        """The number of a label set, a new one if it has none yet."""
        number = self._numbers.setdefault(labels, len(self.labels))
        if number == len(self.labels):
            self.labels.append(labels)
        return number


def _add(tally: Tally, event: Event, places: _Places) -> None:
    tally.add(event, places.number(event.labels))
    if event.meters:
        tally.add_meters(event, places.number)


def _digest(records_input: Input) -> str | None:
    """The hash that identifies lines without ids."""
    source = records_input.source
    if isinstance(records_input.format, LineFormat) and isinstance(source, LogFile):
        return source.digest(lambda _size_bytes: None)
    return None


def _check_first(records_input: Input, readings: list[Reading]) -> None:
    first = Readings()
    first.add_all(readings, clock.now_us())
    records_input.check_first(first)


def _sum_block(format: JsonFormat, naming: Naming, block: bytes) -> BlockSums | None:
    """What a block of whole lines comes to; None if one is no event. It runs in the pool."""
    readings = format.parse_body(block, naming)
    if readings is None:
        return None
    now_us, tally, places, ignored = clock.now_us(), Tally(), _Places(), 0
    keys: list[bytes] = []
    for reading in readings:
        if isinstance(reading, Event) and _is_plain(reading, now_us):
            keys.append(events.key_of(reading))
            _add(tally, reading, places)
        elif isinstance(reading, Ignored):
            ignored += 1
        else:
            return None
    return BlockSums(labels=places.labels, packed_sums=tally.pack(), keys=keys, ignored=ignored)


def _is_plain(event: Event, now_us: int) -> bool:
    """Whether it counts at once and for good."""
    return (
        not event.is_snapshot
        and events.fault_of(event, now_us) is None
        and not events.is_early(event, now_us)
    )
