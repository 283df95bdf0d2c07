"""The spool: a small SQLite file on this machine for groups of events while the database is away.

A group has its refusals with it, so that they are counted too.
Each append is synced to the disk. The spool knows nothing of the ledger's tables and decides
nothing: `outage.py` says what goes in, `drain.py` what goes out. A folder belongs to one process;
the kernel drops the lock of a dead one.
"""

import fcntl
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
import pysqlite3.dbapi2 as sqlite3

from ledger.errors import StoreUnavailable, UsageError
from ledger.events import Event
from ledger.refusals import RefusedElement

NEARLY_FULL = 0.9
"""From this share of its cap on, the process asks for no more traffic."""
_FILE = "spool.db"
_TABLES = """
    CREATE TABLE IF NOT EXISTS spooled (
        id INTEGER PRIMARY KEY AUTOINCREMENT, events INTEGER NOT NULL, body BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS refused (
        id INTEGER PRIMARY KEY, events INTEGER NOT NULL, body BLOB NOT NULL, reason TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""


class Contents(NamedTuple):
    """A group's events, and what was refused of the requests that they came with."""

    events: list[Event]
    refusals: list[RefusedElement]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Contents)


class SpoolFull(StoreUnavailable):
    """The spool holds as much as it may; nothing of this was kept."""


@dataclass(frozen=True, slots=True)
class SpooledGroup:
    """A group that waits in the spool."""

    id: int
    events: int
    body: bytes

    def decode(self) -> Contents:
        """What it holds.

        Raises msgspec.DecodeError for a damaged body, or one of another version.
        """
        contents: Contents = _DECODER.decode(self.body)
        return contents


class Spool:
    """The groups that wait, oldest first, and a few named values. Any thread may use it."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Raises UsageError for a folder that is not writable, or that another process uses."""
        self.max_bytes = max_bytes
        self._folder = folder
        self._lock = threading.Lock()
        self._owner = _lock_folder(folder)
        try:
            self._connection = sqlite3.connect(
                str(folder / _FILE), isolation_level=None, check_same_thread=False
            )
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(_TABLES)
            sums = self._connection.execute(
                "SELECT count(*), sum(events), sum(length(body)) FROM spooled"
            ).fetchone()
            refused = self._connection.execute("SELECT sum(length(body)) FROM refused").fetchone()
        except sqlite3.Error as error:
            raise UsageError(
                f"SWITCHWISE_SPOOL_DIR: {folder / _FILE} cannot be used: {error};"
                " use another folder, or move this file away"
            ) from error
        self._groups, self.events, self.waiting_bytes = (
            int(sums[0]),
            int(sums[1] or 0),
            int(sums[2] or 0),
        )
        self._refused_bytes = int(refused[0] or 0)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._groups == 0

    @property
    def size_bytes(self) -> int:
        """What waits and what was refused, in bytes: both count against the cap."""
        return self.waiting_bytes + self._refused_bytes

    @property
    def is_nearly_full(self) -> bool:
        """Whether the cap is near."""
        return self.size_bytes >= NEARLY_FULL * self.max_bytes

    def append(self, events: Sequence[Event], refusals: Sequence[RefusedElement] = ()) -> None:
        """Add a group behind the others; it is on disk when this returns.

        Raises SpoolFull and StoreUnavailable.
        """
        body = encode(events, refusals)
        with self._lock:
            if self.size_bytes + len(body) > self.max_bytes:
                raise SpoolFull(
                    "the database is away and the spool is full; nothing of this was kept,"
                    " try again"
                )
            self._execute("INSERT INTO spooled (events, body) VALUES (?, ?)", (len(events), body))
            self._groups, self.events = self._groups + 1, self.events + len(events)
            self.waiting_bytes += len(body)

    def oldest(self, max_events: int) -> list[SpooledGroup]:
        """The groups that have waited longest: one, and more up to so many events together."""
        if self.is_empty:
            return []
        with self._lock:
            groups: list[SpooledGroup] = []
            for row in self._execute("SELECT id, events, body FROM spooled ORDER BY id LIMIT 1000"):
                if groups and sum(group.events for group in groups) + row[1] > max_events:
                    break
                groups.append(SpooledGroup(*row))
            return groups

    def remove(self, groups: Sequence[SpooledGroup]) -> None:
        """Remove groups that the ledger has."""
        with self._lock:
            ids = ", ".join(str(group.id) for group in groups)
            self._execute(f"DELETE FROM spooled WHERE id IN ({ids})")  # noqa: S608  # integers
            self._forget(groups)

    def refuse(self, events: int, body: bytes, reason: str) -> None:
        """Set aside what can never be stored, for a person to look at."""
        with self._lock:
            self._execute(
                "INSERT INTO refused (events, body, reason) VALUES (?, ?, ?)",
                (events, body, reason),
            )
            self._refused_bytes += len(body)

    def put_value(self, name: str, value: bytes) -> None:
        """Store a small value under a name."""
        with self._lock:
            self._execute("INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)", (name, value))

    def get_value(self, name: str) -> bytes | None:
        """The value of a name; None if there is none."""
        with self._lock:
            row = self._execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
            return None if row is None else bytes(row[0])

    def close(self) -> None:
        """Let another process use the folder. What waits stays on disk."""
        self._connection.close()
        os.close(self._owner)

    def _forget(self, groups: Sequence[SpooledGroup]) -> None:
        self._groups -= len(groups)
        self.events -= sum(group.events for group in groups)
        self.waiting_bytes -= sum(len(group.body) for group in groups)

    def _execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.rollback()
            raise StoreUnavailable(
                f"the spool cannot be used: {error}; nothing of this was kept, try again"
            ) from error


def encode(events: Sequence[Event], refusals: Sequence[RefusedElement] = ()) -> bytes:
    """The body of a group."""
    return _ENCODER.encode((events, refusals))


def _lock_folder(folder: Path) -> int:
    """A lock on the folder that ends with this process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        owner = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UsageError(
            f"SWITCHWISE_SPOOL_DIR: cannot write to {folder}: {error.strerror};"
            " use a folder that can be written to"
        ) from error
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(owner)
        raise UsageError(
            f"SWITCHWISE_SPOOL_DIR: another collector uses {folder};"
            " use a different folder for each collector"
        ) from error
    return owner
