"""The worker of the one-command form, in one process.

It is Celery with a queue in memory, a ticker that sends wake-ups, and a watchdog.
"""

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


def run_worker(settings: Settings) -> int:
    """Run the jobs of this ledger until stopped; the exit status. It must be the only worker."""
    database = Database(settings.database)
    database.migrate()
    with database.transaction() as session:
        schedule.release_slots(session, clock.now_us())
    # Celery warns against running as root, because a broker could be made to run anything. This
    # broker is in memory, and no other process reaches it.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    app = celery_app.create_in_memory(settings)
    pulse = Pulse(clock.monotonic_seconds())
    signals.task_prerun.connect(_note_starts(pulse), weak=False)
    signals.task_postrun.connect(_note_ends(pulse), weak=False)
    threading.Thread(target=_tick, args=(database, app, pulse), name="ticker", daemon=True).start()
    threading.Thread(target=watch, args=(pulse,), name="watchdog", daemon=True).start()
    log.info("worker_started", database=database.address)
    return celery_app.consume(
        app, pool="solo", without_gossip=True, without_mingle=True, without_heartbeat=True
    )


def _tick(database: Database, app: Celery, pulse: Pulse) -> None:
    while True:
        pulse.note_tick(clock.monotonic_seconds())
        try:
            for job in runner.due_jobs(database):
                if pulse.note_wake_up(job.name, clock.monotonic_seconds()):
                    app.tasks[job.name].apply_async()
        except StoreUnavailable as error:
            log.warning("schedule_unreadable", reason=str(error))
        time.sleep(TICK_SECONDS)


def watch(pulse: Pulse) -> None:
    """End the process once a part of it is dead. It is started again, and no figure is lost."""
    while True:
        time.sleep(WATCH_SECONDS)
        if dead_part := pulse.find_stalled(clock.monotonic_seconds()):
            log.error("worker_stalled", part=dead_part)
            os._exit(1)


def _note_starts(pulse: Pulse) -> Callable[..., None]:
    limits = {job.name: job.limit_seconds + schedule.GRACE_SECONDS for job in JOBS}

    def note_start(sender: Task, **_: object) -> None:
        pulse.note_start(sender.name, clock.monotonic_seconds() + limits[sender.name])

    return note_start


def _note_ends(pulse: Pulse) -> Callable[..., None]:
    def note_end(**_: object) -> None:
        pulse.note_end(clock.monotonic_seconds())

    return note_end
