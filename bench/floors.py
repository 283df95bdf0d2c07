"""What the databases can do at best: a bare table, ready rows, a durable commit every 500.

The table has no key and the rows are like ours.
"""

import struct
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite3
from sqlalchemy import make_url

from bench import timing, traffic
from ledger import bulk, clock

GROUP = 500
_COLUMNS = len(bulk.COLUMNS)
_PACKED_BYTES = {"int4": 4, "int8": 8}
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), struct.pack(">h", -1)


class SqliteFloor:
    """A table of as many columns as ours, without any index; WAL, synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(str(path), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(f"CREATE TABLE bare ({', '.join(bulk.COLUMNS)})")

    def rows_a_second(self, groups: int) -> float:
        """How many rows go in a second, by `executemany`, a transaction each group."""
        row_groups = [
            [row(number) for number in range(start, start + GROUP)]
            for start in range(0, groups * GROUP, GROUP)
        ]
        return groups * GROUP / timing.seconds(lambda: self._insert(row_groups))

    def commit_ms(self) -> float:
        """The median of 50 commits of one row each, in milliseconds."""
        durations = [timing.seconds(lambda: self._insert([[row(0)]])) for _ in range(50)]
        return 1_000 * sorted(durations)[25]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _insert(self, row_groups: Sequence[Sequence[tuple[Any, ...]]]) -> None:
        for rows in row_groups:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                f"INSERT INTO bare VALUES ({', '.join('?' * _COLUMNS)})", rows
            )
            self._connection.execute("COMMIT")


class PostgresFloor:
    """The same on PostgreSQL, by binary COPY of packed bytes."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._connection = psycopg.connect(
            host=parsed.host, port=parsed.port, user=parsed.username, dbname=parsed.database
        )
        columns = [
            f"{name} {kind}" for name, kind in zip(bulk.COLUMNS, bulk.COPY_TYPES, strict=True)
        ]
        self._connection.execute(f"CREATE TABLE bare ({', '.join(columns)})")
        self._connection.commit()
        self._packed = (
            _HEADER + b"".join(_packed(row(number)) for number in range(GROUP)) + _TRAILER
        )

    def rows_a_second(self, groups: int) -> float:
        """How many rows go in a second, a transaction each group."""
        return groups * GROUP / timing.seconds(lambda: self._copy(groups))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _copy(self, groups: int) -> None:
        for _ in range(groups):
            with (
                self._connection.cursor() as cursor,
                cursor.copy("COPY bare FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.write(self._packed)
            self._connection.commit()


def row(number: int) -> bulk.Row:
    """A row of the same columns, types and sizes as an event of the measured traffic."""
    occurred_at = traffic.START_US + 1_000 * number
    name = blake2b(str(number).encode(), digest_size=18).digest()
    return (
        occurred_at // clock.DAY_US,
        (occurred_at // 1_000).to_bytes(6, "big") + name[:10],
        number % 100,
        occurred_at,
        800 + number % 1_000,
        number % 500,
        0,
        10 + number % 90,
        number % 10,
        None,
        None,
        300 + number % 700,
        100 + number % 200,
        0,
        None,
        int.from_bytes(name[10:], "big") >> 3,
    )


def _packed(row: bulk.Row) -> bytes:
    fields = [struct.pack(">h", _COLUMNS)]
    for column, kind in zip(row, bulk.COPY_TYPES, strict=True):
        if column is None:
            fields.append(struct.pack(">i", -1))
        else:
            content = (
                column
                if isinstance(column, bytes)
                else column.to_bytes(_PACKED_BYTES[kind], "big", signed=True)
            )
            fields.append(struct.pack(">i", len(content)) + content)
    return b"".join(fields)
