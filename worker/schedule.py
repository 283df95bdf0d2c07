"""The schedule as rows: which job is due, and taking its slot.

One conditional update takes a slot, so each slot runs at most once, whatever number of schedulers
and workers race for it. Nothing here commits.
"""

from dataclasses import dataclass

from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ledger import clock, tables
from worker import jobs
from worker.jobs import JOBS, Job

CLOCK_TOLERANCE_US = 60 * clock.SECOND_US
"""A slot taken further in the future than this was taken by a clock that was set back later."""
GRACE_SECONDS = 30
"""How long after its limit a job is killed; after as long again its slot counts as abandoned."""
OVERDUE_SECONDS = 180
"""A job that has been due for so long has no worker: wake-ups are sent every minute at least."""
MAX_FAILURE_CHARACTERS = 200

_SLOTS = tables.JOB_SLOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The last slot of a job that was taken, and when runs of the job ended lately.

    All times are UTC epoch microseconds.
    """

    taken_at: int
    finished_at: int | None
    failed_at: int | None

    @property
    def ended_at(self) -> int | None:
        """When this turn ended; None while it runs, and for ever if its worker was killed."""
        ends = [
            end
            for end in (self.finished_at, self.failed_at)
            if end is not None and end >= self.taken_at
        ]
        return max(ends, default=None)


def last_turns(session: Session) -> dict[str, Turn]:
    """The last turn of each job that ever ran."""
    columns = (_SLOTS.c.job, _SLOTS.c.taken_at, _SLOTS.c.finished_at, _SLOTS.c.failed_at)
    return {
        row.job: Turn(taken_at=row.taken_at, finished_at=row.finished_at, failed_at=row.failed_at)
        for row in session.execute(select(*columns))
    }


def is_due(job: Job, last: Turn | None, now_us: int) -> bool:
    """Whether the job has a slot that nobody has taken.

    Missed slots count as one. Most jobs also wait for the end of their last run.
    """
    if last is None or last.taken_at > now_us + CLOCK_TOLERANCE_US:
        return True
    if now_us // job.period_us <= last.taken_at // job.period_us:
        return False
    if job.may_overlap:
        return True
    if last.ended_at is None:
        return now_us > last.taken_at + (job.limit_seconds + 2 * GRACE_SECONDS) * clock.SECOND_US
    return now_us >= last.ended_at + job.pause_factor * (last.ended_at - last.taken_at)


def take_slot(session: Session, job: Job, last: Turn | None, now_us: int) -> bool:
    """Take the slot of this instant, if no other worker took one since `last` was read."""
    if last is None:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        first = (
            dialect.insert(_SLOTS).values(job=job.name, taken_at=now_us).on_conflict_do_nothing()
        )
        return session.execute(first.returning(_SLOTS.c.job)).first() is not None
    statement = (
        update(_SLOTS)
        .where(_SLOTS.c.job == job.name, _SLOTS.c.taken_at == last.taken_at)
        .values(taken_at=now_us)
    )
    return session.execute(statement.returning(_SLOTS.c.job)).first() is not None


def note_finished(session: Session, job: Job, now_us: int) -> None:
    """Note that the job ended well."""
    session.execute(
        update(_SLOTS).where(_SLOTS.c.job == job.name).values(finished_at=now_us, failure=None)
    )


def note_failed(session: Session, job: Job, now_us: int, failure: str) -> None:
    """Note that the job failed, and why in a few words; its next slot tries again."""
    stamps = {"failed_at": now_us, "failure": failure[:MAX_FAILURE_CHARACTERS]}
    session.execute(update(_SLOTS).where(_SLOTS.c.job == job.name).values(stamps))


def release_slots(session: Session, now_us: int) -> None:
    """End the turns of dead workers. Only for a worker that is the only one of its database."""
    ends = func.coalesce(_SLOTS.c.finished_at, 0), func.coalesce(_SLOTS.c.failed_at, 0)
    running = and_(*(end < _SLOTS.c.taken_at for end in ends))
    session.execute(
        update(_SLOTS)
        .where(running)
        .values(failed_at=now_us, failure="its worker ended before it did")
    )


def overdue_jobs(session: Session, now_us: int) -> list[str]:
    """The jobs that a worker at work would have begun long ago, and all that never ran.

    A job that may pass without taking its slot is left out: its silence means nothing.
    """
    turns, before = last_turns(session), now_us - OVERDUE_SECONDS * clock.SECOND_US
    late = []
    for job in JOBS:
        last = turns.get(job.name)
        if job.has_work is jobs.always and (
            last is None or (last.taken_at < before and is_due(job, last, before))
        ):
            late.append(job.name)
    return late
