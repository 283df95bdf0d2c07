"""Migrations: they make exactly the tables, on both databases, once, and whole or not at all."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, inspect

from ledger import tables
from ledger.database import Database


@pytest.fixture
def fresh(empty_database_url: str) -> Database:
    return Database(empty_database_url)


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _is_no_partition}
        )
        return list(compare_metadata(context, tables.metadata))


def _is_no_partition(
    _object: object, name: str | None, kind: str, _reflected: bool, _compared: object
) -> bool:
    return not (kind == "table" and (name or "").startswith("event_"))


def test_the_migrations_make_the_tables_and_nothing_else(fresh: Database) -> None:
    fresh.migrate()
    assert differences(fresh) == []
    fresh.close()


def test_migrating_again_changes_nothing(fresh: Database) -> None:
    fresh.migrate()
    fresh.migrate()
    fresh.close()


STARTER = "import sys; from ledger.database import Database; Database(sys.argv[1]).migrate()"


def test_of_four_starters_one_migrates_and_all_go_on(empty_database_url: str) -> None:
    command = [sys.executable, "-c", STARTER, empty_database_url]
    starters = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [(starter.communicate()[1], starter.returncode) for starter in starters] == [("", 0)] * 4


def test_a_migration_that_dies_midway_leaves_nothing_behind(fresh: Database) -> None:
    statements = 0

    def die(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == 12:
            raise RuntimeError("killed")

    event.listen(fresh.engine, "before_cursor_execute", die)
    with pytest.raises(RuntimeError):
        fresh.migrate()
    event.remove(fresh.engine, "before_cursor_execute", die)
    assert inspect(fresh.engine).get_table_names() == []
    fresh.migrate()
    assert differences(fresh) == []
    fresh.close()
