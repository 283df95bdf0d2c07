"""Closing a month while workers roll up: every request is either in the statement or late."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from advisor import refresh
from ledger import clock, rollups, usage
from ledger.database import Database, lock
from tests import ledgers, processes
from tests.advisor import closed_books
from tests.advisor.closed_books import MONTH, OCTOBER_US
from worker import rollup


def in_thread(part: Callable[[], object]) -> threading.Thread:
    """A thread of the test that does this part."""
    thread = threading.Thread(target=part)
    thread.start()
    return thread


def waits_for_a_lock(opened: Database) -> bool:
    """Whether a session waits for an advisory lock."""
    with opened.snapshot() as session:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(session.execute(text(waiting)).scalar_one())


def late_requests(opened: Database) -> int:
    """Requests that were rolled up after the month was closed."""
    with opened.snapshot() as session:
        return int(
            session.execute(
                select(func.coalesce(func.sum(rollups.LATE.c.requests), 0))
            ).scalar_one()
        )


def closed_requests(opened: Database) -> int:
    """Requests in the closed statement."""
    return sum(line.requests for line in closed_books.stored(opened).lines.values())


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_close_waits_for_the_rollup_that_runs(database: Database) -> None:
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    ledgers.settle(database)
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    with database.transaction() as session:
        lock(session, "rollup", shared=True)
        rollups.add(
            session, usage.merge_all(rollups.claim(session, clock.now_us())), clock.now_us(), 10
        )
        closing = in_thread(lambda: ledgers.close(database, MONTH))
        processes.wait_until(lambda: waits_for_a_lock(database), "the close to wait")
    closing.join()
    assert (closed_requests(database), late_requests(database)) == (2, 0)
    assert closed_books.findings(database) == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_rollup_waits_for_the_close_that_runs_and_is_late(database: Database) -> None:
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    ledgers.settle(database)
    with database.transaction() as session:
        # The close needs this lock too, after it has stopped the rollups and rolled up the rest.
        lock(session, "refresh")
        closing = in_thread(lambda: ledgers.close(database, MONTH))
        processes.wait_until(lambda: waits_for_a_lock(database), "the close to wait")
        ledgers.add(database, [ledgers.event(OCTOBER_US)])
        rolling = in_thread(lambda: rollup.roll_up(database, 10))
        rolling.join(timeout=0.3)
        assert rolling.is_alive()
    for thread in (closing, rolling):
        thread.join()
    assert (closed_requests(database), late_requests(database)) == (1, 1)
    refresh.refresh(database, ledgers.SETTINGS)
    assert [adjustment.requests for adjustment in closed_books.built(database).adjustments] == [1]
    assert closed_books.findings(database) == []


class Crew:
    """Threads with a ledger of their own each, and the faults of any."""

    def __init__(self, database_url: str) -> None:
        self.faults: list[BaseException] = []
        self._database_url = database_url

    def start(self, part: Callable[[Database], None]) -> threading.Thread:
        return in_thread(lambda: self._run(part))

    def _run(self, part: Callable[[Database], None]) -> None:
        own = Database(self._database_url)
        try:
            part(own)
        except BaseException as error:
            self.faults.append(error)
            raise
        finally:
            own.close()


REQUESTS_OF_A_SENDER = 80


def send(own: Database, begun: threading.Event) -> None:
    for number in range(REQUESTS_OF_A_SENDER):
        ledgers.add(own, [ledgers.event(OCTOBER_US + number)])
        if number == 20:
            begun.set()


def work(own: Database, stop: threading.Event) -> None:
    while not stop.is_set():
        rollup.roll_up(own, 10)
        refresh.refresh(own, ledgers.SETTINGS)


def close_once_begun(own: Database, begun: threading.Event) -> None:
    begun.wait()
    ledgers.close(own, MONTH)


def test_four_workers_and_a_close_at_once_count_every_request_once(
    database: Database, database_url: str
) -> None:
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    crew, stop, begun = Crew(database_url), threading.Event(), threading.Event()
    senders = [crew.start(lambda own: send(own, begun)) for _ in range(3)]
    workers = [crew.start(lambda own: work(own, stop)) for _ in range(4)]
    closer = crew.start(lambda own: close_once_begun(own, begun))
    for thread in (*senders, closer):
        thread.join()
    stop.set()
    for thread in workers:
        thread.join()
    assert crew.faults == []
    ledgers.settle(database)
    in_time, late = closed_requests(database), late_requests(database)
    assert in_time + late == 3 * REQUESTS_OF_A_SENDER + 1
    assert in_time > 0
    adjustments = closed_books.built(database).adjustments
    assert sum(adjustment.requests for adjustment in adjustments) == late
    assert closed_books.findings(database) == []
