"""The first API keys: made once, each in a file, and made again only where somebody could not go on without."""

from pathlib import Path

import pytest

from deploy import first_keys
from ledger import access, clock
from ledger.access import Gate
from ledger.database import Database
from ledger.errors import UsageError

SCRAPE = "prometheus/scrape.key"
FILES = ["ingest.key", "admin.key", SCRAPE]


def made(database: Database, directory: Path) -> list[str]:
    """The files that a run writes, relative to the directory."""
    return [
        path.relative_to(directory).as_posix() for path in first_keys.create(database, directory)
    ]


def scopes_of(database: Database, path: Path) -> list[str]:
    return sorted(Gate(database, keys_required=True).admit(path.read_text().strip()).scopes)


def test_each_file_holds_a_key_with_its_own_scope_that_works(
    database: Database, tmp_path: Path
) -> None:
    assert made(database, tmp_path) == FILES
    assert [scopes_of(database, tmp_path / file) for file in FILES] == [
        ["ingest"],
        ["admin"],
        ["scrape"],
    ]


def test_a_second_run_makes_no_key_and_touches_no_file(database: Database, tmp_path: Path) -> None:
    made(database, tmp_path)
    before = {file: (tmp_path / file).read_bytes() for file in FILES}
    assert made(database, tmp_path) == []
    assert {file: (tmp_path / file).read_bytes() for file in FILES} == before


def test_a_key_that_was_handed_over_and_whose_file_was_removed_is_not_made_again(
    database: Database, tmp_path: Path
) -> None:
    made(database, tmp_path)
    (tmp_path / "ingest.key").unlink()
    assert made(database, tmp_path) == []


@pytest.mark.parametrize("spoilt", [None, "", "sw_000000000000_" + "x" * 43])
def test_prometheus_gets_a_new_key_where_its_file_has_none_that_works(
    database: Database, tmp_path: Path, spoilt: str | None
) -> None:
    made(database, tmp_path)
    (tmp_path / SCRAPE).unlink()
    if spoilt is not None:
        (tmp_path / SCRAPE).write_text(spoilt)
    assert made(database, tmp_path) == [SCRAPE]
    assert scopes_of(database, tmp_path / SCRAPE) == ["scrape"]


def test_a_key_that_was_made_by_hand_is_enough(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        access.create_key(
            session, "mine", ["ingest"], project=None, namespace="mine", now_us=clock.now_us()
        )
    assert made(database, tmp_path) == ["admin.key", SCRAPE]


def test_a_revoked_key_counts_as_none(database: Database, tmp_path: Path) -> None:
    made(database, tmp_path)
    with database.transaction() as session:
        for row in access.list_keys(session):
            access.revoke_key(session, row.id, now_us=clock.now_us())
    assert made(database, tmp_path) == FILES


def test_where_no_file_can_be_written_no_key_is_left_behind(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="choose another --keys-dir"):
        first_keys.create(database, tmp_path / "file")
    with database.snapshot() as session:
        assert access.list_keys(session) == []
