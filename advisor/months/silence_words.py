"""How a silence reads on every face: who says nothing, since when, and for how long. Pure."""

from collections.abc import Iterable

from advisor import words
from advisor.months.silent_senders import SilentSender
from ledger import access, clock, prose
from ledger.senders import UsageSender

_MINUTE_US = 60 * clock.SECOND_US


def write_instant(instant_us: int) -> str:
    """An instant to the minute, in UTC: `2026-11-24T18:00Z`."""
    return clock.rfc3339(instant_us // _MINUTE_US * _MINUTE_US).replace(":00Z", "Z")


def write_duration(duration_us: int) -> str:
    """How long something lasts in days or hours: `6 days`, `7 hours`."""
    hours = max(0, duration_us) // clock.HOUR_US
    return words.counted(hours, "hour") if hours < 48 else words.counted(round(hours / 24), "day")


def write_sender(sender: UsageSender) -> str:
    """A sender by its project; with its namespace where that is not the usual one."""
    is_usual = sender.namespace == access.DEFAULT_NAMESPACE
    return sender.project if is_usual else f"{sender.namespace}/{sender.project}"


def write_silence(sender: UsageSender, last_occurred_at: int, now_us: int) -> str:
    """`search: nothing since 2026-11-24T18:00Z (6 days)`."""
    return (
        f"{write_sender(sender)}: nothing since {write_instant(last_occurred_at)}"
        f" ({write_duration(now_us - last_occurred_at)})"
    )


def list_silences(silent: Iterable[SilentSender], now_us: int) -> str:
    """Several silences in a row."""
    return prose.all_of(
        [write_silence(sender.sender, sender.last_occurred_at, now_us) for sender in silent]
    )
