"""The probes: a process that cannot store, or might lose a commit, is not ready."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from collector import health, ingest
from collector.backlog import Backlog
from collector.health import Health
from collector.ingest import GroupCommitter
from ledger.database import Database
from ledger.errors import StoreUnavailable
from tests import processes, samples
from tests.collector.submitting import submit


@pytest.fixture
def committer(database: Database) -> Iterator[GroupCommitter]:
    opened = GroupCommitter(ingest.make_commit(database, 100), Backlog(1 << 20))
    yield opened
    opened.close()


@pytest.fixture
def probes(
    database: Database, committer: GroupCommitter, monkeypatch: pytest.MonkeyPatch
) -> Health:
    monkeypatch.setattr(health, "BELIEVED_SECONDS", 0)
    return Health(database, committer)


def test_a_collector_on_a_working_database_is_well_and_ready(probes: Health) -> None:
    assert probes.ill() is None
    assert probes.unready() is None
    assert probes.unready() is None


def test_a_database_that_cannot_commit_makes_it_unready_until_it_can(probes: Health) -> None:
    def fail(_session: object) -> None:
        raise StoreUnavailable("the disk is full")

    event.listen(Session, "before_commit", fail)
    try:
        assert probes.unready() == "the disk is full"
        assert probes.ill() is None
    finally:
        event.remove(Session, "before_commit", fail)
    assert probes.unready() is None


def test_a_connection_that_does_not_sync_its_commits_is_never_ready(
    database: Database, probes: Health
) -> None:
    lower = "PRAGMA synchronous=NORMAL" if database.is_sqlite else "SET synchronous_commit=off"

    def careless(connection: object, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # the driver's own
        cursor.execute(lower)
        cursor.close()

    event.listen(database.engine, "checkout", careless)
    assert "synchronous" in str(probes.unready())


def test_a_dead_writer_makes_the_process_ill_and_refuses_at_once(
    committer: GroupCommitter, probes: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_event: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr("ledger.events.fingerprint_of", die)
    monkeypatch.setattr("threading.excepthook", lambda _arguments: None)
    with pytest.raises(StoreUnavailable, match="died"):
        submit(committer, [samples.event(1)]).result(10)
    processes.wait_until(lambda: not committer.is_alive, "the end of the writer")
    assert "start this process again" in str(probes.ill())
    assert probes.unready() == probes.ill()
    with pytest.raises(StoreUnavailable):
        submit(committer, [samples.event(1)])


def test_probing_leaves_one_row_and_no_event(database: Database, probes: Health) -> None:
    for _ in range(3):
        probes.unready()
    with database.snapshot() as session:
        assert (
            session.execute(
                text("SELECT count(*) FROM fact WHERE name <> 'ledger_id'")
            ).scalar_one()
            == 1
        )
        assert session.execute(text("SELECT count(*) FROM event")).scalar_one() == 0
