"""What a parser makes of one record: an event, a record to ignore, or a rejection. Pure."""

from dataclasses import dataclass, field

from ledger.events import Event
from ledger.refusal_reasons import RefusalReason


@dataclass(frozen=True, slots=True)
class Ignored:
    """A well-formed record that reports no usage."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """What can be read of a refused record. `digest` recognises it when it is sent again."""

    digest: bytes
    occurred_at: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not an event. The reason is one line: the field and the remedy, never the content.

    Two rejections with the same reason are equal, whatever was read of their records.
    """

    reason: str
    word: RefusalReason = field(default=RefusalReason.UNREADABLE, compare=False)
    glimpse: Glimpse | None = field(default=None, compare=False)


Reading = Event | Ignored | Rejected
