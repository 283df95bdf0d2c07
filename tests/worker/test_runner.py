"""Running a job in its slot: once, stamped, and a fault ends at the boundary without its text."""

from dataclasses import replace

from sqlmodel import select
from structlog.testing import capture_logs

from ledger import clock
from ledger.database import Database
from ledger.errors import NotFound, StoreUnavailable
from ledger.settings import Settings
from ledger.tables.jobs import JobSlot
from tests.worker import usage_events
from worker import runner, schedule
from worker.jobs import JOBS, Job

SETTINGS = Settings()


def row_of(database: Database, job: Job) -> JobSlot | None:
    with database.snapshot() as session:
        return session.exec(select(JobSlot).where(JobSlot.job == job.name)).first()


def failing(error: Exception) -> Job:
    def fail(_database: Database, _settings: Settings) -> None:
        raise error

    return Job(name="failing", run=fail, period_us=clock.DAY_US)


def test_a_job_runs_once_however_often_it_is_woken(database: Database) -> None:
    runs: list[Settings] = []
    job = Job(
        name="counting",
        run=lambda _database, settings: runs.append(settings),
        period_us=clock.DAY_US,
    )
    for _ in range(3):
        runner.run_job(database, SETTINGS, job)
    assert runs == [SETTINGS]
    row = row_of(database, job)
    assert row is not None
    assert row.finished_at is not None
    assert row.failure is None


def test_a_fault_is_logged_and_noted_without_its_text(database: Database) -> None:
    with capture_logs() as logs:
        runner.run_job(database, SETTINGS, failing(RuntimeError("password=hunter2")))
    assert [(entry["event"], entry["job"]) for entry in logs] == [("job_failed", "failing")]
    row = row_of(database, failing(RuntimeError()))
    assert row is not None
    assert (row.failure, row.finished_at) == ("RuntimeError", None)


def test_an_error_of_our_own_is_noted_in_its_own_words(database: Database) -> None:
    runner.run_job(database, SETTINGS, failing(NotFound("no such thing; make one")))
    row = row_of(database, failing(NotFound()))
    assert row is not None
    assert row.failure == "no such thing; make one"


def test_a_job_that_failed_is_tried_again_in_its_next_slot(database: Database) -> None:
    attempts: list[int] = []

    def fail_once(ledger: Database, _settings: Settings) -> None:
        with ledger.snapshot() as session:
            attempts.append(schedule.last_turns(session)["mending"].taken_at)
        if len(attempts) == 1:
            raise RuntimeError

    job = Job(name="mending", run=fail_once, period_us=20_000)
    while len(attempts) < 2:
        runner.run_job(database, SETTINGS, job)
    row = row_of(database, job)
    assert row is not None
    assert row.failure is None
    assert attempts[0] // job.period_us < attempts[1] // job.period_us


def test_a_database_that_is_away_postpones_the_job_and_raises_nothing(database: Database) -> None:
    with capture_logs() as logs:
        runner.run_job(database, SETTINGS, failing(StoreUnavailable("away")))
    assert [entry["event"] for entry in logs] == ["job_postponed"]


def test_a_job_without_anything_to_do_takes_no_slot(database: Database) -> None:
    idle = replace(failing(RuntimeError()), name="idle", has_work=lambda _session: False)
    runner.run_job(database, SETTINGS, idle)
    assert row_of(database, idle) is None


def test_in_a_fresh_ledger_the_jobs_that_need_no_events_are_due(database: Database) -> None:
    assert [job.name for job in runner.due_jobs(database)] == [
        "advise",
        "drop_old_events",
        "verify_ledger",
    ]


def test_the_rollup_is_due_while_events_wait(database: Database) -> None:
    usage_events.store(database, usage_events.make_events(1))
    assert "roll_up" in [job.name for job in runner.due_jobs(database)]


def test_a_job_that_ran_is_not_due_again_before_its_period(database: Database) -> None:
    with database.transaction() as session:
        for job in JOBS:
            schedule.take_slot(session, job, None, clock.now_us() + clock.SECOND_US)
    assert runner.due_jobs(database) == []
