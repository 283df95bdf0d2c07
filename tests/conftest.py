"""What every test may ask for: servers, fresh ledgers, the demo's instant; and which need what."""

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
import structlog
import time_machine

from ledger.database import Database
from tests import processes, servers

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
TESTS = Path(__file__).parent

# Times say nothing about correctness on a shared machine. A build server tries the same examples
# each time.
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

SERVER_FIXTURES = {"redis_server", "postgres_server", "migrated_postgresql"}
PROCESS_MODULES = ("subprocess", "tests.servers", "bench")
SERVER_FOLDERS = {"flow", "integrations"}
LEDGER_FIXTURES = {"backend", "tmp_path", "tmp_path_factory"}
LEDGER_FOLDERS = {"advisor", "cli", "deploy", "properties", "worker"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Set the marks that `make check` leaves out: `server`, and `filled` for the slow ledgers."""
    for test in items:
        if isinstance(test, pytest.Function):
            folders = test.path.relative_to(TESTS).parts
            if _needs_a_server(test, folders):
                test.add_marker("server")
            if not LEDGER_FIXTURES.isdisjoint(test.fixturenames) and folders[0] in LEDGER_FOLDERS:
                test.add_marker("filled")


def _needs_a_server(test: pytest.Function, folders: Sequence[str]) -> bool:
    """Whether it asks for a server, runs on PostgreSQL, or lies where processes are started."""
    parameters = test.callspec.params.values() if hasattr(test, "callspec") else ()
    return (
        not SERVER_FIXTURES.isdisjoint(test.fixturenames)
        or "postgresql" in parameters
        or any(name.startswith(PROCESS_MODULES) for name in _imported(test.module))
        or folders[0] in SERVER_FOLDERS
    )


def _imported(module: ModuleType) -> Iterator[str]:
    """The modules that a module imports, and those of what it imports from others."""
    for member in vars(module).values():
        yield (
            member.__name__ if isinstance(member, ModuleType) else getattr(member, "__module__", "")
        )


@pytest.fixture(autouse=True)
def default_log() -> Iterator[None]:
    """The level of a log that a test's command sets would hide events from later tests."""
    yield
    structlog.reset_defaults()


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
def migrated_postgresql(postgres_server: servers.Postgres) -> str:
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
    yield from copy_template(backend, request, None)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a migrated ledger without rows, for tests that open it in other processes."""
    yield from copy_template(backend, request, "migrated")


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


def copy_template(
    backend: str, request: pytest.FixtureRequest, template: str | None
) -> Iterator[str]:
    """The address of a database for one test: a copy of the fixture `TEMPLATE_BACKEND`, or empty.

    Only this asks for a server, so a test on SQLite starts none.
    """
    original = template and request.getfixturevalue(f"{template}_{backend}")
    if backend == "sqlite":
        folder = processes.scratch_folder("sqlite")
        if original:
            shutil.copy(original, folder)
        yield f"sqlite:///{folder / 'ledger.db'}"
        shutil.rmtree(folder)
    else:
        server: servers.Postgres = request.getfixturevalue("postgres_server")
        url = server.database(original or "template0")
        yield url
        server.drop(url)
