"""Event rows in bulk, by the shortest way that each database's driver has. Never commits.

The rows go to the driver's own connection: SQLAlchemy takes longer over a group than the database does.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite3
from sqlmodel import Session

from ledger import tables

Row = tuple[Any, ...]
"""A row of `event`, its values in the order of COLUMNS: first (day, key), which is its identity."""

_EVENT = tables.metadata.tables["event"]
COLUMNS = tuple(column.name for column in _EVENT.columns)
_NAMES = ", ".join(COLUMNS)

# One statement takes up to 256 rows. `executemany` lets go of the interpreter's lock at each row and waits for it again
# while the event loop works: a group of 64 took 1 ms a row. Powers of two, so that few statements are prepared, and once.
_LENGTHS = tuple(1 << power for power in range(8, -1, -1))
_MARKS = f"({', '.join('?' * len(COLUMNS))})"
_INSERT = f"INSERT INTO event ({_NAMES}) VALUES "  # noqa: S608  # constants
_STATEMENTS = {length: _INSERT + ", ".join([_MARKS] * length) for length in _LENGTHS}

_COPY = f"COPY event ({_NAMES}) FROM STDIN (FORMAT BINARY)"
_COPY_TYPES = [{"BIGINT": "int8", "INTEGER": "int4", "BLOB": "bytea"}[str(column.type)] for column in _EVENT.columns]


class AlreadyThere(Exception):
    """The identity of a row is taken. The first `inserted` rows went in, the others did not; the transaction goes on."""

    def __init__(self, inserted: int) -> None:
        super().__init__(inserted)
        self.inserted = inserted


def driver_of(session: Session) -> Any:
    """The driver's own connection, in the session's transaction. Its faults are named like those of SQLAlchemy."""
    return session.connection().connection.driver_connection


def insert(session: Session, rows: Sequence[Row]) -> None:
    """Insert rows in the order given, which is that of their identities. Raises AlreadyThere."""
    driver = driver_of(session)
    if isinstance(driver, psycopg.Connection):
        _copy(driver, rows)
    else:
        _insert_values(driver, rows)


def _insert_values(driver: Any, rows: Sequence[Row]) -> None:
    done = 0
    for length in _LENGTHS:
        while len(rows) - done >= length:
            values = list(itertools.chain.from_iterable(rows[done : done + length]))
            try:
                driver.execute(_STATEMENTS[length], values)
            except sqlite3.IntegrityError as error:
                # SQLite takes back the one statement that failed, and nothing before it.
                raise AlreadyThere(done) from error
            done += length


def _copy(driver: "psycopg.Connection[Any]", rows: Sequence[Row]) -> None:
    with driver.cursor() as cursor:
        cursor.execute("SAVEPOINT bulk")
        try:
            with cursor.copy(_COPY) as copy:
                copy.set_types(_COPY_TYPES)
                for row in rows:
                    copy.write_row(row)
        except psycopg.errors.UniqueViolation as error:
            cursor.execute("ROLLBACK TO SAVEPOINT bulk")
            raise AlreadyThere(0) from error
        cursor.execute("RELEASE SAVEPOINT bulk")
