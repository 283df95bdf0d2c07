"""A ledger with the forty days of traffic, filled once in each process and copied for a test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from ledger.database import Database
from tests import conftest, processes, servers
from tests.advisor import traffic


@pytest.fixture(scope="session")
def filled_sqlite(migrated_sqlite: Path) -> Iterator[Path]:
    """A SQLite file with the traffic, to copy."""
    folder = processes.scratch_folder("sqlite")
    shutil.copy(migrated_sqlite, folder)
    _fill(f"sqlite:///{folder / 'ledger.db'}")
    yield folder / "ledger.db"
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def filled_postgresql(postgres_server: servers.Postgres, migrated_postgresql: str) -> str:
    """The name of a PostgreSQL database with the traffic, to copy."""
    url = postgres_server.database(migrated_postgresql)
    _fill(url)
    return url.rpartition("/")[2]


@pytest.fixture
def filled_url(backend: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a ledger with the traffic, for what opens it by itself."""
    yield from conftest.copy_template(backend, request, "filled")


@pytest.fixture
def filled(filled_url: str) -> Iterator[Database]:
    """An open ledger with the traffic, every figure up to date at the demo's instant."""
    opened = Database(filled_url)
    yield opened
    opened.close()


def _fill(url: str) -> None:
    ledger = Database(url)
    with time_machine.travel(conftest.NOW, tick=False):
        traffic.fill(ledger)
    ledger.close()
