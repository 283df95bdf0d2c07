"""Submitting events to a group committer in tests, with a future for what became of them."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from collector.ingest import CommitResult, GroupCommitter, Submission
from ledger.events import Event
from ledger.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Submitted:
    """Events that were submitted."""

    submission: Submission
    future: Future[list[Outcome]]

    def result(self, seconds: float) -> list[Outcome]:
        """The outcomes, or the error, within this time."""
        return self.future.result(seconds)

    def exception(self, seconds: float) -> BaseException | None:
        """Why they were not stored."""
        return self.future.exception(seconds)

    def is_reported(self) -> bool:
        """Whether anything was reported."""
        return self.future.done()


def submit(committer: GroupCommitter, events: Sequence[Event]) -> Submitted:
    """Submit events."""
    future: Future[list[Outcome]] = Future()

    def report(_submission: Submission, result: CommitResult) -> None:
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)

    return Submitted(committer.submit(events, report), future)
