"""A collector with a planted fault: it answers first and commits a moment later, as one with a buffer in memory does."""

import sys
import time

from collector import ingest
from collector.backlog import EVENT_BYTES
from deploy import web
from ledger import settings
from ledger.store import Outcome

BUFFERED_SECONDS = 0.05


def _store(self: ingest.GroupCommitter, group: list[ingest.Waiting]) -> None:
    for waiting in group:
        waiting.hear(waiting, [Outcome.ACCEPTED] * len(waiting.events))
    time.sleep(BUFFERED_SECONDS)
    events = [event for waiting in group for event in waiting.events]
    self._room.leave(len(events) * EVENT_BYTES)
    self._commit(events)


if __name__ == "__main__":
    ingest.GroupCommitter._store = _store  # type: ignore[method-assign]  # this is the fault
    sys.exit(web.serve(settings.load(), ["collector"]))
