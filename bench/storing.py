"""Storing events on SQLite: what identity, the label sets and the intake sums cost over a bare insert of the same rows."""

import itertools
import tempfile
from pathlib import Path

import pysqlite3.dbapi2 as sqlite3

from bench import measure
from ledger import clock, store
from ledger.database import Database
from ledger.events import Event, Labels

GROUP, GROUPS = 500, 40
LABELS = Labels(
    "bench",
    "openai",
    "gpt-4.1",
    "gpt-4.1",
    "standard",
    "standard",
    0,
    0,
    "provider",
    "success",
    "search",
    "chat",
    "key",
)
COLUMNS = 15


def run() -> list[measure.Result]:
    """Groups of 500, each durable (synchronous=FULL) before the next begins; fresh, and sent a second time."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/ledger.db")
        database.migrate()
        floor = _bare_table(Path(folder) / "bare.db")
        ids = itertools.count()
        last: list[list[Event]] = []

        def fresh() -> None:
            last[:] = [[_event(next(ids)) for _ in range(GROUP)] for _ in range(GROUPS)]
            _store(database, last)

        amount, bare = GROUP * GROUPS, "bare executemany of as many columns"
        results = [
            measure.rates("groups of 500, SQLite", "events/s", amount, fresh, lambda: _insert(floor, ids), bare),
            measure.rates(
                "the same groups again", "events/s", amount, lambda: _store(database, last), fresh, "fresh groups"
            ),
        ]
        database.close()
        floor.close()
    return results


def _event(number: int) -> Event:
    return Event(f"bench:{number}", clock.now_us() - 1, LABELS, 1_000 + number % 100, 0, None, 100, 0)


def _store(database: Database, groups: list[list[Event]]) -> None:
    for group in groups:
        with database.transaction() as session:
            store.add(session, group, now_us=clock.now_us(), max_series=1_000)


def _bare_table(path: Path) -> "sqlite3.Connection":
    connection = sqlite3.connect(str(path), isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"CREATE TABLE bare ({', '.join(f'c{n}' for n in range(COLUMNS))})")
    return connection


def _insert(connection: "sqlite3.Connection", ids: "itertools.count[int]") -> None:
    marks = ", ".join("?" * COLUMNS)
    for _ in range(GROUPS):
        rows = [tuple(number + column for column in range(COLUMNS)) for number in itertools.islice(ids, GROUP)]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO bare VALUES ({marks})", rows)
        connection.execute("COMMIT")
