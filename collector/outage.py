"""Commits with a time limit: what the database does not commit in time goes to the spool.

It is acknowledged as spooled. While anything waits in the spool, everything goes behind it: so
events reach the ledger in the order in which they came, and in an outage no request waits for the
database again.
"""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple

import structlog

from collector.ingest import POISONED, Commit
from collector.spool import Spool
from ledger.errors import StoreUnavailable
from ledger.events import Event
from ledger.outcomes import Outcome
from ledger.refusals import RefusedElement

log = structlog.get_logger()


class _Job(NamedTuple):
    events: Sequence[Event]
    refusals: Sequence[RefusedElement]
    future: Future[list[Outcome]]


class CommitLane:
    """One thread that commits for another, which waits for a limited time.

    A commit that nobody waits for any more may still happen.
    """

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._last: Future[list[Outcome]] | None = None
        # A daemon: a connection that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="commit-lane", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still works."""
        return self._thread.is_alive()

    def store(
        self, events: Sequence[Event], refusals: Sequence[RefusedElement], *, seconds: float
    ) -> list[Outcome]:
        """The outcomes, after the commit.

        Raises StoreUnavailable if that takes longer, and while an earlier commit hangs.
        """
        if self._last is not None and not self._last.done():
            raise StoreUnavailable("an earlier commit still hangs")
        future: Future[list[Outcome]] = Future()
        self._last = future
        self._jobs.put(_Job(events, refusals, future))
        try:
            return future.result(seconds)
        except TimeoutError as error:
            raise StoreUnavailable(
                f"the database has not committed within {seconds:g} seconds"
            ) from error

    def close(self) -> None:
        """End the thread after the current commit, without waiting for it."""
        self._jobs.put(None)

    def _run(self) -> None:
        while job := self._jobs.get():
            try:
                job.future.set_result(self._commit(job.events, job.refusals))
            except (StoreUnavailable, *POISONED) as error:
                job.future.set_exception(error)
            except BaseException:
                job.future.set_exception(StoreUnavailable("the commit lane has died"))
                raise


class SpoolFallback:
    """Commits to the database within a time limit, or else to the spool."""

    def __init__(self, lane: CommitLane, spool: Spool, after_seconds: float) -> None:
        self._lane = lane
        self._spool = spool
        self._after_seconds = after_seconds

    def store(self, events: Sequence[Event], refusals: Sequence[RefusedElement]) -> list[Outcome]:
        """The outcome of each event, durable either way.

        Raises StoreUnavailable when the spool is full or cannot be used.
        """
        if self._spool.is_empty:
            try:
                return self._lane.store(events, refusals, seconds=self._after_seconds)
            except StoreUnavailable as error:
                log.warning("spooling", reason=str(error))
        self._spool.append(events, refusals)
        return [Outcome.SPOOLED] * len(events)
