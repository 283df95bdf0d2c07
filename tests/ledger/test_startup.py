"""Opening a ledger at start: it waits for a late database, and names one that it cannot use."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from ledger import startup
from ledger.database import Database
from ledger.errors import StoreUnavailable, UsageError
from tests import servers

NOBODY = "postgresql://switchwise:hunter2@127.0.0.1:1/ledger"


def test_a_database_that_comes_up_late_is_waited_for_and_said_once() -> None:
    with servers.Postgres() as server, ThreadPoolExecutor(1) as executor, capture_logs() as logs:
        url = server.database()
        server.stop()
        opened = executor.submit(startup.open_ledger, url)
        time.sleep(1.2)
        server.start()
        database = opened.result()
        with database.snapshot() as session:
            assert session.execute(text("SELECT count(*) FROM event")).scalar_one() == 0
        database.close()
    reasons = [entry["reason"] for entry in logs if entry["event"] == "waiting_for_database"]
    assert reasons
    assert len(reasons) == len(set(reasons))


def test_a_database_that_stays_away_is_given_up_in_one_line_without_its_password() -> None:
    with (
        capture_logs() as logs,
        pytest.raises(StoreUnavailable, match="Connection refused") as error,
    ):
        startup.open_ledger(NOBODY, wait_seconds=0.6)
    assert len(logs) == 1
    assert "\n" not in str(error.value)
    assert "hunter2" not in f"{logs} {error.value}"


@pytest.mark.parametrize(
    "url", ["postgres//switchwise:hunter2@host/ledger", "mysql://switchwise:hunter2@host/ledger"]
)
def test_an_address_that_is_none_is_refused_at_once_without_being_quoted(url: str) -> None:
    with pytest.raises(UsageError, match="SWITCHWISE_DATABASE_URL") as error:
        startup.open_ledger(url)
    assert "hunter2" not in str(error.value)


def test_a_ledger_of_a_later_version_is_refused_and_left_as_it_is(
    database: Database, database_url: str
) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(UsageError, match="later version"):
        startup.open_ledger(database_url)
    with database.snapshot() as session:
        assert (
            session.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "later"
        )
