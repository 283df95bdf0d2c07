"""What the databases can do at best: bare tables without a key, rows made beforehand, a durable commit every 500 rows."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite3
from sqlalchemy import make_url

from bench import measure

COLUMNS = 15
GROUP = 500
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), struct.pack(">h", -1)


class SqliteFloor:
    """A table of as many columns as ours, without any index; WAL, synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(str(path), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(f"CREATE TABLE bare ({', '.join(f'c{number}' for number in range(COLUMNS))})")

    def rows_a_second(self, groups: int) -> float:
        """How many rows go in a second, by `executemany`, a transaction each group."""
        made = [[tuple(range(number, number + COLUMNS)) for number in range(GROUP)] for _ in range(groups)]
        return groups * GROUP / measure.seconds(lambda: self._insert(made))

    def commit_ms(self) -> float:
        """The median of 50 commits of one row each, in milliseconds."""
        taken = [measure.seconds(lambda: self._insert([[tuple(range(COLUMNS))]])) for _ in range(50)]
        return 1_000 * sorted(taken)[25]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _insert(self, groups: Sequence[Sequence[tuple[Any, ...]]]) -> None:
        for rows in groups:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(f"INSERT INTO bare VALUES ({', '.join('?' * COLUMNS)})", rows)
            self._connection.execute("COMMIT")


class PostgresFloor:
    """The same on PostgreSQL, by binary COPY of bytes that were packed beforehand."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._connection = psycopg.connect(
            host=parsed.host, port=parsed.port, user=parsed.username, dbname=parsed.database
        )
        self._connection.execute(f"CREATE TABLE bare ({', '.join(f'c{number} int8' for number in range(COLUMNS))})")
        self._connection.commit()
        fields = b"".join(struct.pack(">iq", 8, number) for number in range(COLUMNS))
        self._packed = _HEADER + (struct.pack(">h", COLUMNS) + fields) * GROUP + _TRAILER

    def rows_a_second(self, groups: int) -> float:
        """How many rows go in a second, a transaction each group."""
        return groups * GROUP / measure.seconds(lambda: self._copy(groups))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _copy(self, groups: int) -> None:
        for _ in range(groups):
            with self._connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(self._packed)
            self._connection.commit()
