"""The lookout: a thread that reads the API keys every few seconds and keeps them in the spool.

Only hashes of keys are kept. So a request never waits for the database to check its key, and in an
outage the keys count as they were last read.
"""

import threading
from collections import deque
from typing import Any

import msgspec
import structlog

from collector.spool import Spool
from ledger import access, durability, facts
from ledger.access import StoredKeys
from ledger.database import Database
from ledger.errors import StoreUnavailable
from ledger.tables.access import ApiKey

_CLOSE_SECONDS = 2.0
_KEYS, _LEDGER = "api_keys", "ledger_id"
_KEY_COLUMNS = (
    "id",
    "name",
    "secret_hash",
    "scopes",
    "project",
    "namespace",
    "created_at",
    "expires_at",
    "revoked_at",
)

log = structlog.get_logger()


class WrongLedger(StoreUnavailable):
    """The events in the spool belong to another ledger than the connected one."""


class Lookout:
    """The keys as last read, and the check that the spool belongs to this ledger.

    It is a source of keys for a gate.
    """

    def __init__(self, database: Database, spool: Spool) -> None:
        self._database = database
        self._stored = StoredKeys(database)
        self._spool = spool
        self._keys = _unpack(spool.get_value(_KEYS))
        self._uses: deque[tuple[str, int]] = deque(maxlen=10_000)
        self._is_checked = False
        self._is_current = False
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)
        self.risk: str | None = None
        """Why commits may be lost in a crash, as last read; None if they are durable."""

    @property
    def keys(self) -> list[ApiKey]:
        """Every key as last read."""
        return list(self._keys.values())

    def start(self) -> None:
        """Read the keys now, and from now on every few seconds.

        Without a database the keys of the last start count. Raises WrongLedger.
        """
        try:
            self._read()
        except WrongLedger:
            raise
        except StoreUnavailable as error:
            log.warning("started_without_database", reason=str(error), keys=len(self._keys))
        self._thread.start()

    def check_ledger(self) -> None:
        """Once, bring the tables up to date and check that this is the ledger of the spool.

        Raises StoreUnavailable.
        """
        with self._lock:
            if self._is_checked:
                return
            self._database.migrate()
            with self._database.snapshot() as session:
                ledger_id = (facts.get(session, facts.LEDGER_ID) or "").encode()
            if not self._spool.is_empty and self._spool.get_value(_LEDGER) not in (None, ledger_id):
                raise WrongLedger(
                    "the spool holds events of another ledger; connect that one, or empty"
                    " SWITCHWISE_SPOOL_DIR"
                )
            self._spool.put_value(_LEDGER, ledger_id)
            self._is_checked = True

    def find(self, key_id: str) -> ApiKey | None:
        """The key of an id as last read; a newer one is looked up. Raises StoreUnavailable."""
        key = self._keys.get(key_id)
        return self._stored.find(key_id) if key is None and self._is_current else key

    def note_use(self, key_id: str, now_us: int) -> None:
        """Have the use of a key stored after the next read."""
        self._uses.append((key_id, now_us))

    def close(self) -> None:
        """Stop reading. A read that hangs is not waited for."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closed.wait(access.REMEMBERED_SECONDS):
            try:
                self._read()
            except StoreUnavailable as error:
                if self._closed.is_set():
                    return
                log.debug("lookout_sees_nothing", reason=str(error))

    def _read(self) -> None:
        self._is_current = False
        self.check_ledger()
        with self._database.snapshot() as session:
            keys = {row.id: row for row in access.list_keys(session)}
            self.risk = durability.find_risk(session)
        if (packed := _pack(keys)) != self._spool.get_value(_KEYS):
            self._spool.put_value(_KEYS, packed)
        self._keys, self._is_current = keys, True
        while self._uses:
            self._stored.note_use(*self._uses.popleft())


def _pack(keys: dict[str, ApiKey]) -> bytes:
    return msgspec.msgpack.encode(
        [[getattr(row, name) for name in _KEY_COLUMNS] for row in keys.values()]
    )


def _unpack(packed: bytes | None) -> dict[str, ApiKey]:
    rows = msgspec.msgpack.decode(packed, type=list[list[Any]]) if packed else []
    keys = (ApiKey(**dict(zip(_KEY_COLUMNS, row, strict=True))) for row in rows)
    return {key.id: key for key in keys}
