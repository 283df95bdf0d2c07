"""The worker of the one-command form, all in one process: Celery with a queue in memory, a ticker over the schedule, a watchdog."""

import os
import threading
import time
import warnings
from collections.abc import Callable

import structlog
from celery import Celery, Task, signals
from celery.exceptions import SecurityWarning

from ledger import clock
from ledger.database import Database
from ledger.errors import StoreUnavailable
from ledger.settings import Settings
from worker import celery_app, runner, schedule
from worker.jobs import JOBS
from worker.pulse import Pulse

TICK_SECONDS = 0.5
WATCH_SECONDS = 1.0

log = structlog.get_logger()


def run(settings: Settings) -> int:
    """Run the jobs of this data directory until told to stop; the exit status. Expects to be its only worker."""
    database = Database(settings.database)
    database.migrate()
    with database.transaction() as session:
        schedule.release_slots(session, clock.now_us())
    # Celery warns of running as root because a broker could be made to run anything; here nobody else can reach it.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    app = celery_app.in_memory(settings)
    pulse = Pulse(clock.monotonic_seconds())
    signals.task_prerun.connect(_began(pulse), weak=False)
    signals.task_postrun.connect(_ended(pulse), weak=False)
    threading.Thread(target=_tick, args=(database, app, pulse), name="ticker", daemon=True).start()
    threading.Thread(target=watch, args=(pulse,), name="watchdog", daemon=True).start()
    log.info("worker_started", database=repr(database))
    return celery_app.consume(
        app, "--pool", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat"
    )


def _tick(database: Database, app: Celery, pulse: Pulse) -> None:
    while True:
        pulse.ticked(clock.monotonic_seconds())
        try:
            for job in runner.due_jobs(database):
                if pulse.send(job.name, clock.monotonic_seconds()):
                    app.tasks[job.name].apply_async()
        except StoreUnavailable as error:
            log.warning("schedule_unreadable", reason=str(error))
        time.sleep(TICK_SECONDS)


def watch(pulse: Pulse) -> None:
    """End the process once a part of it is dead: whoever started it starts it again, and the ledger has lost nothing."""
    while True:
        time.sleep(WATCH_SECONDS)
        if dead := pulse.stalled(clock.monotonic_seconds()):
            log.error("worker_stalled", part=dead)
            os._exit(1)


def _began(pulse: Pulse) -> Callable[..., None]:
    limits = {job.name: job.limit_seconds + schedule.GRACE_SECONDS for job in JOBS}

    def began(sender: Task, **_: object) -> None:
        pulse.began(sender.name, clock.monotonic_seconds() + limits[sender.name])

    return began


def _ended(pulse: Pulse) -> Callable[..., None]:
    def ended(**_: object) -> None:
        pulse.ended(clock.monotonic_seconds())

    return ended
