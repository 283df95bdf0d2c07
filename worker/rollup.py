"""The rollup: intake rows become hours, days and totals.

Each row counts exactly once, in the transaction that deletes it.
"""

from ledger import clock, rollups, usage
from ledger.database import Database, lock

CLAIM = 64
"""Intake rows of one transaction: many rows merge into few sums, but it must stay short."""


def roll_up(database: Database, max_metric_sets: int) -> int:
    """Roll up everything that is ready now; the number of intake rows that it was.

    Early events stay until their time. Any number of workers may run it at once.
    """
    roll_up_next = _roll_up_on_sqlite if database.is_sqlite else _roll_up_on_postgresql
    intake_rows = 0
    while (claimed_rows := roll_up_next(database, max_metric_sets)) is not None:
        intake_rows += claimed_rows
    return intake_rows


def _roll_up_on_postgresql(database: Database, max_metric_sets: int) -> int | None:
    with database.transaction() as session:
        lock(session, "rollup", shared=True)
        claimed = rollups.claim(session, clock.now_us(), CLAIM)
        if not claimed:
            return None
        rollups.add(session, usage.merge_all(claimed), clock.now_us(), max_metric_sets)
    return len(claimed)


def _roll_up_on_sqlite(database: Database, max_metric_sets: int) -> int | None:
    """Read and merge outside the write lock, so that ingest does not wait; then delete those rows.

    Where another worker was faster, nothing is written and the answer is 0: there may be more.
    """
    with database.snapshot() as session:
        pending = rollups.list_ready(session, clock.now_us(), CLAIM)
    if not pending:
        return None
    sums = usage.merge_all(packed for _, packed in pending)
    with database.transaction() as session:
        if rollups.remove(session, [intake_id for intake_id, _ in pending]) != len(pending):
            session.rollback()
            return 0
        rollups.add(session, sums, clock.now_us(), max_metric_sets)
    return len(pending)
