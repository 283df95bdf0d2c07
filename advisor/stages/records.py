"""The life of a recommendation as every face shows it: stages, claims, what is missed and what was saved. No arithmetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One change of stage. `until` is the UTC day on which a dismissal has ended by itself."""

    version: int
    action: str
    from_stage: str
    to_stage: str
    by: str
    at: str
    share: str | None
    until: str | None
    note: str | None
    hold_out: str | None


@dataclass(frozen=True, slots=True)
class StageRecord:
    """Who holds a recommendation and since when, until when it is dismissed, and every change that led there.

    `share` is the part of the traffic that the last claim or pilot named; `since` is when the stage was reached.
    """

    owner: str | None = None
    since: str | None = None
    share: str | None = None
    until: str | None = None
    history: tuple[ChangeRecord, ...] = ()


UNTOUCHED = StageRecord()
