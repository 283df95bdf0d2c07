"""Event rows in bulk, by the fastest way that each database's driver has. Never commits.

The rows go to the driver's own connection: SQLAlchemy takes longer over a group than the database
does.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite3
from sqlmodel import Session

from ledger import tables

Identity = tuple[int, bytes]
"""UTC day and key: the primary key of `event`."""
Row = tuple[Any, ...]
"""A row of `event`, its values in the order of COLUMNS: first (day, key), which is its identity."""
KEYS_AT_ONCE = 500
"""Keys that are looked up in one query at most."""

_EVENT = tables.EVENT
COLUMNS = tuple(column.name for column in _EVENT.columns)
_KEY = COLUMNS.index("key")
_NAMES = ", ".join(COLUMNS)

# One statement takes up to 256 rows. `executemany` releases the interpreter's lock at each row and
# waits for it again while the event loop works: a group of 64 took 1 ms a row. Powers of two, so
# that few statements are prepared, each once.
_LENGTHS = tuple(1 << power for power in range(8, -1, -1))
# The driver binds int, float, str and bytearray directly. For each None and each bytes object it
# looks for an adapter first, which took twice as long as the other work of a row. So None is bound
# as -1, which no count can be.
_MARKS = f"({', '.join('NULLIF(?, -1)' if column.nullable else '?' for column in _EVENT.columns)})"
_INSERT = f"INSERT INTO event ({_NAMES}) VALUES "  # noqa: S608  # constants
_STATEMENTS = {length: _INSERT + ", ".join([_MARKS] * length) for length in _LENGTHS}

# LATERAL and OFFSET force the planner to look up each key: without statistics of a young partition
# it would read all of it.
LOOK_UP = """
    SELECT wanted.key, stored.fingerprint FROM unnest(%s::bytea[]) AS wanted (key)
    CROSS JOIN LATERAL (
        SELECT fingerprint FROM event WHERE day = %s AND key = wanted.key OFFSET 0
    ) AS stored
"""
_LOOK_UP_ROWS = f"""
    SELECT stored.* FROM unnest(%s::bytea[]) AS wanted (key)
    CROSS JOIN LATERAL (
        SELECT {_NAMES} FROM event WHERE day = %s AND key = wanted.key FOR UPDATE
    ) AS stored
"""  # noqa: S608  # constants
_AS_TEXT = r"\\x"
"""Stands before the hexadecimal digits of a bytea in an array's text, which doubles backslashes."""

_COPY = f"COPY event ({_NAMES}) FROM STDIN (FORMAT BINARY)"
COPY_TYPES = [
    {"BIGINT": "int8", "INTEGER": "int4", "BLOB": "bytea"}[str(column.type)]
    for column in _EVENT.columns
]


class RowExists(Exception):
    """A row's identity exists already; only the first `inserted` rows went in.

    The transaction goes on.
    """

    def __init__(self, inserted: int) -> None:
        super().__init__(inserted)
        self.inserted = inserted


class TransactionLost(Exception):
    """A row's identity exists already, and the transaction can only be rolled back."""


def driver_of(session: Session) -> Any:
    """The driver's own connection, in the session's transaction.

    Its faults are translated like those of SQLAlchemy.
    """
    return session.connection().connection.driver_connection


def insert(session: Session, rows: Sequence[Row]) -> None:
    """Insert rows, in the order of their identities.

    Raises RowExists on SQLite, and TransactionLost on PostgreSQL: a savepoint would cost two more
    round trips for each group.
    """
    driver = driver_of(session)
    if isinstance(driver, psycopg.Connection):
        try:
            _copy(driver, rows)
        except psycopg.errors.UniqueViolation as error:
            raise TransactionLost from error
    else:
        _insert_values(driver, rows)


def insert_warily(session: Session, rows: Sequence[Row]) -> None:
    """The same, but the transaction goes on in any case. Raises RowExists."""
    driver = driver_of(session)
    if isinstance(driver, psycopg.Connection):
        driver.execute("SAVEPOINT bulk")
        try:
            _copy(driver, rows)
        except psycopg.errors.UniqueViolation as error:
            driver.execute("ROLLBACK TO SAVEPOINT bulk")
            raise RowExists(0) from error
        driver.execute("RELEASE SAVEPOINT bulk")
    else:
        _insert_values(driver, rows)


def keys_by_day(identities: Iterable[Identity]) -> Iterator[tuple[int, list[bytes]]]:
    """The UTC days and keys of these events in order, at most KEYS_AT_ONCE keys at a time."""
    for day, of_day in itertools.groupby(sorted(identities), key=lambda identity: identity[0]):
        keys = [key for _, key in of_day]
        for start in range(0, len(keys), KEYS_AT_ONCE):
            yield day, keys[start : start + KEYS_AT_ONCE]


def fingerprints(session: Session, day: int, keys: Sequence[bytes]) -> Iterable[tuple[bytes, int]]:
    """Key and fingerprint of those events of a UTC day that are there."""
    driver = driver_of(session)
    if isinstance(driver, psycopg.Connection):
        with driver.cursor(binary=True) as cursor:
            return cursor.execute(LOOK_UP, (_key_array(keys), day)).fetchall()
    rows: list[tuple[bytes, int]] = _select_from_sqlite(driver, "key, fingerprint", day, keys)
    return rows


def lock_rows(session: Session, day: int, keys: Sequence[bytes]) -> Sequence[Row]:
    """The rows of those events of a UTC day that are there; no one else changes them meanwhile.

    They are locked in the order of the keys, so that writers who sort them cannot deadlock.
    """
    driver = driver_of(session)
    if isinstance(driver, psycopg.Connection):
        with driver.cursor(binary=True) as cursor:
            return cursor.execute(_LOOK_UP_ROWS, (_key_array(keys), day)).fetchall()
    return _select_from_sqlite(driver, _NAMES, day, keys)


def _select_from_sqlite(
    driver: Any, names: str, day: int, keys: Sequence[bytes]
) -> list[tuple[Any, ...]]:
    marks = ", ".join("?" * len(keys))
    query = f"SELECT {names} FROM event WHERE day = ? AND key IN ({marks})"  # noqa: S608
    rows: list[tuple[Any, ...]] = driver.execute(query, [day, *map(bytearray, keys)]).fetchall()
    return rows


def _key_array(keys: Sequence[bytes]) -> str:
    """Keys as one parameter, an array as text.

    The driver takes longer over a list of parameters than the server over the query.
    """
    return f"{{{','.join([_AS_TEXT + key.hex() for key in keys])}}}"


def _insert_values(driver: Any, rows: Sequence[Row]) -> None:
    inserted = 0
    for length in _LENGTHS:
        while len(rows) - inserted >= length:
            values = [
                -1 if value is None else value
                for row in rows[inserted : inserted + length]
                for value in row
            ]
            values[_KEY :: len(COLUMNS)] = map(bytearray, values[_KEY :: len(COLUMNS)])
            try:
                driver.execute(_STATEMENTS[length], values)
            except sqlite3.IntegrityError as error:
                # SQLite rolls back only the statement that failed.
                raise RowExists(inserted) from error
            inserted += length


def _copy(driver: "psycopg.Connection[Any]", rows: Sequence[Row]) -> None:
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(COPY_TYPES)
        for row in rows:
            copy.write_row(row)
