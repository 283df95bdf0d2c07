"""The table of jobs: what runs, how often, and how long it may take.

Each may run twice, late or alone without harm.
"""

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
"""How long one run drops old events; the next goes on. An embedded worker waits meanwhile."""

log = structlog.get_logger()


def always(_session: Session) -> bool:
    """The job finds out itself whether there is anything to do."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job: a plain function, and when it runs.

    Its slots are the periods since the epoch, and one slot runs once. After a run the job pauses
    for `pause_factor` times the duration of the run. If `may_overlap`, its next slot does not wait
    for the end of the last run, nor for a worker that died. A job whose `has_work` says no passes
    without taking its slot.
    """

    name: str
    run: Callable[[Database, Settings], None]
    period_us: int
    limit_seconds: int = 60
    pause_factor: int = 0
    may_overlap: bool = False
    has_work: Callable[[Session], bool] = always


def roll_up(database: Database, settings: Settings) -> None:
    """Roll up what is pending."""
    rollup.roll_up(database, settings.max_metric_sets)


def advise(database: Database, settings: Settings) -> None:
    """Compute statements and recommendations again where their usage or prices have changed."""
    refresh.refresh(database, settings)


def verify_ledger(database: Database, _settings: Settings) -> None:
    """Check the ledger's invariants, keep the result, and log each finding."""
    results = checks.verify(database)
    for check in results:
        for finding in check.findings:
            log.error("ledger_disagrees", check=check.name, finding=finding)
    with database.transaction() as session:
        verification.record(session, results, clock.now_us())


def drop_old_events(database: Database, settings: Settings) -> None:
    """Drop raw events after their retention, and the hours of days long past."""
    end = clock.monotonic_seconds() + DROP_SECONDS
    for drop in retention.drop_events(
        database,
        settings.raw_retention_days,
        clock.now_us(),
        lambda: clock.monotonic_seconds() < end,
    ):
        log.info("raw_events_dropped", day=str(clock.date_of(drop.day)), requests=drop.requests)
    retention.drop_hours(database, clock.now_us())


def deliver_alerts(database: Database, settings: Settings) -> None:
    """Post the alerts that are due to Slack."""
    delivery.deliver(database, settings)


def _has_alerts(session: Session) -> bool:
    return alert_store.has_due(session, clock.now_us())


def _has_pending(session: Session) -> bool:
    return rollups.count_pending(session, clock.now_us())[0] > 0


JOBS = (
    Job(
        name="roll_up",
        run=roll_up,
        period_us=clock.SECOND_US,
        may_overlap=True,
        has_work=_has_pending,
    ),
    Job(
        name="advise",
        run=advise,
        period_us=5 * clock.SECOND_US,
        limit_seconds=300,
        pause_factor=20,
    ),
    Job(
        name="deliver_alerts",
        run=deliver_alerts,
        period_us=5 * clock.SECOND_US,
        limit_seconds=120,
        has_work=_has_alerts,
    ),
    Job(name="drop_old_events", run=drop_old_events, period_us=clock.HOUR_US, limit_seconds=300),
    Job(name="verify_ledger", run=verify_ledger, period_us=clock.DAY_US, limit_seconds=3_600),
)
