"""Group commit: one writer thread stores what many requests wait for in one transaction.

It reports to each request after the commit, and nothing here may acknowledge an event before. A
group is whatever arrived during the previous commit, so there is no timer or batch size to tune.
"""

import functools
import threading
from collections.abc import Callable, Sequence

import psycopg
import pysqlite3.dbapi2 as sqlite3
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from collector.backlog import EVENT_BYTES, Backlog
from ledger import bulk, clock, refusals, store
from ledger.database import Database
from ledger.errors import StoreUnavailable
from ledger.events import Event
from ledger.outcomes import Outcome
from ledger.refusals import RefusedElement

GROUP_EVENTS = 20_000
"""A group closes at this size, so that one commit never holds the write lock for long."""
ATTEMPTS = 5
_DEAD = "the writer has died; nothing of this was acknowledged, try again"
_DAYS_AT_ONCE = 64
"""Partitions made in one transaction: each takes several of PostgreSQL's shared locks."""

# PostgreSQL's deadlock, its serialisation failure, and a row without a partition: retention may
# drop one between two commits.
_PASSING = frozenset({"40P01", "40001", "23514"})
# What one event could cause that no parser should let through: other requests must not fail too.
POISONED = (SQLAlchemyError, psycopg.Error, sqlite3.Error, ArithmeticError, ValueError)

log = structlog.get_logger()


Commit = Callable[[Sequence[Event], Sequence[RefusedElement]], list[Outcome]]
"""Stores events and counts refusals; the outcome of each event, after the commit.

Raises StoreUnavailable.
"""
CommitResult = list[Outcome] | Exception
"""The outcome of each event of a request, or why none was stored."""


class Submission:
    """The events of one request that wait for the writer, and what was refused of it.

    `report` is called once with what became of the events, in the writer's thread.
    """

    __slots__ = ("events", "is_claimed", "refusals", "report")

    def __init__(
        self, events: Sequence[Event], report: "Report", refusals: Sequence[RefusedElement] = ()
    ) -> None:
        self.events = events
        self.refusals = refusals
        self.report = report
        self.is_claimed = False


Report = Callable[[Submission, CommitResult], None]


class GroupCommitter:
    """The only writer of events in its process. `close` stores what waits and ends the thread."""

    def __init__(self, commit: Commit, backlog: Backlog) -> None:
        self._commit = commit
        self._backlog = backlog
        self._changed = threading.Condition()
        self._waiting: dict[Submission, None] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="group-committer", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the writer works. If not, the process can store nothing and must be restarted."""
        return self._thread.is_alive()

    def submit(
        self, events: Sequence[Event], report: Report, refusals: Sequence[RefusedElement] = ()
    ) -> Submission:
        """Have events stored and refusals counted.

        `report` is called after the commit, or when it was not possible.
        The caller has checked `events.fault_of`. Raises Overloaded when too much is waiting, and
        StoreUnavailable when the writer has ended; then `report` is not called.
        """
        submission = Submission(events, report, refusals)
        size_bytes = len(events) * EVENT_BYTES
        self._backlog.reserve(size_bytes)
        with self._changed:
            is_closed = self._closed
            if not is_closed:
                if not self._waiting:
                    self._changed.notify()
                self._waiting[submission] = None
        if is_closed:
            self._backlog.release(size_bytes)
            raise StoreUnavailable("the collector is stopping; nothing of this was kept, try again")
        return submission

    def withdraw(self, submission: Submission) -> bool:
        """Take back what still waits, so that it is not stored. False if it is too late."""
        with self._changed:
            still_waits = not submission.is_claimed
            if still_waits:
                submission.is_claimed = True
                del self._waiting[submission]
        if still_waits:
            self._backlog.release(len(submission.events) * EVENT_BYTES)
        return still_waits

    def close(self) -> None:
        """Store what is waiting, then end. Later submissions are refused."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while group := self._next_group():
                self._store(group)
        except BaseException:
            with self._changed:
                self._closed = True
                unstored = list(self._waiting)
                self._waiting.clear()
            self._report_failure(unstored, StoreUnavailable(_DEAD))
            raise

    def _next_group(self) -> list[Submission]:
        """All that waits, up to GROUP_EVENTS; waits for some; empty once closed and drained."""
        group: list[Submission] = []
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            size = 0
            for submission in self._waiting:
                submission.is_claimed = True
                group.append(submission)
                size += len(submission.events)
                if size >= GROUP_EVENTS:
                    break
            if len(group) == len(self._waiting):
                self._waiting.clear()
            else:
                for submission in group:
                    del self._waiting[submission]
        return group

    def _store(self, group: list[Submission]) -> None:
        events = [event for submission in group for event in submission.events]
        refusals = [refusal for submission in group for refusal in submission.refusals]
        try:
            outcomes = self._commit(events, refusals)
        except StoreUnavailable as error:
            self._report_failure(group, error)
        except POISONED as error:
            if len(group) > 1:
                for submission in group:
                    self._store([submission])
            else:
                self._report_failure(group, error)
        except BaseException:
            self._report_failure(group, StoreUnavailable(_DEAD))
            raise
        else:
            self._backlog.release(len(events) * EVENT_BYTES)
            start = 0
            for submission in group:
                end = start + len(submission.events)
                submission.report(submission, outcomes[start:end])
                start = end

    def _report_failure(self, group: list[Submission], error: Exception) -> None:
        """Report to each of a group that its events were not stored."""
        self._backlog.release(sum(len(submission.events) for submission in group) * EVENT_BYTES)
        for submission in group:
            submission.report(submission, error)


def make_commit(database: Database, max_series: int) -> Commit:
    """What commits groups to the database, for one thread. It remembers rows between groups."""
    return functools.partial(commit_group, database, max_series=max_series, memory=store.Memory())


def commit_group(
    database: Database,
    group: Sequence[Event],
    refused: Sequence[RefusedElement] = (),
    *,
    max_series: int,
    memory: store.Memory | None = None,
    also: Callable[[Session], None] | None = None,
) -> list[Outcome]:
    """Store events, count what was refused, and write what `also` does, in one transaction.

    Returns after the commit.

    A transaction that failed for a passing reason is tried again. Raises StoreUnavailable.
    """
    days = sorted({event.occurred_at // clock.DAY_US for event in group})
    memory = memory or store.Memory()
    attempt = 1
    while True:
        try:
            for start in range(0, len(days), _DAYS_AT_ONCE):
                database.prepare_days(days[start : start + _DAYS_AT_ONCE])
            with database.group() as session:
                outcomes = store.add(
                    session, group, now_us=clock.now_us(), max_series=max_series, memory=memory
                )
                if refused:
                    refusals.add(session, refused)
                if also is not None:
                    also(session)
        except bulk.TransactionLost:
            # From now on the writer looks before it inserts, for a while.
            memory.forget()
        except (StoreUnavailable, *POISONED) as error:
            memory.forget()
            if attempt == ATTEMPTS or not is_passing(error):
                raise
            log.warning("group_tried_again", attempt=attempt, events=len(group))
            database.forget_partitions()
            threading.Event().wait(0.01 * attempt)
            attempt += 1
        else:
            memory.confirm()
            return outcomes


def is_passing(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when it is tried again at once."""
    cause: BaseException | None = error
    while cause is not None:
        for exception in (cause, getattr(cause, "orig", None)):
            if isinstance(exception, psycopg.Error) and exception.sqlstate in _PASSING:
                return True
        cause = cause.__cause__
    return False
