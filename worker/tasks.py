"""The Celery task around each job. Its message carries nothing but the job's name: a wake-up, which may be lost or repeated."""

import functools
import os

from celery import Celery

from ledger.database import Database
from ledger.settings import Settings
from worker import runner, schedule
from worker.jobs import Job


def add(app: Celery, settings: Settings, job: Job) -> None:
    """Let the app run this job."""

    def wake() -> None:
        database = _opened(settings.database, os.getpid())
        runner.run(database, settings, job)

    hard_limit_seconds = job.limit_seconds + schedule.GRACE_SECONDS
    app.task(
        wake,
        name=job.name,
        shared=False,
        soft_time_limit=job.limit_seconds,
        time_limit=hard_limit_seconds,
    )


@functools.cache
def _opened(url: str, _process_id: int) -> Database:
    """This process's own database: connections must not cross a fork."""
    return Database(url)
