"""`switchwise retention`: what would go, what has gone, and that a report does not notice."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger import clock
from ledger.database import Database
from tests import ledgers
from tests.cli.test_cli import run

LONG_AGO_US = clock.now_us() - 200 * clock.DAY_US
DAY = str(clock.date_of(clock.day_of(LONG_AGO_US)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A ledger with three requests of long ago, which were written then, and one of now."""
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    database.migrate()
    ledgers.add(
        database, [*(ledgers.event(LONG_AGO_US) for _ in range(3)), ledgers.event(clock.now_us())]
    )
    ledgers.settle(database)
    with database.transaction() as session:
        session.execute(text(f"UPDATE day SET last_written_at = {LONG_AGO_US}"))
    database.close()
    return tmp_path


def test_a_dry_run_names_what_would_go_and_the_run_drops_it_once(data: Path) -> None:
    report = run("report", "--month", DAY[:7], "--json", data=data).stdout
    looked = run("retention", "--dry-run", data=data).stdout
    assert f"{DAY}         3" in looked
    assert "Without --dry-run these go." in looked
    assert json.loads(run("retention", "--json", data=data).stdout) == [{"day": DAY, "requests": 3}]
    assert "None is older." in run("retention", data=data).stdout
    held = json.loads(run("report", "--month", DAY[:7], "--json", data=data).stdout)
    assert {**held, "as_of": None} == {**json.loads(report), "as_of": None}
