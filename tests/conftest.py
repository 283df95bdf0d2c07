"""What every test may ask for: real servers, a fresh migrated ledger on both databases, the demo's instant, hypothesis profiles."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import time_machine

from ledger.database import Database
from tests import processes, servers

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
TESTS = Path(__file__).parent

# Times say nothing about correctness on a shared machine. A build server tries the same examples each time.
hypothesis.settings.register_profile(
    "default",
    deadline=None,
    max_examples=50,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "full", hypothesis.settings.get_profile("default"), max_examples=1_000
)
hypothesis.settings.register_profile(
    "check", hypothesis.settings.get_profile("default"), max_examples=5, derandomize=True
)
hypothesis.settings.load_profile("default")

SERVER_FIXTURES = {"redis_server", "postgres_server", "migrated_postgres"}
SERVER_MODULES = {"subprocess", "servers"}
SERVER_FOLDERS = {"flow", "integrations"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that starts a server or a process of its own; `make check` leaves them out."""
    for test in items:
        if isinstance(test, pytest.Function) and _needs_a_server(test):
            test.add_marker("server")


def _needs_a_server(test: pytest.Function) -> bool:
    """Whether it asks for a server, runs on PostgreSQL, or its module or folder starts processes."""
    parameters = test.callspec.params.values() if hasattr(test, "callspec") else ()
    return (
        not SERVER_FIXTURES.isdisjoint(test.fixturenames)
        or "postgresql" in parameters
        or not SERVER_MODULES.isdisjoint(vars(test.module))
        or not SERVER_FOLDERS.isdisjoint(test.path.relative_to(TESTS).parts)
    )


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.Redis]:
    """One Redis for all tests of this process; a test that breaks it starts its own."""
    with servers.Redis() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """One PostgreSQL for all tests of this process; a test that breaks it starts its own."""
    with servers.Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: servers.Postgres) -> str:
    """The name of a migrated PostgreSQL database to copy: a copy is faster than the migrations."""
    url = postgres_server.database()
    _migrate(url)
    return url.rpartition("/")[2]


@pytest.fixture(scope="session")
def migrated_sqlite() -> Iterator[Path]:
    """A migrated SQLite file to copy."""
    folder = processes.scratch_folder("sqlite")
    _migrate(f"sqlite:///{folder / 'ledger.db'}")
    yield folder / "ledger.db"
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on: it runs once on each."""
    name: str = request.param
    return name


@pytest.fixture
def empty_database_url(backend: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database without tables."""
    yield from _fresh(backend, request, migrated=False)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a migrated ledger without rows, for tests that open it in processes of their own."""
    yield from _fresh(backend, request, migrated=True)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open, migrated ledger without rows."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def frozen_now() -> Iterator[datetime]:
    """The instant at which the clock stands still during the test."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


def _migrate(url: str) -> None:
    ledger = Database(url)
    ledger.migrate()
    ledger.close()


def _fresh(backend: str, request: pytest.FixtureRequest, *, migrated: bool) -> Iterator[str]:
    """A database of one test's own. The servers are asked for only here, so that a test on SQLite starts none."""
    if backend == "sqlite":
        folder = processes.scratch_folder("sqlite")
        if migrated:
            shutil.copy(request.getfixturevalue("migrated_sqlite"), folder)
        yield f"sqlite:///{folder / 'ledger.db'}"
        shutil.rmtree(folder)
    else:
        server: servers.Postgres = request.getfixturevalue("postgres_server")
        url = server.database(
            request.getfixturevalue("migrated_postgres") if migrated else "template0"
        )
        yield url
        server.drop(url)
