"""Closing a month while workers roll up: every request is in the statement or late, never both and never neither."""

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
    """A part at work beside the test."""
    thread = threading.Thread(target=part)
    thread.start()
    return thread


def waits_for_a_lock(opened: Database) -> bool:
    """Whether somebody waits for an advisory lock."""
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
def test_a_close_waits_for_the_rollup_that_is_under_way(database: Database) -> None:
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    ledgers.settle(database)
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    with database.transaction() as session:
        lock(session, "rollup", shared=True)
        rollups.add(session, usage.merge_all(rollups.claim(session)), clock.now_us(), 10)
        closing = in_thread(lambda: ledgers.close(database, MONTH))
        processes.wait_until(lambda: waits_for_a_lock(database), "the close to wait")
    closing.join()
    assert (closed_requests(database), late_requests(database)) == (2, 0)
    assert closed_books.findings(database) == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_rollup_waits_for_the_close_that_is_under_way_and_is_late(database: Database) -> None:
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    ledgers.settle(database)
    with database.transaction() as session:
        # The close needs this lock too, after it has stopped the rollups and taken what was pending.
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
    assert [each.requests for each in closed_books.built(database).adjustments] == [1]
    assert closed_books.findings(database) == []


def test_four_workers_and_a_close_at_once_count_every_request_once(
    database: Database, database_url: str
) -> None:
    requests, senders = 240, 3
    ledgers.add(database, [ledgers.event(OCTOBER_US)])
    stop, begun, faults = threading.Event(), threading.Event(), list[BaseException]()

    def watched(part: Callable[[Database], None]) -> Callable[[], None]:
        def run() -> None:
            own = Database(database_url)
            try:
                part(own)
            except BaseException as error:
                faults.append(error)
                raise
            finally:
                own.close()

        return run

    def send(own: Database) -> None:
        for number in range(requests // senders):
            ledgers.add(own, [ledgers.event(OCTOBER_US + number)])
            if number == 20:
                begun.set()

    def work(own: Database) -> None:
        while not stop.is_set():
            rollup.roll_up(own, 10)
            refresh.refresh(own, ledgers.SETTINGS)

    def close(own: Database) -> None:
        begun.wait()
        ledgers.close(own, MONTH)

    sending = [in_thread(watched(send)) for _ in range(senders)]
    working = [in_thread(watched(work)) for _ in range(4)]
    closing = in_thread(watched(close))
    for thread in (*sending, closing):
        thread.join()
    stop.set()
    for thread in working:
        thread.join()
    assert faults == []
    ledgers.settle(database)
    in_time, late = closed_requests(database), late_requests(database)
    assert in_time + late == requests + 1
    assert in_time > 0
    assert sum(each.requests for each in closed_books.built(database).adjustments) == late
    assert closed_books.findings(database) == []
