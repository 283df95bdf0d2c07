"""Handing events to a group committer in tests, with a future in place of whoever is to hear of them."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from collector.ingest import GroupCommitter, Heard, Waiting
from ledger.events import Event
from ledger.store import Outcome


@dataclass(frozen=True, slots=True)
class Submitted:
    """Events that were handed over."""

    waiting: Waiting
    heard: Future[list[Outcome]]

    def result(self, seconds: float) -> list[Outcome]:
        """The outcomes, or the error, within this time."""
        return self.heard.result(seconds)

    def exception(self, seconds: float) -> BaseException | None:
        """Why they were not stored."""
        return self.heard.exception(seconds)

    def done(self) -> bool:
        """Whether anything was heard."""
        return self.heard.done()


def submit(committer: GroupCommitter, events: Sequence[Event]) -> Submitted:
    """Hand events over."""
    future: Future[list[Outcome]] = Future()

    def hear(_waiting: Waiting, heard: Heard) -> None:
        if isinstance(heard, Exception):
            future.set_exception(heard)
        else:
            future.set_result(heard)

    return Submitted(committer.submit(events, hear), future)
