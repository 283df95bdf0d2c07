"""The Celery task around each job.

Its message is a wake-up with the job's name and no data, so it may be lost or repeated.
"""

import functools
import os

from celery import Celery

from ledger.database import Database
from ledger.settings import Settings
from worker import runner, schedule
from worker.jobs import Job


def add_task(app: Celery, settings: Settings, job: Job) -> None:
    """Let the app run this job."""

    def wake() -> None:
        database = _database_of(settings.database, os.getpid())
        runner.run_job(database, settings, job)

    hard_limit_seconds = job.limit_seconds + schedule.GRACE_SECONDS
    app.task(
        wake,
        name=job.name,
        shared=False,
        soft_time_limit=job.limit_seconds,
        time_limit=hard_limit_seconds,
    )


@functools.cache
def _database_of(url: str, _process_id: int) -> Database:
    """The database of this process: connections must not cross a fork."""
    return Database(url)
