"""What a parser makes of one record: an event, a record to ignore, or a rejection. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from collector.parsing.naming import Naming
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

Parser = Callable[[bytes, Naming], Reading]
"""Reads one element of a body, given the naming of its sender."""

WholeParser = Callable[[bytes, Naming], list[Reading] | None]
"""Reads a whole body in one go; None where the elements must be cut apart first."""
