"""The drainer: a thread that moves what waits in the spool into the ledger, oldest first.

A group leaves the spool after its commit. If the process is killed in between, the group is moved
again and the ledger finds duplicates, so each event counts once. What can never be stored is set
aside and counted, so that nothing behind it waits for ever.
"""

import random
import threading
from collections import Counter
from collections.abc import Sequence

import msgspec
import structlog

from collector import spool
from collector.ingest import GROUP_EVENTS, POISONED, Commit
from collector.spool import Spool, SpooledGroup
from ledger.errors import StoreUnavailable
from ledger.outcomes import Outcome
from ledger.refusals import RefusedElement

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0
"""Between two attempts while the database is away."""
IDLE_SECONDS = 0.2
REFUSED = "refused"
"""The outcome of events that can never be stored."""

_AT_FAULT = (*POISONED, msgspec.MsgspecError)

log = structlog.get_logger()


class Drainer:
    """Empties a spool whenever it can. `outcomes` counts what became of its events."""

    def __init__(self, source: Spool, commit: Commit) -> None:
        self._spool = source
        self._commit = commit
        self.outcomes: Counter[str] = Counter()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drainer", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still works."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop after the current group. What waits stays in the spool."""
        self._closed.set()
        self._thread.join(LONGEST_PAUSE_SECONDS)

    def _run(self) -> None:
        pause, is_away = IDLE_SECONDS, False
        while not self._closed.wait(pause):
            try:
                moved = self._move(self._spool.oldest(GROUP_EVENTS))
            except StoreUnavailable as error:
                if not is_away:
                    log.warning("spool_waits", events=self._spool.events, reason=str(error))
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS) if is_away else SHORTEST_PAUSE_SECONDS
                # So that collectors do not come back all at once.
                pause *= random.uniform(0.8, 1.2)  # noqa: S311  # no secret
                is_away = True
            else:
                pause, is_away = 0 if moved else IDLE_SECONDS, False

    def _move(self, groups: Sequence[SpooledGroup]) -> bool:
        """Move groups into the ledger; whether there were any."""
        if not groups:
            return False
        try:
            contents = [group.decode() for group in groups]
            outcomes = self._commit(
                [event for events, _ in contents for event in events],
                [refusal for _, refusals in contents for refusal in refusals],
            )
        except _AT_FAULT as error:
            # One event is at fault, or a body that cannot be decoded: only that is set aside.
            if len(groups) > 1:
                for group in groups:
                    self._move([group])
                return True
            outcomes = self._store_singly(groups[0], error)
        self._spool.remove(groups)
        self.outcomes.update(str(outcome) for outcome in outcomes)
        if self._spool.is_empty:
            log.info("spool_drained", outcomes=dict(self.outcomes))
        return True

    def _store_singly(self, group: SpooledGroup, error: Exception) -> list[Outcome]:
        """Store each event of a group alone, and set aside those that cannot be stored."""
        try:
            events, refusals = group.decode()
        except msgspec.MsgspecError:
            self._set_aside(group.events, group.body, error)
            return []
        outcomes: list[Outcome] = []
        for event in events:
            try:
                outcomes += self._commit([event], ())
            except _AT_FAULT as fault:
                self._set_aside(1, spool.encode([event]), fault)
        self._count_refusals(refusals)
        return outcomes

    def _count_refusals(self, refusals: Sequence[RefusedElement]) -> None:
        """Count them in the ledger; what cannot be counted is set aside too."""
        try:
            self._commit([], refusals)
        except _AT_FAULT as fault:
            self._set_aside(0, spool.encode([], refusals), fault)

    def _set_aside(self, events: int, body: bytes, error: Exception) -> None:
        log.error("spooled_events_refused", events=events, fault=type(error).__name__)
        self._spool.refuse(events, body, type(error).__name__)
        self.outcomes[REFUSED] += events
