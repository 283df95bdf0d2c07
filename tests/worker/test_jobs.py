"""The jobs in the table: what each leaves behind."""

from sqlalchemy import text
from structlog.testing import capture_logs

from ledger import verification
from ledger.database import Database
from ledger.settings import Settings
from tests.worker import usage_events
from worker import jobs

SETTINGS = Settings()


def test_names_are_unique_and_periods_are_positive() -> None:
    assert len({job.name for job in jobs.JOBS}) == len(jobs.JOBS)
    assert all(job.period_us > 0 for job in jobs.JOBS)


def test_rolling_up_leaves_nothing_pending(database: Database) -> None:
    usage_events.store(database, usage_events.some(30))
    jobs.roll_up(database, SETTINGS)
    with database.snapshot() as session:
        assert session.execute(text("SELECT count(*) FROM intake")).scalar_one() == 0
        assert session.execute(text("SELECT sum(requests) FROM usage_total")).scalar_one() == 30


def test_a_clean_verification_is_kept(database: Database) -> None:
    usage_events.store(database, usage_events.some(5))
    jobs.verify_ledger(database, SETTINGS)
    with database.snapshot() as session:
        kept = verification.last(session)
    assert kept is not None
    assert kept.is_clean
    assert kept.findings["hours"] == 0


def test_a_disagreement_is_logged_and_kept(database: Database) -> None:
    usage_events.store(database, usage_events.some(5))
    jobs.roll_up(database, SETTINGS)
    with database.transaction() as session:
        session.execute(text("UPDATE usage_total SET requests = requests + 1"))
    with capture_logs() as logs:
        jobs.verify_ledger(database, SETTINGS)
    assert {entry["check"] for entry in logs if entry["event"] == "ledger_disagrees"} == {"totals"}
    with database.snapshot() as session:
        kept = verification.last(session)
    assert kept is not None
    assert not kept.is_clean


def test_a_ledger_that_was_never_verified_says_so(database: Database) -> None:
    with database.snapshot() as session:
        assert verification.last(session) is None
