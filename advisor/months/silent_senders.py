"""Senders that spoke before and say nothing now. It only reads, but for `remember`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from sqlmodel import Session

from advisor.months import silence
from ledger import clock, facts, rollups, senders
from ledger.months import Month
from ledger.senders import LastEvent, UsageSender

FACT = "silence_starts"
"""The fact that holds when each quiet sender becomes silent, so that its past is read once."""
CARRIED_DAYS = 31
"""How long before a month a sender may have fallen silent and still be missed in the month."""
_LEAST_US = silence.LEAST_HOURS * clock.HOUR_US


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentSender:
    """A sender that is silent: its last event, and since when it is overdue and silent.

    All are UTC epoch microseconds.
    """

    namespace: str
    project: str
    last_occurred_at: int
    overdue_from: int
    silent_from: int

    @property
    def sender(self) -> UsageSender:
        """Its names."""
        return UsageSender(self.namespace, self.project)


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceStart:
    """When a quiet sender becomes silent if nothing follows; None: it never does.

    It holds for as long as the last event and the number of requests are these.
    """

    namespace: str
    project: str
    last_occurred_at: int
    requests: int
    overdue_from: int
    silent_from: int | None


@dataclass(frozen=True, slots=True)
class Survey:
    """The senders that are quiet for `silence.LEAST_HOURS`, and until when their events are known.

    `known_until` is in UTC epoch microseconds.
    """

    starts: tuple[SilenceStart, ...]
    known_until: int

    @property
    def silent(self) -> tuple[SilentSender, ...]:
        """The senders that are silent, by their names."""
        return tuple(
            SilentSender(
                namespace=start.namespace,
                project=start.project,
                last_occurred_at=start.last_occurred_at,
                overdue_from=start.overdue_from,
                silent_from=start.silent_from,
            )
            for start in self.starts
            if start.silent_from is not None and start.silent_from <= self.known_until
        )

    @property
    def version(self) -> str:
        """A text that differs where another sender is quiet or silent."""
        return f"{sha256(_encode(self.starts).encode()).hexdigest()[:16]} {len(self.silent)}"


def survey(session: Session, now_us: int) -> Survey:
    """The quiet senders now; sample traffic is none.

    While events wait to be rolled up, it is as of the oldest of them: they may break a silence.
    """
    _, oldest_us = rollups.count_pending(session, now_us)
    known_until = now_us if oldest_us is None else min(now_us, oldest_us)
    return Survey(tuple(_starts(session, now_us)), known_until)


def find(session: Session, now_us: int) -> tuple[SilentSender, ...]:
    """The senders that are silent now, by their names."""
    return survey(session, now_us).silent


def remember(session: Session, surveyed: Survey) -> None:
    """Store when each quiet sender becomes silent, so that its past need not be read again."""
    content = _encode(surveyed.starts)
    if content != facts.get(session, FACT):
        facts.put(session, FACT, content)


def missed_in(month: Month, silent: Iterable[SilentSender]) -> tuple[SilentSender, ...]:
    """Those of some silent senders whose events the month may lack.

    They were overdue before its end, and their last event lies in the month or at most CARRIED_DAYS
    before it.
    """
    first = month.start_us - CARRIED_DAYS * clock.DAY_US
    return tuple(
        sender
        for sender in silent
        if first <= sender.last_occurred_at and sender.overdue_from < month.end_us
    )


def version(silent: Sequence[SilentSender]) -> str:
    """A text that differs for different silences; empty where nobody is silent."""
    if not silent:
        return ""
    return _encode(
        [(sender.namespace, sender.project, sender.last_occurred_at) for sender in silent]
    )


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _starts(session: Session, now_us: int) -> list[SilenceStart]:
    """When each sender that is quiet for LEAST_HOURS becomes silent, as remembered or now."""
    samples = set(facts.sample_projects(session))
    quiet = {
        sender: last
        for sender, last in senders.last_events(session).items()
        if last.occurred_at <= now_us - _LEAST_US and sender.project not in samples
    }
    remembered = {
        UsageSender(start.namespace, start.project): start
        for start in msgspec.json.decode(facts.get(session, FACT) or "[]", type=list[SilenceStart])
    }
    new = {
        sender: last
        for sender, last in quiet.items()
        if not _is_current(remembered.get(sender), last)
    }
    computed = _compute_starts(session, new)
    return [computed.get(sender) or remembered[sender] for sender in quiet]


def _is_current(start: SilenceStart | None, last: LastEvent) -> bool:
    return start is not None and (start.last_occurred_at, start.requests) == (
        last.occurred_at,
        last.requests,
    )


def _compute_starts(
    session: Session, last_events: Mapping[UsageSender, LastEvent]
) -> dict[UsageSender, SilenceStart]:
    """By sender, from the hours of its history."""
    starts: dict[UsageSender, SilenceStart] = {}
    for sender, last in last_events.items():
        last_hour = clock.hour_of(last.occurred_at)
        history = range(last_hour - silence.HISTORY_HOURS, last_hour + 1)
        hours = senders.hours_with_events(session, sender, history)
        quiet = silence.find_silence(hours) if hours else None
        starts[sender] = SilenceStart(
            namespace=sender.namespace,
            project=sender.project,
            last_occurred_at=last.occurred_at,
            requests=last.requests,
            overdue_from=quiet.overdue_from * clock.HOUR_US if quiet else 0,
            silent_from=quiet.silent_from * clock.HOUR_US if quiet else None,
        )
    return starts
