"""Group commit: one writer thread stores what many requests wait for in one transaction, and tells them after its commit.

The group is whatever arrived during the previous commit: no timer, no batch size to tune. Nothing here may acknowledge
an event before the transaction that holds it has committed.
"""

import functools
import threading
from collections.abc import Callable, Sequence

import psycopg
import pysqlite3.dbapi2 as sqlite3
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from collector.backlog import EVENT_BYTES
from collector.backlog import Room
from ledger import bulk, clock, store
from ledger.database import Database
from ledger.errors import StoreUnavailable
from ledger.events import Event
from ledger.store import Outcome

GROUP_EVENTS = 20_000
"""A group closes at this size, so that one commit never holds the write lock for long."""
ATTEMPTS = 5
_DEAD = "the writer has died; nothing of this was acknowledged, try again"
_DAYS_AT_ONCE = 64
"""Partitions made in one transaction: each takes several of PostgreSQL's shared locks."""

# PostgreSQL's deadlock, serialisation failure, and a row without a partition (retention may drop one between two commits).
_PASSING = frozenset({"40P01", "40001", "23514"})
# What one event could cause by being what no parser should let through: it must not take the other requests with it.
POISONED = (SQLAlchemyError, psycopg.Error, sqlite3.Error, ArithmeticError, ValueError)

log = structlog.get_logger()


Commit = Callable[[Sequence[Event]], list[Outcome]]
"""Stores events and returns the outcome of each, after the commit. Raises StoreUnavailable."""
Heard = list[Outcome] | Exception
"""What became of a request's events: the outcome of each, or why none was stored."""


class Waiting:
    """The events of one request that wait for the writer, and who is to hear of them, once, in the writer's thread."""

    __slots__ = ("events", "hear", "is_taken")

    def __init__(self, events: Sequence[Event], hear: "Callable[[Waiting, Heard], None]") -> None:
        self.events = events
        self.hear = hear
        self.is_taken = False


class GroupCommitter:
    """The only writer of events in its process. `close` stores what is waiting and ends the thread."""

    def __init__(self, commit: Commit, room: Room) -> None:
        self._commit = commit
        self._room = room
        self._changed = threading.Condition()
        self._waiting: dict[Waiting, None] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="group-committer", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the writer still works. Where it does not, the process can store nothing and must be started again."""
        return self._thread.is_alive()

    def submit(self, events: Sequence[Event], hear: Callable[[Waiting, Heard], None]) -> Waiting:
        """Have events stored; `hear` is told the outcome of each once that is committed, or why it was not possible.

        The caller has checked `events.fault_of`. Raises Overloaded when too much is waiting, StoreUnavailable when the
        writer has ended; then nobody hears anything.
        """
        waiting = Waiting(events, hear)
        size_bytes = len(events) * EVENT_BYTES
        self._room.take(size_bytes)
        with self._changed:
            ended = self._closed
            if not ended:
                if not self._waiting:
                    self._changed.notify()
                self._waiting[waiting] = None
        if ended:
            self._room.leave(size_bytes)
            raise StoreUnavailable("the collector is stopping; nothing of this was kept, try again")
        return waiting

    def withdraw(self, waiting: Waiting) -> bool:
        """Take back what has not had its turn: it is not stored, and nobody hears of it. False if it is too late."""
        with self._changed:
            is_here = not waiting.is_taken
            if is_here:
                waiting.is_taken = True
                del self._waiting[waiting]
        if is_here:
            self._room.leave(len(waiting.events) * EVENT_BYTES)
        return is_here

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
                left = list(self._waiting)
                self._waiting.clear()
            self._tell(left, StoreUnavailable(_DEAD))
            raise

    def _next_group(self) -> list[Waiting]:
        """Everything that waits, up to GROUP_EVENTS; sleeps while nothing does; empty once closed and drained."""
        group: list[Waiting] = []
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            size = 0
            for waiting in self._waiting:
                waiting.is_taken = True
                group.append(waiting)
                size += len(waiting.events)
                if size >= GROUP_EVENTS:
                    break
            if len(group) == len(self._waiting):
                self._waiting.clear()
            else:
                for waiting in group:
                    del self._waiting[waiting]
        return group

    def _store(self, group: list[Waiting]) -> None:
        events = [event for waiting in group for event in waiting.events]
        try:
            outcomes = self._commit(events)
        except StoreUnavailable as error:
            self._tell(group, error)
        except POISONED as error:
            if len(group) > 1:
                for waiting in group:
                    self._store([waiting])
            else:
                self._tell(group, error)
        except BaseException:
            self._tell(group, StoreUnavailable(_DEAD))
            raise
        else:
            self._room.leave(len(events) * EVENT_BYTES)
            start = 0
            for waiting in group:
                end = start + len(waiting.events)
                waiting.hear(waiting, outcomes[start:end])
                start = end

    def _tell(self, group: list[Waiting], error: Exception) -> None:
        """Tell each of a group that its events were not stored."""
        self._room.leave(sum(len(waiting.events) for waiting in group) * EVENT_BYTES)
        for waiting in group:
            waiting.hear(waiting, error)


def committing(database: Database, max_series: int) -> Commit:
    """What commits groups to the database for one thread, remembering what it knows of them from group to group."""
    return functools.partial(commit_group, database, max_series=max_series, memory=store.Memory())


def commit_group(
    database: Database,
    group: Sequence[Event],
    *,
    max_series: int,
    memory: store.Memory | None = None,
    also: Callable[[Session], None] | None = None,
) -> list[Outcome]:
    """Store events, and whatever `also` writes, in one transaction; again where it failed for a passing reason.

    Returns after the commit. Raises StoreUnavailable.
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
    seen: BaseException | None = error
    while seen is not None:
        for each in (seen, getattr(seen, "orig", None)):
            if isinstance(each, psycopg.Error) and each.sqlstate in _PASSING:
                return True
        seen = seen.__cause__
    return False
