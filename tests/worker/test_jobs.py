"""The jobs in the table: what each leaves behind."""

from sqlalchemy import text
from structlog.testing import capture_logs

from ledger import clock, verification
from ledger.database import Database
from ledger.settings import Settings
from tests import ledgers
from tests.worker import usage_events
from worker import jobs

SETTINGS = Settings()


def test_names_are_unique_and_periods_are_positive() -> None:
    assert len({job.name for job in jobs.JOBS}) == len(jobs.JOBS)
    assert all(job.period_us > 0 for job in jobs.JOBS)


def test_rolling_up_leaves_nothing_pending(database: Database) -> None:
    usage_events.store(database, usage_events.make_events(30))
    jobs.roll_up(database, SETTINGS)
    with database.snapshot() as session:
        assert session.execute(text("SELECT count(*) FROM intake")).scalar_one() == 0
        assert session.execute(text("SELECT sum(requests) FROM usage_total")).scalar_one() == 30


def test_a_clean_verification_is_kept(database: Database) -> None:
    usage_events.store(database, usage_events.make_events(5))
    jobs.verify_ledger(database, SETTINGS)
    with database.snapshot() as session:
        result = verification.last(session)
    assert result is not None
    assert result.is_clean
    assert result.findings["hours"] == 0


def test_a_disagreement_is_logged_and_kept(database: Database) -> None:
    usage_events.store(database, usage_events.make_events(5))
    jobs.roll_up(database, SETTINGS)
    with database.transaction() as session:
        session.execute(text("UPDATE usage_total SET requests = requests + 1"))
    with capture_logs() as logs:
        jobs.verify_ledger(database, SETTINGS)
    assert {entry["check"] for entry in logs if entry["event"] == "ledger_disagrees"} == {"totals"}
    with database.snapshot() as session:
        result = verification.last(session)
    assert result is not None
    assert not result.is_clean


def test_a_ledger_that_was_never_verified_says_so(database: Database) -> None:
    with database.snapshot() as session:
        assert verification.last(session) is None


def test_old_events_are_dropped_and_each_day_is_logged(database: Database) -> None:
    long_ago_us = clock.now_us() - 200 * clock.DAY_US
    ledgers.add(database, [ledgers.event(long_ago_us), ledgers.event()])
    jobs.roll_up(database, SETTINGS)
    jobs.drop_old_events(database, SETTINGS)
    with database.transaction() as session:
        session.execute(text(f"UPDATE day SET last_written_at = {long_ago_us}"))
    with capture_logs() as logs:
        jobs.drop_old_events(database, SETTINGS)
    (entry,) = (entry for entry in logs if entry["event"] == "raw_events_dropped")
    assert (entry["day"], entry["requests"]) == (str(clock.date_of(clock.day_of(long_ago_us))), 1)
    with database.snapshot() as session:
        assert session.execute(text("SELECT count(*) FROM event")).scalar_one() == 1
