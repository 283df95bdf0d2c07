"""What a parser makes of one record: an event, a record to ignore, or a rejection. Pure."""

from dataclasses import dataclass

from ledger.events import Event


@dataclass(frozen=True, slots=True)
class Ignored:
    """A well-formed record that reports no usage."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not an event. The reason is one line: the field and the remedy, never the content."""

    reason: str


Reading = Event | Ignored | Rejected
