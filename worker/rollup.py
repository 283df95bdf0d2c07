"""The rollup: intake rows become hours, days and totals, each exactly once, in the transaction that deletes them."""

from ledger import clock, rollups, usage
from ledger.database import Database, lock

CLAIM = 64
"""Intake rows taken in one transaction: enough to merge away the repeats, few enough to keep it short."""


def roll_up(database: Database, max_metric_sets: int) -> int:
    """Roll up everything that is pending now; how many intake rows that was. Any number of workers may run it."""
    roll_up_some = _roll_up_on_sqlite if database.is_sqlite else _roll_up_on_postgresql
    done = 0
    while (taken := roll_up_some(database, max_metric_sets)) is not None:
        done += taken
    return done


def _roll_up_on_postgresql(database: Database, max_metric_sets: int) -> int | None:
    with database.transaction() as session:
        lock(session, "rollup", shared=True)
        claimed = rollups.claim(session, CLAIM)
        if not claimed:
            return None
        rollups.add(session, usage.merge_all(claimed), clock.now_us(), max_metric_sets)
    return len(claimed)


def _roll_up_on_sqlite(database: Database, max_metric_sets: int) -> int | None:
    """Read and merge outside the write lock, so that ingest does not wait; then delete exactly what was read.

    Where another worker has been faster, nothing is written and the answer is 0: there may be more.
    """
    with database.snapshot() as session:
        read = rollups.list_pending(session, CLAIM)
    if not read:
        return None
    sums = usage.merge_all(packed for _, packed in read)
    with database.transaction() as session:
        if rollups.remove(session, [intake_id for intake_id, _ in read]) != len(read):
            session.rollback()
            return 0
        rollups.add(session, sums, clock.now_us(), max_metric_sets)
    return len(read)
