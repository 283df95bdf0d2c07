"""What became of the records of one body or file: their readings, then the receipt. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector.parsing.reading import Glimpse, Reading, Rejected
from ledger import events, refusals, store
from ledger.events import Event
from ledger.outcomes import Outcome
from ledger.refusals import RefusedElement

MAX_UNKNOWN_FIELDS = 10


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that was not stored: its index among those that were sent, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to a write. The counts and the rejected records add up to what was sent."""

    accepted: int
    duplicate: int
    grown: int
    conflict: int
    ignored: int
    spooled: int
    rejected: list[RejectedRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeReceipt(Receipt):
    """The answer to native events, with the first few names of fields that were ignored."""

    unknown_fields: list[str]


class Readings:
    """The records of a body as read so far. `count` includes ignored and rejected ones.

    `refusals` says of each rejected one what the ledger counts, for `namespace`.
    """

    __slots__ = (
        "_indexes",
        "_refused_events",
        "count",
        "events",
        "ignored",
        "namespace",
        "refusals",
        "rejected",
        "unknown_fields",
    )

    def __init__(self, namespace: str = "default") -> None:
        self.namespace = namespace
        self.events: list[Event] = []
        self.ignored = 0
        self.rejected: list[RejectedRecord] = []
        self.refusals: list[RefusedElement] = []
        self._refused_events = 0
        self.count = 0
        self.unknown_fields: dict[str, None] = {}
        self._indexes: list[int] = []

    def add(self, reading: Reading, now_us: int) -> None:
        """Add the next record. An event that no parser should have let through is rejected."""
        if type(reading) is Event:
            fault = events.fault_of(reading, now_us)
            if fault is None:
                self.events.append(reading)
                self._indexes.append(self.count)
            else:
                refusal = refusals.of_event(reading, fault.reason, fault.sentence, now_us)
                self._reject(refusal)
                self._refused_events += 1
        elif isinstance(reading, Rejected):
            self._reject(self._refusal(reading, now_us))
        else:
            self.ignored += 1
        self.count += 1

    def add_all(self, readings: Sequence[Reading], now_us: int) -> None:
        """Add the next records."""
        fault_of, good_events, indexes = events.fault_of, self.events, self._indexes
        for reading in readings:
            if type(reading) is Event and fault_of(reading, now_us) is None:
                good_events.append(reading)
                indexes.append(self.count)
                self.count += 1
            else:
                self.add(reading, now_us)

    def _reject(self, refusal: RefusedElement) -> None:
        self.rejected.append(RejectedRecord(self.count, refusal.sentence))
        self.refusals.append(refusal)

    def _refusal(self, rejected: Rejected, now_us: int) -> RefusedElement:
        glimpse = rejected.glimpse or Glimpse(digest=b"")
        return RefusedElement(
            day=refusals.day_of(glimpse.occurred_at, now_us),
            namespace=self.namespace,
            reason=rejected.word,
            sentence=rejected.reason,
            digest=glimpse.digest,
            input_tokens=glimpse.input_tokens,
            output_tokens=glimpse.output_tokens,
        )

    @property
    def has_events(self) -> bool:
        """Whether some record could be read as an event, though perhaps one to refuse."""
        return bool(self.events) or self._refused_events > 0

    @property
    def has_unreadable(self) -> bool:
        """Whether some record could not be read as an event."""
        return len(self.rejected) > self._refused_events

    @property
    def is_plain(self) -> bool:
        """Whether the receipt has numbers only."""
        return not self.rejected and not self.unknown_fields

    def note_unknown(self, names: Sequence[str]) -> None:
        """Remember names of unknown fields, the first few of a body."""
        for name in names:
            if len(self.unknown_fields) < MAX_UNKNOWN_FIELDS:
                self.unknown_fields[name] = None

    def receipt(self, outcomes: Sequence[Outcome]) -> Receipt:
        """The receipt, from the outcome of each of `events`."""
        rejected = self.rejected
        if Outcome.SEALED in outcomes:
            rejected = sorted([*rejected, *self._sealed(outcomes)], key=lambda record: record.index)
        return Receipt(
            accepted=outcomes.count(Outcome.ACCEPTED),
            duplicate=outcomes.count(Outcome.DUPLICATE),
            grown=outcomes.count(Outcome.GROWN),
            conflict=outcomes.count(Outcome.CONFLICT),
            ignored=self.ignored,
            spooled=outcomes.count(Outcome.SPOOLED),
            rejected=rejected,
        )

    def native_receipt(self, outcomes: Sequence[Outcome]) -> NativeReceipt:
        """The receipt of a format that reports unknown fields."""
        receipt = self.receipt(outcomes)
        return NativeReceipt(
            accepted=receipt.accepted,
            duplicate=receipt.duplicate,
            grown=receipt.grown,
            conflict=receipt.conflict,
            ignored=receipt.ignored,
            spooled=receipt.spooled,
            rejected=receipt.rejected,
            unknown_fields=list(self.unknown_fields),
        )

    def _sealed(self, outcomes: Sequence[Outcome]) -> Iterator[RejectedRecord]:
        for index, outcome in zip(self._indexes, outcomes, strict=True):
            if outcome is Outcome.SEALED:
                yield RejectedRecord(index, store.SEALED)
