"""Opening the ledger when a process starts: it waits for a database that is not up yet.

Reads and writes no row.
"""

import time

import structlog

from ledger import clock
from ledger.database import Database
from ledger.errors import StoreUnavailable

WAIT_SECONDS = 30.0
"""How long a database may take to start. A supervisor may start this process again after that."""
_POLL_SECONDS = 0.5

log = structlog.get_logger()


def open_ledger(url: str, wait_seconds: float = WAIT_SECONDS) -> Database:
    """An open ledger with its tables up to date. The caller closes it.

    Raises UsageError for a bad address, and StoreUnavailable when the database does not answer in
    time.
    """
    database = Database(url)
    give_up_at = clock.monotonic_seconds() + wait_seconds
    reason = ""
    while True:
        try:
            database.migrate()
        except StoreUnavailable as error:
            if clock.monotonic_seconds() >= give_up_at:
                database.close()
                raise
            if str(error) != reason:
                reason = str(error)
                log.warning("waiting_for_database", database=repr(database), reason=reason)
        else:
            return database
        time.sleep(_POLL_SECONDS)
