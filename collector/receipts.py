"""What became of the elements of one body: the parsers' readings, then with the store's outcomes the receipt. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector.parsing.reading import Reading, Rejected
from ledger import events, store
from ledger.events import Event
from ledger.store import Outcome

MAX_UNKNOWN_FIELDS = 10


@dataclass(frozen=True, slots=True)
class Refusal:
    """An element that was not stored: its index in what was sent, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a write. Its numbers and the length of `rejected` add up to the elements that were sent."""

    accepted: int
    duplicate: int
    conflict: int
    ignored: int
    spooled: int
    rejected: list[Refusal]


@dataclass(frozen=True, slots=True)
class NativeReceipt(Receipt):
    """The answer to native events; names the first fields that were ignored because the contract has none of that name."""

    unknown_fields: list[str]


class Readings:
    """The elements of a body as read so far. `count` includes those that were ignored or refused."""

    __slots__ = ("_indexes", "count", "events", "ignored", "refused", "unknown_fields")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.ignored = 0
        self.refused: list[Refusal] = []
        self.count = 0
        self.unknown_fields: dict[str, None] = {}
        self._indexes: list[int] = []

    def add(self, reading: Reading, now_us: int) -> None:
        """Take the next element. An event that no parser should have let through is refused here."""
        if type(reading) is Event:
            fault = events.fault_of(reading, now_us)
            if fault is None:
                self.events.append(reading)
                self._indexes.append(self.count)
            else:
                self.refused.append(Refusal(self.count, fault))
        elif isinstance(reading, Rejected):
            self.refused.append(Refusal(self.count, reading.reason))
        else:
            self.ignored += 1
        self.count += 1

    def add_all(self, readings: Sequence[Reading], now_us: int) -> None:
        """Take the next elements."""
        for reading in readings:
            if type(reading) is Event and events.fault_of(reading, now_us) is None:
                self.events.append(reading)
                self._indexes.append(self.count)
                self.count += 1
            else:
                self.add(reading, now_us)

    @property
    def is_plain(self) -> bool:
        """Whether the receipt has numbers only."""
        return not self.refused and not self.unknown_fields

    def note_unknown(self, names: Sequence[str]) -> None:
        """Remember names of unknown fields, the first few of a body."""
        for name in names:
            if len(self.unknown_fields) < MAX_UNKNOWN_FIELDS:
                self.unknown_fields[name] = None

    def receipt(self, outcomes: Sequence[Outcome]) -> Receipt:
        """The receipt, given the outcome of each of `events`."""
        refused = self.refused
        if Outcome.SEALED in outcomes:
            refused = sorted([*refused, *self._sealed(outcomes)], key=lambda refusal: refusal.index)
        return Receipt(
            accepted=outcomes.count(Outcome.ACCEPTED),
            duplicate=outcomes.count(Outcome.DUPLICATE),
            conflict=outcomes.count(Outcome.CONFLICT),
            ignored=self.ignored,
            spooled=outcomes.count(Outcome.SPOOLED),
            rejected=refused,
        )

    def native_receipt(self, outcomes: Sequence[Outcome]) -> NativeReceipt:
        """The receipt of native events."""
        plain = self.receipt(outcomes)
        return NativeReceipt(
            plain.accepted,
            plain.duplicate,
            plain.conflict,
            plain.ignored,
            plain.spooled,
            plain.rejected,
            list(self.unknown_fields),
        )

    def _sealed(self, outcomes: Sequence[Outcome]) -> Iterator[Refusal]:
        for index, outcome in zip(self._indexes, outcomes, strict=True):
            if outcome is Outcome.SEALED:
                yield Refusal(index, store.SEALED)
