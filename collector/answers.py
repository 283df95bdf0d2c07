"""Between the event loop and the writer's thread: events go over, and what became of them comes back, in time or not at all."""

import asyncio
import functools
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


class Asked:
    """One request's events, or a slice of them, on their way to the ledger."""

    __slots__ = ("give_up_at", "settle", "waiting")

    def __init__(self, settle: Callable[[Heard], None], give_up_at: float) -> None:
        self.settle = settle
        self.give_up_at = give_up_at
        self.waiting: Waiting | None = None


class Answers:
    """Everyone who waits for a commit. One wake-up of the loop a group and one timer for all: of each its own, they took
    longer than parsing. Belongs to the loop that asks; only `_hear` is called in the writer's thread.
    """

    def __init__(self, committer: GroupCommitter) -> None:
        self._committer = committer
        self._asked: dict[Asked, None] = {}
        self._heard: deque[tuple[Asked, Heard]] = deque()
        self._is_woken = False
        self._is_sweeping = False

    def ask(self, events: Sequence[Event], settle: Callable[[Heard], None], of_events: int) -> Asked:
        """Have events stored, and `settle` called with what became of them, after the commit: never from in here.

        Where that takes too long for a body `of_events`, it is called with StoreUnavailable; it may still happen.
        Raises what GroupCommitter.submit raises.
        """
        loop = asyncio.get_running_loop()
        asked = Asked(settle, clock.monotonic_seconds() + PATIENCE_SECONDS + of_events / STORED_A_SECOND)
        asked.waiting = self._committer.submit(events, functools.partial(self._hear, loop, asked))
        self._asked[asked] = None
        if not self._is_sweeping:
            self._is_sweeping = True
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
        return asked

    def withdraw(self, asked: Asked) -> None:
        """Nobody waits any more: what has not had its turn is not stored."""
        if self._asked.pop(asked, asked) is None and asked.waiting is not None:
            self._committer.withdraw(asked.waiting)

    def _hear(self, loop: asyncio.AbstractEventLoop, asked: Asked, heard: Heard) -> None:
        self._heard.append((asked, heard))
        if not self._is_woken:
            self._is_woken = True
            loop.call_soon_threadsafe(self._tell, loop)

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_woken = False
        try:
            while self._heard:
                asked, heard = self._heard.popleft()
                if self._asked.pop(asked, asked) is None:
                    asked.settle(heard)
        finally:
            # A fault in one answer costs nobody else theirs.
            if self._heard:
                loop.call_soon(self._tell, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = clock.monotonic_seconds()
        for asked in [each for each in self._asked if each.give_up_at <= now]:
            self.withdraw(asked)
            asked.settle(StoreUnavailable("the database is busy; nothing of this was acknowledged, try again"))
        self._is_sweeping = bool(self._asked)
        if self._is_sweeping:
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
