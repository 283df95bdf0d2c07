"""The database: opening it, one `transaction()` that commits, `snapshot()`, and migrations."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite3
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import Session

from ledger import clock
from ledger.errors import DatabaseUnavailable, StoreUnavailable, UsageError

# SQLite from 3.7.0 to 3.51.2 can corrupt a WAL database that two connections write to; see
# sqlite.org/wal.html.
SAFE_SQLITE = (3, 51, 3)
BUSY_TIMEOUT_MS = 5_000
LOCK_NAMES = {
    "migrate": 7_301,
    "partition": 7_302,
    "rollup": 7_303,
    "metric_set": 7_304,
    "refresh": 7_305,
    "first_keys": 7_306,
    "growth": 7_307,
}
"""PostgreSQL advisory locks, one number each; SQLite needs none, because a writer is alone."""


class Database:
    """An open ledger. Every process and every fork opens its own and closes it when done."""

    def __init__(self, url: str) -> None:
        self.engine = _sqlite_engine(url) if url.startswith("sqlite") else _postgresql_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        # Made once: making an engine with options takes longer than beginning a transaction.
        self._writes = self.engine.execution_options(writes=True)
        self._reads = self.engine.execution_options(writes=False)
        self._days_with_partition: set[int] = set()
        self._kept: dict[int, Connection] = {}  # by thread

    @property
    def address(self) -> str:
        """Its URL without the password."""
        return self.engine.url.render_as_string(hide_password=True)

    def __repr__(self) -> str:
        return f"Database({self.address})"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A writing transaction: committed when the block ends, rolled back when it raises.

        The only place that commits, with `group`. Raises StoreUnavailable when the database cannot
        be reached, is full or is locked for too long.
        """
        with _named_faults(), Session(self._writes, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def group(self) -> Iterator[Session]:
        """A transaction for a thread that commits often, on a connection that it keeps.

        It takes half the time.

        A connection with a fault is closed; the next group opens another.
        """
        thread = threading.get_ident()
        with _named_faults():
            connection = self._kept.pop(thread, None) or self._writes.connect()
            try:
                with Session(connection, expire_on_commit=False) as session:
                    yield session
                    session.commit()
            except BaseException:
                connection.close()
                raise
            self._kept[thread] = connection

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A read-only view in which every query sees the same instant of the ledger."""
        with _named_faults(), Session(self._reads, expire_on_commit=False) as session:
            yield session

    def prepare_days(self, days: Iterable[int]) -> None:
        """Make sure that events of these UTC days have a partition on PostgreSQL.

        A day's partition is made when it is first needed. A sealed day gets none: it takes no
        event.
        """
        missing = set(days) - self._days_with_partition
        if self.is_sqlite or not missing:
            return
        with self.transaction() as session:
            lock(session, "partition")
            sealed = session.execute(
                text("SELECT day FROM day WHERE sealed_at IS NOT NULL")
            ).scalars()
            for day in sorted(missing.difference(sealed)):
                name = partition_of(day)
                if session.execute(text(f"SELECT to_regclass('{name}')")).scalar() is None:
                    # Attached, not made in place: that would wait for every reader of events, such
                    # as a long `verify`.
                    session.execute(text(f"CREATE TABLE {name} (LIKE event INCLUDING ALL)"))
                    session.execute(
                        text(f"ALTER TABLE event ATTACH PARTITION {name} FOR VALUES IN ({day})")
                    )
        self._days_with_partition |= missing

    def forget_partitions(self) -> None:
        """Check again which days have a partition: another process may have dropped one."""
        self._days_with_partition.clear()

    def migrate(self) -> None:
        """Bring the tables to this version's revision; other processes that start now wait for it.

        Raises StoreUnavailable as a transaction does, and UsageError for the tables of a later
        version.
        """
        with _named_faults(), self._writes.connect() as connection:
            if not self.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_NAMES['migrate']})"))
            try:
                command.upgrade(alembic_config(connection), "head")
            except CommandError as error:
                raise UsageError(
                    "a later version of switchwise made this ledger; start that version again"
                ) from error
            connection.commit()

    def is_migrated(self) -> bool:
        """Whether the tables are those of this version; it changes nothing.

        Raises StoreUnavailable as a snapshot does.
        """
        with _named_faults(), self._reads.connect() as connection:
            heads = MigrationContext.configure(connection).get_current_heads()
            scripts = ScriptDirectory.from_config(alembic_config(connection))
            return set(heads) == set(scripts.get_heads())

    def has_tables(self) -> bool:
        """Whether the tables of a ledger were ever made here. Raises StoreUnavailable."""
        with _named_faults(), self._reads.connect() as connection:
            return inspect(connection).has_table("alembic_version")

    def close(self) -> None:
        """Close the connections."""
        while self._kept:
            self._kept.popitem()[1].close()
        self.engine.dispose()


def partition_of(day: int) -> str:
    """The table that holds the events of a UTC day on PostgreSQL."""
    return f"event_{clock.date_of(day):%Y%m%d}"


def lock(session: Session, name: str, *, shared: bool = False) -> None:
    """Hold one of LOCK_NAMES until the transaction ends. A writer on SQLite is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        suffix = "_shared" if shared else ""
        session.execute(text(f"SELECT pg_advisory_xact_lock{suffix}({LOCK_NAMES[name]})"))


def stop_ingest(session: Session) -> None:
    """Let no group of events commit until the transaction ends: each writes an intake row.

    A writer on SQLite is alone.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE intake IN SHARE MODE"))


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for our migrations over an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


_OURS_ON_SQLITE = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError)


@contextmanager
def _named_faults() -> Iterator[None]:
    try:
        yield
    except (
        psycopg.OperationalError,
        psycopg.InternalError,
        sqlite3.OperationalError,
        PoolTimeoutError,
    ) as error:
        raise _unavailable(error) from error
    except sqlite3.DatabaseError as error:
        # The same fault of a driver that was called directly, not by SQLAlchemy.
        if isinstance(error, _OURS_ON_SQLITE):
            raise
        raise _unavailable(error) from error
    except DBAPIError as error:
        # A fault of our own statements or values keeps its type; any other is the database's.
        ours = isinstance(error, IntegrityError | DataError | ProgrammingError)
        if error.connection_invalidated or not ours:
            raise _unavailable(error.orig or error) from error
        raise


def _unavailable(error: BaseException) -> StoreUnavailable:
    return DatabaseUnavailable(
        f"the database cannot be used now: {(str(error).splitlines() or ['no reason given'])[0]}"
    )


def _sqlite_engine(url: str) -> Engine:
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        raise UsageError(
            f"SQLite {sqlite3.sqlite_version} can corrupt a ledger;"
            " install pysqlite3 0.6.1 or later"
        )
    path = make_url(url).database
    if path and path != ":memory:":
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"cannot create {Path(path).parent}: {error.strerror};"
                " choose another folder with --data or SWITCHWISE_DATA"
            ) from error
    engine = create_engine(
        url, module=sqlite3, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MS / 1_000}
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # The driver must not begin transactions: every writer begins with BEGIN IMMEDIATE, or two
        # of them could deadlock.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UsageError(
            "SWITCHWISE_DATABASE_URL: this is not a database address;"
            " write one such as postgresql://host/name"
        ) from error
    if not parsed.drivername.startswith("postgres"):
        raise UsageError(
            f"SWITCHWISE_DATABASE_URL: {parsed.drivername!r} is not supported;"
            " use sqlite or postgresql"
        )
    options = (
        "-c synchronous_commit=on -c statement_timeout=60s -c lock_timeout=10s -c timezone=UTC"
    )
    # A day's partition fills within minutes: a plan that was cached while it was empty would read
    # all of it.
    options += " -c plan_cache_mode=force_custom_plan"
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        hide_parameters=True,
        pool_size=5,
        connect_args={
            "options": options,
            "connect_timeout": 5,
            # A server that vanishes is noticed after so many milliseconds, not after 15 minutes.
            "tcp_user_timeout": 10_000,
            "application_name": "switchwise",
        },
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("writes", False):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    return engine
