"""The lookout: a thread that reads the API keys every few seconds and keeps them, hashes only, in the spool.

So a request never waits for the database to learn whom it speaks for, and an outage decides by the keys as last read.
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

_PATIENCE_SECONDS = 2.0
_KEYS, _LEDGER = "api_keys", "ledger_id"
_KEPT_COLUMNS = (
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
    """What waits in the spool belongs to another ledger than the one that is connected."""


class Lookout:
    """The keys as last read, and whether the ledger is the one that the spool belongs to. A source of keys for a gate."""

    def __init__(self, database: Database, spool: Spool) -> None:
        self._database = database
        self._stored = StoredKeys(database)
        self._spool = spool
        self._keys = _unpacked(spool.kept(_KEYS))
        self._used: deque[tuple[str, int]] = deque(maxlen=10_000)
        self._is_known = False
        self._is_current = False
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)
        self.careless: str | None = None
        """Why commits may be lost in a crash, as far as is known."""

    @property
    def keys(self) -> list[ApiKey]:
        """Every key as last read."""
        return list(self._keys.values())

    def start(self) -> None:
        """Look now, and from now on every few seconds. Raises WrongLedger; without a database the last look counts."""
        try:
            self._look()
        except WrongLedger:
            raise
        except StoreUnavailable as error:
            log.warning("started_without_database", reason=str(error), keys=len(self._keys))
        self._thread.start()

    def check_ledger(self) -> None:
        """See, once, that the tables are up to date and that this is the ledger of the spool. Raises StoreUnavailable."""
        with self._lock:
            if self._is_known:
                return
            self._database.migrate()
            with self._database.snapshot() as session:
                found = (facts.get(session, facts.LEDGER_ID) or "").encode()
            if not self._spool.is_empty and self._spool.kept(_LEDGER) not in (None, found):
                raise WrongLedger(
                    "the spool holds events of another ledger; connect that one, or empty SWITCHWISE_SPOOL_DIR"
                )
            self._spool.keep(_LEDGER, found)
            self._is_known = True

    def find(self, key_id: str) -> ApiKey | None:
        """The key of an id as last read; one that was made since then is looked up. Raises StoreUnavailable."""
        found = self._keys.get(key_id)
        return self._stored.find(key_id) if found is None and self._is_current else found

    def note_use(self, key_id: str, now_us: int) -> None:
        """Note the use of a key with the next look."""
        self._used.append((key_id, now_us))

    def close(self) -> None:
        """Stop looking. A look that hangs is not waited for."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        while not self._closed.wait(access.REMEMBERED_SECONDS):
            try:
                self._look()
            except StoreUnavailable as error:
                if self._closed.is_set():
                    return
                log.debug("lookout_sees_nothing", reason=str(error))

    def _look(self) -> None:
        self._is_current = False
        self.check_ledger()
        with self._database.snapshot() as session:
            keys = {row.id: row for row in access.list_keys(session)}
            self.careless = durability.find_risk(session)
        if (packed := _packed(keys)) != self._spool.kept(_KEYS):
            self._spool.keep(_KEYS, packed)
        self._keys, self._is_current = keys, True
        while self._used:
            self._stored.note_use(*self._used.popleft())


def _packed(keys: dict[str, ApiKey]) -> bytes:
    return msgspec.msgpack.encode(
        [[getattr(row, name) for name in _KEPT_COLUMNS] for row in keys.values()]
    )


def _unpacked(packed: bytes | None) -> dict[str, ApiKey]:
    rows = msgspec.msgpack.decode(packed, type=list[list[Any]]) if packed else []
    found = (ApiKey(**dict(zip(_KEPT_COLUMNS, row, strict=True))) for row in rows)
    return {row.id: row for row in found}
