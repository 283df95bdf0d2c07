"""Group commit: an answer comes after its commit, and no request harms another."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import msgspec
import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select, text
from sqlmodel import Session

from collector import ingest
from collector.backlog import EVENT_BYTES, Backlog, Overloaded
from collector.ingest import GroupCommitter
from ledger import checks, store, tables
from ledger.database import Database
from ledger.errors import StoreUnavailable
from ledger.events import Event
from ledger.outcomes import Outcome
from tests import processes, samples, serving
from tests.collector.submitting import submit

MIB = 1 << 20


@pytest.fixture
def backlog() -> Backlog:
    return Backlog(64 * MIB)


@pytest.fixture
def committer(database: Database, backlog: Backlog) -> Iterator[GroupCommitter]:
    opened = GroupCommitter(ingest.make_commit(database, 1_000), backlog)
    yield opened
    opened.close()


def stored(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(select(func.count()).select_from(tables.EVENT)).scalar_one())


def intakes(database: Database) -> list[int]:
    with database.snapshot() as session:
        return list(session.execute(select(tables.INTAKE.c.events)).scalars())


def test_each_request_learns_the_outcome_of_its_own_events(committer: GroupCommitter) -> None:
    first = submit(committer, [samples.event(1), samples.event(2)])
    second = submit(
        committer, [samples.event(2), samples.event(3, input_tokens=5), samples.event(3)]
    )
    assert first.result(10) == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert second.result(10) == [Outcome.DUPLICATE, Outcome.ACCEPTED, Outcome.CONFLICT]


def test_an_acknowledged_event_is_already_committed(
    database: Database, committer: GroupCommitter
) -> None:
    for number in range(5):
        submit(committer, [samples.event(number)]).result(10)
        assert stored(database) == number + 1


def test_what_arrives_during_a_commit_shares_the_next_one(
    database: Database, committer: GroupCommitter
) -> None:
    with database.transaction() as session:
        serving.block_writers(session)
        waiting = [submit(committer, [samples.event(number)]) for number in range(50)]
        time.sleep(0.1)
        assert not any(future.is_reported() for future in waiting)
    assert {future.result(10)[0] for future in waiting} == {Outcome.ACCEPTED}
    assert len(intakes(database)) <= 2
    assert sum(intakes(database)) == 50


def test_the_same_events_from_eight_threads_at_once_count_once(
    database: Database, committer: GroupCommitter
) -> None:
    group = [samples.event(number) for number in range(500)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: submit(committer, group).result(30), range(8)))
    flat = [outcome for of_one_post in outcomes for outcome in of_one_post]
    assert flat.count(Outcome.ACCEPTED) == 500
    assert flat.count(Outcome.DUPLICATE) == 3_500
    assert stored(database) == 500


def test_two_collectors_that_store_the_same_events_at_once_agree(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    groups = [
        [samples.event(number, project=f"p{number % 7}") for number in range(start, start + 40)]
        for start in range(0, 400, 20)
    ]
    committers = [
        GroupCommitter(ingest.make_commit(ledger, 1_000), Backlog(64 * MIB))
        for ledger in (database, other)
    ]
    posts = [submit(committer, group) for group in groups for committer in committers]
    wait([post.future for post in posts], 60)
    for committer in committers:
        committer.close()
    other.close()
    flat = [outcome for post in posts for outcome in post.result(0)]
    assert flat.count(Outcome.ACCEPTED) == stored(database) == 420
    assert len(flat) == 2 * sum(map(len, groups))
    assert [check for check in checks.verify(database) if check.findings] == []


def test_a_commit_that_fails_acknowledges_nothing_and_the_writer_lives_on(
    database: Database, committer: GroupCommitter
) -> None:
    def fail(_session: object) -> None:
        raise StoreUnavailable("the disk is full")

    sqlalchemy_event.listen(Session, "before_commit", fail)
    try:
        with pytest.raises(StoreUnavailable, match="the disk is full"):
            submit(committer, [samples.event(1)]).result(10)
    finally:
        sqlalchemy_event.remove(Session, "before_commit", fail)
    assert stored(database) == 0
    assert submit(committer, [samples.event(1)]).result(10) == [Outcome.ACCEPTED]


def test_an_event_that_the_database_refuses_does_not_take_others_with_it(
    database: Database, committer: GroupCommitter
) -> None:
    poison = msgspec.structs.replace(samples.event(1), latency_ms=2**80)
    with database.transaction() as session:
        serving.block_writers(session)
        good, bad = submit(committer, [samples.event(2)]), submit(committer, [poison])
    assert good.result(10) == [Outcome.ACCEPTED]
    assert bad.exception(10) is not None
    assert committer.is_alive


def test_a_cancelled_request_is_not_stored(
    database: Database, committer: GroupCommitter, backlog: Backlog
) -> None:
    with database.transaction() as session:
        serving.block_writers(session)
        running = submit(committer, [samples.event(1)])
        processes.wait_until(lambda: running.submission.is_claimed, "the writer to begin")
        late = submit(committer, [samples.event(2)])
        assert committer.withdraw(late.submission)
        assert not committer.withdraw(running.submission)
        assert backlog.waiting_bytes == EVENT_BYTES
    assert running.result(10) == [Outcome.ACCEPTED]
    submit(committer, [samples.event(3)]).result(10)
    assert stored(database) == 2


def test_more_than_the_room_holds_is_refused_and_accepted_once_there_is_room(
    database: Database,
) -> None:
    backlog = Backlog(10 * EVENT_BYTES)
    committer = GroupCommitter(ingest.make_commit(database, 1_000), backlog)
    with database.transaction() as session:
        serving.block_writers(session)
        waiting = [submit(committer, [samples.event(number)]) for number in range(10)]
        with pytest.raises(Overloaded):
            submit(committer, [samples.event(10)])
    wait([submitted.future for submitted in waiting], 10)
    assert submit(committer, [samples.event(10)]).result(10) == [Outcome.ACCEPTED]
    committer.close()
    assert backlog.waiting_bytes == 0


def test_closing_stores_what_is_waiting_and_refuses_what_comes_later(
    database: Database, committer: GroupCommitter
) -> None:
    waiting = [submit(committer, [samples.event(number)]) for number in range(20)]
    committer.close()
    assert all(future.result(0) == [Outcome.ACCEPTED] for future in waiting)
    with pytest.raises(StoreUnavailable, match="stopping"):
        submit(committer, [samples.event(99)])
    assert stored(database) == 20


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_deadlock_is_tried_again(database: Database) -> None:
    """On SQLite there is none: a writer is alone."""
    # Their label set is there already, so that the two really meet at the events.
    ingest.commit_group(database, [samples.event(9)], max_series=100)
    # Two transactions store the same two sets of events in opposite order, so each waits for the
    # second set of the other.
    first, second = (
        [samples.event(number) for number in range(2)],
        [samples.event(number) for number in range(2, 4)],
    )
    meet = threading.Barrier(2, timeout=30)

    def store_both(mine: list[Event], others: list[Event]) -> list[Outcome]:
        def also(session: Session) -> None:
            if not meet.broken:
                try:
                    meet.wait()
                except threading.BrokenBarrierError:
                    return
            store.add(session, others, now_us=0, max_series=100)
            meet.abort()

        return ingest.commit_group(database, mine, max_series=100, also=also)

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(store_both, first, second), pool.submit(store_both, second, first)]
        wait(futures, 120)
    assert sorted(outcome for future in futures for outcome in future.result()) == [
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
        Outcome.DUPLICATE,
        Outcome.DUPLICATE,
    ]
    assert stored(database) == 5


def test_a_partition_that_was_dropped_meanwhile_is_made_again(
    database: Database, committer: GroupCommitter
) -> None:
    assert submit(committer, [samples.event(1)]).result(10) == [Outcome.ACCEPTED]
    if not database.is_sqlite:
        with database.transaction() as session:
            session.execute(text("DROP TABLE event_20260305"))
    assert submit(committer, [samples.event(2)]).result(10) == [Outcome.ACCEPTED]


def test_events_of_hundreds_of_days_find_their_place_at_once(committer: GroupCommitter) -> None:
    days = [samples.event(number, time=1_600_000_000 + 86_400 * number) for number in range(300)]
    assert set(submit(committer, days).result(60)) == {Outcome.ACCEPTED}
