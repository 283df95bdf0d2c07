"""The Celery app on Redis and in memory, and how a worker and beat start.

A message is a wake-up, never data.
"""

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import redis
import structlog
from celery import Celery, signals

from advisor.advice import pair_names
from ledger import clock, logs, startup
from ledger.errors import UsageError
from ledger.settings import Settings
from worker import schedule, tasks
from worker.jobs import JOBS

WAKE_UP_SECONDS = 60
"""The longest time between two wake-ups of a job. The ledger decides whether the job is due."""

RESTART_SECONDS = 1
"""The pause before a restart, so that a worker that fails at once leaves the processor alone."""

REDELIVERY_SECONDS = max(job.limit_seconds for job in JOBS) + 2 * schedule.GRACE_SECONDS
"""When Redis delivers an unfinished message again: the longest job has ended by then."""

log = structlog.get_logger()

_SHARED: Mapping[str, Any] = {
    "task_default_queue": "switchwise",
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_redirect_stdouts": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "enable_utc": True,
}
_ON_REDIS: Mapping[str, Any] = {
    "worker_concurrency": 2,
    "worker_max_tasks_per_child": 1_000,
    "worker_max_memory_per_child": 512 << 10,  # KiB
    # A worker without remote control, gossip and heartbeat never consumes again once Redis has
    # been restarted.
    "worker_enable_remote_control": True,
    "beat_scheduler": "celery.beat:Scheduler",
    "beat_max_loop_interval": 1,
    "broker_transport_options": {
        "visibility_timeout": REDELIVERY_SECONDS,
        "unacked_restore_throttle": 1,
        "health_check_interval": 25,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
    },
}
_IN_MEMORY: Mapping[str, Any] = {
    "worker_enable_remote_control": False,
    "broker_transport_options": {"polling_interval": 0.2},
}


def create_on_redis(settings: Settings) -> Celery:
    """The app of a production worker or beat. Raises UsageError for a bad Redis address."""
    app = _app(settings, _redis_address(settings), _ON_REDIS)
    app.conf.beat_schedule = {
        job.name: {
            "task": job.name,
            "schedule": min(job.period_us / clock.SECOND_US, WAKE_UP_SECONDS),
            # So that a beat that is restarted again and again still wakes each job.
            "last_run_at": clock.EPOCH,
        }
        for job in JOBS
    }
    return app


def _redis_address(settings: Settings) -> str:
    """The address, checked: Celery would quote a bad one with its password."""
    address = settings.redis_url.get_secret_value()
    try:
        redis.ConnectionPool.from_url(address)
    except ValueError as error:
        raise UsageError(
            "SWITCHWISE_REDIS_URL: this is not the address of a Redis;"
            " write one such as redis://127.0.0.1:6379/0"
        ) from error
    return address


def create_in_memory(settings: Settings) -> Celery:
    """The app of an embedded worker, which sends its wake-ups to itself."""
    return _app(settings, "memory://localhost", _IN_MEMORY)


def run_worker(settings: Settings) -> int:
    """Run a production worker until it is stopped; its exit status.

    Now and then Celery 5.7 gives up when Redis dies during a message, because its own clean-up
    fails (celery/kombu issue 582). Then the process starts again as it was started.
    """
    logs.configure(settings.log_level)
    app = create_on_redis(settings)
    # Each child opens the ledger again: connections must not cross a fork.
    database = startup.open_ledger(settings.database)
    try:
        with database.snapshot() as session:
            pair_names.check_models(session, settings.pairs)
    finally:
        database.close()
    warn_of_eviction(settings)
    log.info("worker_started", broker=app.connection_for_read().as_uri())
    if consume(app, pool="prefork"):
        log.error("worker_gave_up", remedy="none needed: it starts again")
        time.sleep(RESTART_SECONDS)
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execv(sys.executable, command)  # noqa: S606  # our own command line
    return 0


def run_beat(settings: Settings) -> int:
    """Send the wake-ups until stopped; the exit status. Two beats do no harm."""
    logs.configure(settings.log_level)
    app = create_on_redis(settings)
    log.info("beat_started", broker=app.connection_for_write().as_uri())
    app.Beat(quiet=True, loglevel="WARNING").run()
    return 0


def consume(app: Celery, **options: str | bool) -> int:
    """Run a worker of this app in the main thread until a signal ends it; its exit status.

    Celery's own command line would start it too, but it reads variables such as APP and BROKER_URL,
    which belong to other programs.
    """
    worker = app.Worker(quiet=True, loglevel="WARNING", **options)
    worker.start()
    return int(worker.exitcode or 0)


def _app(settings: Settings, broker: str, conf: Mapping[str, Any]) -> Celery:
    app = Celery("switchwise", broker=broker, set_as_current=False)
    app.conf.update({**_SHARED, **conf})
    signals.setup_logging.connect(_keep_our_logging)
    for job in JOBS:
        tasks.add_task(app, settings, job)
    return app


def _keep_our_logging(**_: object) -> None:
    """Celery leaves logging alone where this signal has a receiver."""


def warn_of_eviction(settings: Settings) -> None:
    """Log a warning if Redis may evict keys.

    That would empty the queue silently. No figure is lost, but rollups wait for the next wake-up.
    """
    address = settings.redis_url.get_secret_value()
    try:
        with redis.Redis.from_url(address, socket_timeout=5, socket_connect_timeout=5) as client:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.RedisError as error:
        log.warning(
            "redis_policy_unknown",
            reason=type(error).__name__,
            remedy="see that maxmemory-policy is noeviction",
        )
        return
    if policy != "noeviction":
        log.warning("redis_evicts", policy=policy, remedy="set maxmemory-policy to noeviction")
