"""The bridge between the event loop and the writer's thread.

Events go over, and what became of them comes back, within a time limit.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence

from collector.ingest import CommitResult, GroupCommitter, Submission
from ledger import clock
from ledger.errors import StoreUnavailable
from ledger.events import Event
from ledger.refusals import RefusedElement

PATIENCE_SECONDS = 2.0
"""How long a request waits for the writer; then its sender is asked to try again."""
STORED_A_SECOND = 10_000
"""Events that the slowest machine we know stores in a second: a large body may wait longer."""
_SWEEP_SECONDS = 0.1


Settle = Callable[[CommitResult], None]
"""Called with the outcomes of a submission, or with the error that kept it from being stored."""


class Answers:
    """The submissions of one event loop that wait for their commit.

    There is one wake-up of the loop for a group and one timer for all: with one of each for every
    submission they took longer than parsing. Only `_take_result` is called in the writer's thread.
    """

    def __init__(self, committer: GroupCommitter) -> None:
        self._committer = committer
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending: dict[Submission, tuple[Settle, float]] = {}
        self._results: deque[tuple[Submission, CommitResult]] = deque()
        self._is_woken = False
        self._is_sweeping = False

    def submit(
        self,
        events: Sequence[Event],
        settle: Settle,
        *,
        body_events: int,
        refusals: Sequence[RefusedElement] = (),
    ) -> Submission:
        """Have events stored and refusals counted, and `settle` called after the commit.

        It is never called from in here.
        Where that takes too long for a body of `body_events`, it is called with StoreUnavailable,
        and the commit may still happen. Raises what GroupCommitter.submit raises.
        """
        loop = self._loop
        if loop is None or loop.is_closed():
            # Once only, because it is a system call.
            loop = self._loop = asyncio.get_running_loop()
        give_up_at = clock.monotonic_seconds() + PATIENCE_SECONDS + body_events / STORED_A_SECOND
        submission = self._committer.submit(events, self._take_result, refusals)
        self._pending[submission] = (settle, give_up_at)
        if not self._is_sweeping:
            self._is_sweeping = True
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
        return submission

    def withdraw(self, submission: Submission) -> None:
        """Drop a submission whose result nobody needs: it is not stored if it still waits."""
        if self._pending.pop(submission, None) is not None:
            self._committer.withdraw(submission)

    def _take_result(self, submission: Submission, result: CommitResult) -> None:
        self._results.append((submission, result))
        if not self._is_woken and self._loop is not None:
            self._is_woken = True
            # If the loop has ended, so have all that waited in it.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._settle_all, self._loop)

    def _settle_all(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_woken = False
        try:
            while self._results:
                submission, result = self._results.popleft()
                pending = self._pending.pop(submission, None)
                if pending is not None:
                    pending[0](result)
        finally:
            # A fault in one answer must not cost the others theirs.
            if self._results:
                loop.call_soon(self._settle_all, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = clock.monotonic_seconds()
        late = [
            (submission, settle)
            for submission, (settle, give_up_at) in self._pending.items()
            if give_up_at <= now
        ]
        for submission, _ in late:
            self.withdraw(submission)
        self._is_sweeping = bool(self._pending)
        if self._is_sweeping:
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
        for _, settle in late:
            settle(
                StoreUnavailable(
                    "the database is busy; nothing of this was acknowledged, try again"
                )
            )
