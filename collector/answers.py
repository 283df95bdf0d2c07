"""Between the event loop and the writer's thread: events go over, and what became of them comes back, in time or not at all."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence

from collector.ingest import GroupCommitter, Heard, Waiting
from ledger import clock
from ledger.errors import StoreUnavailable
from ledger.events import Event

PATIENCE_SECONDS = 2.0
"""How long a request waits for the writer; then its sender is told to come back."""
STORED_A_SECOND = 10_000
"""Events that the slowest machine we know of stores in a second: a large body may wait that much longer for itself."""
_SWEEP_SECONDS = 0.1


class Answers:
    """Everyone who waits for a commit. One wake-up of the loop a group and one timer for all: of each its own, they took
    longer than parsing. Belongs to the loop that asks; only `_hear` is called in the writer's thread.
    """

    def __init__(self, committer: GroupCommitter) -> None:
        self._committer = committer
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: dict[Waiting, tuple[Callable[[Heard], None], float]] = {}
        self._heard: deque[tuple[Waiting, Heard]] = deque()
        self._is_woken = False
        self._is_sweeping = False

    def ask(
        self, events: Sequence[Event], settle: Callable[[Heard], None], of_events: int
    ) -> Waiting:
        """Have events stored, and `settle` called with what became of them, after the commit: never from in here.

        Where that takes too long for a body `of_events`, it is called with StoreUnavailable; it may still happen.
        Raises what GroupCommitter.submit raises.
        """
        loop = self._loop
        if loop is None or loop.is_closed():
            # Asked once: it is a system call each time.
            loop = self._loop = asyncio.get_running_loop()
        give_up_at = clock.monotonic_seconds() + PATIENCE_SECONDS + of_events / STORED_A_SECOND
        waiting = self._committer.submit(events, self._hear)
        self._asked[waiting] = (settle, give_up_at)
        if not self._is_sweeping:
            self._is_sweeping = True
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
        return waiting

    def withdraw(self, waiting: Waiting) -> None:
        """Nobody wants to hear of it any more: what has not had its turn is not stored."""
        if self._asked.pop(waiting, None) is not None:
            self._committer.withdraw(waiting)

    def _hear(self, waiting: Waiting, heard: Heard) -> None:
        self._heard.append((waiting, heard))
        if not self._is_woken and self._loop is not None:
            self._is_woken = True
            # A loop that has ended took everyone who waited with it.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell, self._loop)

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_woken = False
        try:
            while self._heard:
                waiting, heard = self._heard.popleft()
                asked = self._asked.pop(waiting, None)
                if asked is not None:
                    asked[0](heard)
        finally:
            # A fault in one answer costs nobody else theirs.
            if self._heard:
                loop.call_soon(self._tell, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = clock.monotonic_seconds()
        late = [
            (waiting, settle)
            for waiting, (settle, give_up_at) in self._asked.items()
            if give_up_at <= now
        ]
        for waiting, _ in late:
            self.withdraw(waiting)
        self._is_sweeping = bool(self._asked)
        if self._is_sweeping:
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
        for _, settle in late:
            settle(
                StoreUnavailable(
                    "the database is busy; nothing of this was acknowledged, try again"
                )
            )
