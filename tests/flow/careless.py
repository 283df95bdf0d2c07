"""A collector with a planted fault: it answers before it commits, as one that buffers does."""

import sys
import time

from collector import ingest
from collector.backlog import EVENT_BYTES
from deploy import web
from ledger import settings
from ledger.outcomes import Outcome

BUFFERED_SECONDS = 0.05


def _store(self: ingest.GroupCommitter, group: list[ingest.Submission]) -> None:
    for submission in group:
        submission.report(submission, [Outcome.ACCEPTED] * len(submission.events))
    time.sleep(BUFFERED_SECONDS)
    events = [event for submission in group for event in submission.events]
    self._backlog.release(len(events) * EVENT_BYTES)
    self._commit(events, [])


if __name__ == "__main__":
    ingest.GroupCommitter._store = _store  # type: ignore[method-assign]  # this is the fault
    sys.exit(web.serve(settings.load(), ["collector"]))
