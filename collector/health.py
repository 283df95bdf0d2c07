"""Whether this process works: a writer that is alive, and a database that commits to disk."""

import threading

import structlog

from collector.ingest import GroupCommitter
from collector.spool_service import SpoolService
from ledger import clock, durability, facts, web
from ledger.database import Database
from ledger.errors import StoreUnavailable

BELIEVED_SECONDS = 1.0
"""How long the answer of a probe counts: a probe writes, so many requests share one."""
_PROBE = "readiness_probe"

log = structlog.get_logger()


class Health:
    """Answers the probes of an orchestrator. Any thread may ask; one at a time probes."""

    def __init__(
        self,
        database: Database,
        committer: GroupCommitter,
        spool_service: SpoolService | None = None,
    ) -> None:
        self._database = database
        self._committer = committer
        self._spool_service = spool_service
        self._lock = threading.Lock()
        self._checked_at = float("-inf")
        self._fault: str | None = None

    def ill(self) -> str | None:
        """Why the process must be started again; None if it need not."""
        if not self._committer.is_alive:
            return "the writer has died; start this process again"
        return self._spool_service.ill() if self._spool_service else None

    def unready(self) -> str | None:
        """Why nothing can be stored now; None if it can. Commits a row to find out."""
        ill = self.ill()
        if ill is not None:
            return ill
        if self._spool_service is not None:
            return self._spool_service.unready()
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
                risk = durability.find_risk(session)
                if risk is None:
                    facts.put(session, _PROBE, str(clock.now_us()))
        except StoreUnavailable as error:
            log.warning("database_unavailable", reason=str(error))
            return web.message_of(error)
        return risk
