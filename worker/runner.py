"""Running one job in its slot. It is the error boundary of a worker process.

A fault ends here, logged, and the next slot tries again.
"""

import structlog

from ledger import clock
from ledger.database import Database
from ledger.errors import StoreUnavailable, SwitchwiseError
from ledger.settings import Settings
from worker import schedule
from worker.jobs import JOBS, Job

log = structlog.get_logger()


def due_jobs(database: Database) -> list[Job]:
    """The jobs that are due now and have something to do."""
    now_us = clock.now_us()
    with database.snapshot() as session:
        turns = schedule.last_turns(session)
        return [
            job
            for job in JOBS
            if schedule.is_due(job, turns.get(job.name), now_us) and job.has_work(session)
        ]


def run_job(database: Database, settings: Settings, job: Job) -> None:
    """Run the job if its slot is free. Every error is logged and noted, and ends here."""
    try:
        if not _take(database, job):
            return
        job.run(database, settings)
        with database.transaction() as session:
            schedule.note_finished(session, job, clock.now_us())
    except StoreUnavailable as error:
        log.warning("job_postponed", job=job.name, reason=str(error))
        _note_failure(database, job, error)
    except Exception as error:
        # The one boundary of a worker process: a job's fault must not end the other jobs.
        log.exception("job_failed", job=job.name)
        _note_failure(database, job, error)


def _take(database: Database, job: Job) -> bool:
    now_us = clock.now_us()
    with database.snapshot() as session:
        last = schedule.last_turns(session).get(job.name)
        if not (schedule.is_due(job, last, now_us) and job.has_work(session)):
            return False
    with database.transaction() as session:
        return schedule.take_slot(session, job, last, now_us)


def _note_failure(database: Database, job: Job, error: Exception) -> None:
    """Note that a job failed. Only our own errors are quoted: other texts may hold anything."""
    failure = str(error) if isinstance(error, SwitchwiseError) else type(error).__name__
    try:
        with database.transaction() as session:
            schedule.note_failed(session, job, clock.now_us(), failure)
    except StoreUnavailable as unavailable:
        log.warning("failure_not_noted", job=job.name, reason=str(unavailable))
