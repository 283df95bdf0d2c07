"""The one table of jobs: what runs, how often, how long it may take. Each may run twice, late or alone without harm."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlmodel import Session

from advisor import refresh
from advisor.publishing.alerts import alert_store, delivery
from ledger import checks, clock, retention, rollups, verification
from ledger.database import Database
from ledger.settings import Settings
from worker import rollup

DROP_SECONDS = 30
"""How long a run drops old events: an embedded worker rolls nothing up meanwhile. The next run goes on."""

log = structlog.get_logger()


def always(_session: Session) -> bool:
    """The job finds out itself whether there is anything to do."""
    return True


@dataclass(frozen=True, slots=True)
class Job:
    """One job: a plain function, and when it runs.

    Its slots are the periods since the epoch, and one slot runs once. `rest` is how many times its own duration it
    stays away after it ended. `may_overlap`: its next slot need not wait for its last run, nor for a worker that died.
    `has_work` lets a job that finds nothing to do pass without taking its slot.
    """

    name: str
    run: Callable[[Database, Settings], None]
    period_us: int
    limit_seconds: int = 60
    rest: int = 0
    may_overlap: bool = False
    has_work: Callable[[Session], bool] = always


def roll_up(database: Database, settings: Settings) -> None:
    """Roll up what is pending."""
    rollup.roll_up(database, settings.max_metric_sets)


def advise(database: Database, settings: Settings) -> None:
    """Compute statements and recommendations again where what they rest on has changed."""
    refresh.refresh(database, settings)


def verify_ledger(database: Database, _settings: Settings) -> None:
    """Check the ledger's invariants, keep the result, and log each finding."""
    made = checks.verify(database)
    for check in made:
        for finding in check.findings:
            log.error("ledger_disagrees", check=check.name, finding=finding)
    with database.transaction() as session:
        verification.record(session, made, clock.now_us())


def drop_old_events(database: Database, settings: Settings) -> None:
    """Drop raw events that were kept long enough, and the hours of days long past."""
    end = clock.monotonic_seconds() + DROP_SECONDS
    for gone in retention.drop_events(
        database,
        settings.raw_retention_days,
        clock.now_us(),
        lambda: clock.monotonic_seconds() < end,
    ):
        log.info("raw_events_dropped", day=str(clock.date_of(gone.day)), requests=gone.requests)
    retention.drop_hours(database, clock.now_us())


def deliver_alerts(database: Database, settings: Settings) -> None:
    """Post the alerts that are due to Slack."""
    delivery.deliver(database, settings)


def _has_alerts(session: Session) -> bool:
    return alert_store.has_due(session, clock.now_us())


def _has_pending(session: Session) -> bool:
    return rollups.count_pending(session)[0] > 0


JOBS = (
    Job("roll_up", roll_up, clock.SECOND_US, may_overlap=True, has_work=_has_pending),
    Job("advise", advise, 5 * clock.SECOND_US, limit_seconds=300, rest=20),
    Job(
        "deliver_alerts",
        deliver_alerts,
        5 * clock.SECOND_US,
        limit_seconds=120,
        has_work=_has_alerts,
    ),
    Job("drop_old_events", drop_old_events, clock.HOUR_US, limit_seconds=300),
    Job("verify_ledger", verify_ledger, clock.DAY_US, limit_seconds=3_600),
)
