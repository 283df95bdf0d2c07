"""What became of an event that was sent, as a word."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    GROWN = "grown"
    """It is a larger snapshot of a stored record, and has replaced it."""
    CONFLICT = "conflict"
    SEALED = "sealed"
    SPOOLED = "spooled"
    """A collector has it on disk and stores it as soon as the database answers again."""
