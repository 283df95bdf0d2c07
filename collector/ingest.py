"""Group commit: one writer thread stores what many requests wait for in one transaction, and tells them after its commit.

The group is whatever arrived during the previous commit: no timer, no batch size to tune. Nothing here may acknowledge
an event before the transaction that holds it has committed.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import psycopg
import pysqlite3.dbapi2 as sqlite3
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from collector.room import EVENT_BYTES, Room
from ledger import clock, store
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
_POISONED = (SQLAlchemyError, psycopg.Error, sqlite3.Error, ArithmeticError, ValueError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiting:
    events: Sequence[Event]
    future: Future[list[Outcome]]


class GroupCommitter:
    """The only writer of events in its process. `close` stores what is waiting and ends the thread."""

    def __init__(self, database: Database, room: Room, *, max_series: int) -> None:
        self._database = database
        self._room = room
        self._max_series = max_series
        self._memory = store.Memory()
        self._changed = threading.Condition()
        self._waiting: dict[Future[list[Outcome]], _Waiting] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="group-committer", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the writer still works. Where it does not, the process can store nothing and must be started again."""
        return self._thread.is_alive()

    def submit(self, events: Sequence[Event]) -> Future[list[Outcome]]:
        """The outcome of each event, once committed; StoreUnavailable in the future if that was not possible.

        The caller has checked `events.fault_of`. A future that is cancelled before its turn is not stored. Raises
        Overloaded when too much is waiting, StoreUnavailable when the writer has ended.
        """
        future: Future[list[Outcome]] = Future()
        if not events:
            future.set_result([])
            return future
        size_bytes = len(events) * EVENT_BYTES
        self._room.take(size_bytes)
        with self._changed:
            ended = self._closed or not self._thread.is_alive()
            if not ended:
                self._waiting[future] = _Waiting(events, future)
                self._changed.notify()
        if ended:
            self._room.leave(size_bytes)
            raise StoreUnavailable("the collector is stopping; nothing of this was kept, try again")
        future.add_done_callback(lambda done: self._forget(done, size_bytes))
        return future

    def close(self) -> None:
        """Store what is waiting, then end. Later submissions are refused."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _forget(self, future: Future[list[Outcome]], size_bytes: int) -> None:
        with self._changed:
            self._waiting.pop(future, None)
        self._room.leave(size_bytes)

    def _run(self) -> None:
        try:
            while group := self._next_group():
                self._store(group)
        except BaseException:
            log.exception("group_committer_died")
            with self._changed:
                self._closed = True
                left = list(self._waiting.values())
            _refuse(left, StoreUnavailable(_DEAD))
            raise

    def _next_group(self) -> list[_Waiting]:
        """Everything that waits, up to GROUP_EVENTS; sleeps while nothing does; empty once closed and drained."""
        group: list[_Waiting] = []
        while not group:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._waiting:
                    return []
                size = 0
                for waiting in list(self._waiting.values()):
                    del self._waiting[waiting.future]
                    group.append(waiting)
                    size += len(waiting.events)
                    if size >= GROUP_EVENTS:
                        break
            group = [waiting for waiting in group if waiting.future.set_running_or_notify_cancel()]
        return group

    def _store(self, group: list[_Waiting]) -> None:
        try:
            events = [event for waiting in group for event in waiting.events]
            outcomes = commit_group(self._database, events, max_series=self._max_series, memory=self._memory)
        except StoreUnavailable as error:
            _refuse(group, error)
        except _POISONED as error:
            if len(group) > 1:
                for waiting in group:
                    self._store([waiting])
            else:
                group[0].future.set_exception(error)
        except BaseException:
            _refuse(group, StoreUnavailable(_DEAD))
            raise
        else:
            start = 0
            for waiting in group:
                waiting.future.set_result(outcomes[start : start + len(waiting.events)])
                start += len(waiting.events)


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
    days = sorted({clock.day_of(event.occurred_at) for event in group})
    memory = memory or store.Memory()
    attempt = 1
    while True:
        try:
            for start in range(0, len(days), _DAYS_AT_ONCE):
                database.prepare_days(days[start : start + _DAYS_AT_ONCE])
            with database.transaction() as session:
                outcomes = store.add(session, group, now_us=clock.now_us(), max_series=max_series, memory=memory)
                if also is not None:
                    also(session)
        except (StoreUnavailable, *_POISONED) as error:
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


def _refuse(group: list[_Waiting], error: StoreUnavailable) -> None:
    for waiting in group:
        if not waiting.future.done():
            waiting.future.set_exception(type(error)(str(error)))
