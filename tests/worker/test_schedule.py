"""The schedule: when a job is due, and that each slot is taken once, whatever races for it."""

import threading
from collections import Counter
from dataclasses import replace

import pytest

from ledger import clock
from ledger.database import Database
from worker import jobs, schedule
from worker.jobs import JOBS, Job
from worker.schedule import Turn

SECOND_US = clock.SECOND_US
NOW_US = 1_795_464_000 * SECOND_US
JOB = Job(name="any", run=lambda _database, _settings: None, period_us=5 * SECOND_US)


def turn(taken_at: int, *, finished_at: int | None = None, failed_at: int | None = None) -> Turn:
    return Turn(taken_at=taken_at, finished_at=finished_at, failed_at=failed_at)


def test_a_job_that_never_ran_is_due() -> None:
    assert schedule.is_due(JOB, None, NOW_US)


@pytest.mark.parametrize(
    ("later_us", "expected"), [(0, False), (5 * SECOND_US - 1, False), (5 * SECOND_US, True)]
)
def test_a_job_is_due_once_in_each_period_since_the_epoch(later_us: int, expected: bool) -> None:
    assert schedule.is_due(JOB, turn(NOW_US, finished_at=NOW_US + 1), NOW_US + later_us) is expected


def test_many_missed_slots_count_as_one(database: Database) -> None:
    first, long_after = turn(NOW_US, finished_at=NOW_US), NOW_US + clock.DAY_US
    with database.transaction() as session:
        assert schedule.take_slot(session, JOB, None, NOW_US)
        schedule.note_finished(session, JOB, NOW_US)
        assert schedule.take_slot(session, JOB, first, long_after)
        schedule.note_finished(session, JOB, long_after)
        assert not schedule.is_due(JOB, schedule.last_turns(session)[JOB.name], long_after + 1)


def test_a_run_that_goes_on_is_left_alone_until_it_must_be_dead() -> None:
    dead_at = NOW_US + (JOB.limit_seconds + 2 * schedule.GRACE_SECONDS) * SECOND_US
    assert not schedule.is_due(JOB, turn(NOW_US, finished_at=NOW_US - 1), dead_at)
    assert schedule.is_due(JOB, turn(NOW_US, finished_at=NOW_US - 1), dead_at + 1)


def test_a_job_that_may_overlap_does_not_wait_for_a_run_that_goes_on() -> None:
    parallel = replace(JOB, may_overlap=True)
    assert schedule.is_due(parallel, turn(NOW_US), NOW_US + 5 * SECOND_US)


@pytest.mark.parametrize(
    ("later_us", "expected"), [(41 * SECOND_US, False), (42 * SECOND_US, True)]
)
@pytest.mark.parametrize("failed", [False, True])
def test_a_job_pauses_for_a_multiple_of_its_last_duration(
    later_us: int, expected: bool, failed: bool
) -> None:
    pausing = replace(JOB, pause_factor=20)
    ended_at = NOW_US + 2 * SECOND_US
    last = turn(NOW_US, failed_at=ended_at) if failed else turn(NOW_US, finished_at=ended_at)
    assert schedule.is_due(pausing, last, NOW_US + later_us) is expected


def test_a_clock_that_was_set_back_does_not_stop_a_job() -> None:
    ahead_us = NOW_US + 30 * clock.DAY_US
    assert schedule.is_due(JOB, turn(ahead_us, finished_at=ahead_us), NOW_US)


def test_schedulers_whose_clocks_differ_by_seconds_do_not_repeat_a_slot() -> None:
    assert not schedule.is_due(JOB, turn(NOW_US + 30 * SECOND_US), NOW_US)


def test_each_slot_is_taken_exactly_once_by_four_racing_schedulers(database: Database) -> None:
    slots, schedulers = 60, 4
    together = threading.Barrier(schedulers)
    winners: Counter[int] = Counter()

    def race() -> None:
        for slot in range(slots):
            now_us = NOW_US + slot * JOB.period_us
            together.wait(timeout=60)
            with database.snapshot() as session:
                last = schedule.last_turns(session).get(JOB.name)
            with database.transaction() as session:
                has_won = schedule.is_due(JOB, last, now_us) and schedule.take_slot(
                    session, JOB, last, now_us
                )
                if has_won:
                    schedule.note_finished(session, JOB, now_us)
            winners[slot] += has_won

    racers = [threading.Thread(target=race) for _ in range(schedulers)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert dict(winners) == dict.fromkeys(range(slots), 1)


def test_a_success_wipes_the_failure_before_it(database: Database) -> None:
    with database.transaction() as session:
        schedule.take_slot(session, JOB, None, NOW_US)
        schedule.note_failed(session, JOB, NOW_US + 1, "out of luck")
        assert schedule.last_turns(session)[JOB.name] == turn(NOW_US, failed_at=NOW_US + 1)
        schedule.note_finished(session, JOB, NOW_US + 2)
        assert schedule.last_turns(session)[JOB.name].ended_at == NOW_US + 2


def test_release_ends_the_turns_of_dead_workers_and_no_others(database: Database) -> None:
    ended, dead = replace(JOB, name="ended"), replace(JOB, name="dead")
    with database.transaction() as session:
        for job in (ended, dead):
            schedule.take_slot(session, job, None, NOW_US)
        schedule.note_finished(session, ended, NOW_US + 1)
        schedule.release_slots(session, NOW_US + 2)
        turns = schedule.last_turns(session)
    assert turns == {
        "ended": turn(NOW_US, finished_at=NOW_US + 1),
        "dead": turn(NOW_US, failed_at=NOW_US + 2),
    }


@pytest.mark.parametrize(
    ("last_us", "expected"),
    [
        (0, []),
        (schedule.OVERDUE_SECONDS * SECOND_US, []),
        (2 * schedule.OVERDUE_SECONDS * SECOND_US, ["advise"]),
    ],
)
def test_a_job_that_nobody_has_taken_for_long_is_overdue(
    database: Database, last_us: int, expected: list[str]
) -> None:
    steady = [job for job in JOBS if job.has_work is jobs.always]
    with database.transaction() as session:
        assert schedule.overdue_jobs(session, NOW_US) == [job.name for job in steady]
        for job in steady:
            schedule.take_slot(session, job, None, NOW_US - last_us)
            schedule.note_finished(session, job, NOW_US - last_us)
        assert schedule.overdue_jobs(session, NOW_US) == expected


def test_a_job_that_is_running_is_not_overdue_within_its_limit(database: Database) -> None:
    steady = [job for job in JOBS if job.has_work is jobs.always]
    with database.transaction() as session:
        for job in steady:
            schedule.take_slot(session, job, None, NOW_US - 200 * SECOND_US)
        assert schedule.overdue_jobs(session, NOW_US) == []
