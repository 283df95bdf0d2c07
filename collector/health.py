"""Whether this process can keep its promise now: a writer that lives, and a database that really commits to disk."""

import threading

import structlog

from collector.ingest import GroupCommitter
from collector.spool_service import SpoolService
from ledger import clock, durability, facts, web
from ledger.database import Database
from ledger.errors import StoreUnavailable

BELIEVED_SECONDS = 1.0
"""A probe writes, so its answer serves everyone who asks meanwhile."""
_PROBE = "readiness_probe"

log = structlog.get_logger()


class Health:
    """Answers the probes of an orchestrator. Any thread may ask; one at a time probes."""

    def __init__(
        self, database: Database, committer: GroupCommitter, spooling: SpoolService | None = None
    ) -> None:
        self._database = database
        self._committer = committer
        self._spooling = spooling
        self._lock = threading.Lock()
        self._checked_at = float("-inf")
        self._fault: str | None = None

    def ill(self) -> str | None:
        """Why the process must be started again; None if it need not."""
        if not self._committer.is_alive:
            return "the writer has died; start this process again"
        return self._spooling.ill() if self._spooling else None

    def unready(self) -> str | None:
        """Why nothing can be stored now; None if it can. Commits a row to find out."""
        ill = self.ill()
        if ill is not None:
            return ill
        if self._spooling is not None:
            return self._spooling.unready()
        with self._lock:
            if clock.monotonic_seconds() - self._checked_at > BELIEVED_SECONDS:
                fault = self._probe()
                if fault is not None and fault != self._fault:
                    log.warning("not_ready", reason=fault)
                self._fault = fault
                self._checked_at = clock.monotonic_seconds()
            return self._fault

    def _probe(self) -> str | None:
        try:
            with self._database.transaction() as session:
                careless = durability.find_risk(session)
                if careless is None:
                    facts.put(session, _PROBE, str(clock.now_us()))
        except StoreUnavailable as error:
            log.warning("database_unavailable", reason=str(error))
            return web.message_of(error)
        return careless
