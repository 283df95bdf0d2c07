"""Retention: raw events are dropped in time, their day is sealed, and no figure changes."""

import threading

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from ledger import checks, clock, rebuild, recount, retention, rollups, slots, store, tables
from ledger.database import Database
from ledger.errors import StoreUnavailable
from ledger.outcomes import Outcome
from tests import ledgers
from worker import rollup

EVENT = tables.EVENT
KEEP_DAYS = 90
FIRST_DAY = clock.day_of(ledgers.NOON_US)


def at_noon(day: int) -> int:
    return day * clock.DAY_US + 12 * clock.HOUR_US


def fill(database: Database, days: int = 3) -> None:
    """Ten events on each of some days from FIRST_DAY on, rolled up after the last."""
    with time_machine.travel(clock.from_us(at_noon(FIRST_DAY + days)), tick=False):
        ledgers.add(
            database,
            [ledgers.event(at_noon(FIRST_DAY + day)) for day in range(days) for _ in range(10)],
        )
        rollup.roll_up(database, 400)


def later(database: Database, days: int, keep_days: int = KEEP_DAYS) -> int:
    """An instant so many days after the end of FIRST_DAY and after the last write."""
    with database.snapshot() as session:
        written_us = session.execute(select(func.max(rollups.DAY.c.last_written_at))).scalar() or 0
    return max(written_us, (FIRST_DAY + 1) * clock.DAY_US) + (keep_days + days) * clock.DAY_US


def drop(database: Database, now_us: int, keep_days: int = KEEP_DAYS) -> list[int]:
    return [due_day.day for due_day in retention.drop_events(database, keep_days, now_us)]


def figures(database: Database) -> list[tuple[object, ...]]:
    with database.snapshot() as session:
        return [
            tuple(row)
            for table in (rollups.HOUR, rollups.DAY_SUMS, rollups.TOTAL, rollups.DISTRIBUTION)
            for row in session.execute(select(table).order_by(*table.primary_key.columns))
        ]


def days_with_events(database: Database) -> list[int]:
    with database.snapshot() as session:
        return list(recount.stored_days(session))


def test_a_day_goes_once_it_was_kept_long_enough_and_not_before(database: Database) -> None:
    fill(database)
    end_us = later(database, 0)
    with database.snapshot() as session:
        assert retention.due_days(session, KEEP_DAYS, end_us - 1) == []
    assert drop(database, end_us - 1) == []
    with database.snapshot() as session:
        assert retention.due_days(session, KEEP_DAYS, end_us)[0] == retention.DueDay(FIRST_DAY, 10)
    assert FIRST_DAY in drop(database, end_us)
    assert FIRST_DAY not in days_with_events(database)
    assert drop(database, end_us) == []


def test_no_figure_changes_and_no_check_or_rebuild_takes_a_dropped_day_for_an_empty_one(
    database: Database,
) -> None:
    fill(database)
    before = figures(database)
    assert drop(database, later(database, 10)) == [FIRST_DAY, FIRST_DAY + 1, FIRST_DAY + 2]
    assert days_with_events(database) == []
    assert [finding for check in checks.verify(database) for finding in check.findings] == []
    assert rebuild.rebuild_rollups(database) == 0
    assert figures(database) == before


def test_zero_days_keep_for_ever(database: Database) -> None:
    fill(database)
    assert drop(database, later(database, 10_000), keep_days=0) == []
    assert len(days_with_events(database)) == 3


def test_an_event_of_a_dropped_day_is_refused_and_its_day_gets_no_partition_again(
    database: Database,
) -> None:
    fill(database)
    drop(database, later(database, 10))
    database.forget_partitions()
    assert ledgers.add(database, [ledgers.event(at_noon(FIRST_DAY))]) == [Outcome.SEALED]
    if not database.is_sqlite:
        with database.snapshot() as session:
            names = (
                session.execute(
                    text("SELECT relid::text FROM pg_partition_tree('event') WHERE isleaf")
                )
                .scalars()
                .all()
            )
        assert names == []


def test_what_waits_to_be_rolled_up_keeps_its_day(database: Database) -> None:
    fill(database)
    now_us = later(database, 10)
    ledgers.add(database, [ledgers.event(at_noon(FIRST_DAY + 1))])
    assert drop(database, now_us) == [FIRST_DAY, FIRST_DAY + 2]
    rollup.roll_up(database, 400)
    assert drop(database, later(database, 0)) == [FIRST_DAY + 1]


def test_a_backfill_of_an_old_day_is_kept_as_long_as_a_new_one(database: Database) -> None:
    """Retention counts from the last write: an import of old logs must not be dropped at once."""
    old = FIRST_DAY - 400
    ledgers.add(database, [ledgers.event(at_noon(old))])
    rollup.roll_up(database, 400)
    assert drop(database, clock.now_us()) == []
    assert old in drop(database, clock.now_us() + (KEEP_DAYS + 1) * clock.DAY_US)


def test_a_run_that_was_stopped_half_way_is_taken_up_by_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_ROWS_AT_ONCE", 4)
    fill(database)
    permissions = iter([True, True, False])
    dropped = [
        due_day.day
        for due_day in retention.drop_events(
            database, KEEP_DAYS, later(database, 10), lambda: next(permissions, False)
        )
    ]
    assert 0 < len(dropped) < 3
    assert days_with_events(database) == list(
        range(dropped[-1] + (not database.is_sqlite), FIRST_DAY + 3)
    )
    assert [finding for check in checks.verify(database) for finding in check.findings] == []
    assert dropped + drop(database, later(database, 10)) == [
        FIRST_DAY,
        FIRST_DAY + 1,
        FIRST_DAY + 2,
    ]
    assert days_with_events(database) == []


def _send_until_sealed(database: Database, accepted: list[Outcome], go_on: threading.Event) -> None:
    """Send events of an old day and roll them up, until the day is sealed or `go_on` is set."""
    while not go_on.is_set():
        outcome = ledgers.add(database, [ledgers.event(at_noon(FIRST_DAY))])
        if outcome == [Outcome.SEALED]:
            return
        accepted.extend(outcome)
        rollup.roll_up(database, 400)
        with database.transaction() as session:
            session.execute(rollups.DAY.update().values(last_written_at=0))


def test_events_and_the_seal_of_their_day_never_pass_each_other(database: Database) -> None:
    """Senders of an old day race with its seal: each event is in the rollups or refused."""
    fill(database, days=1)
    now_us, go_on = later(database, 10), threading.Event()
    accepted: list[Outcome] = []
    senders = [
        threading.Thread(target=_send_until_sealed, args=(database, accepted, go_on))
        for _ in range(2)
    ]
    for sender in senders:
        sender.start()
    dropped: list[int] = []
    while not dropped:
        try:
            dropped = drop(database, now_us)
        except StoreUnavailable:
            continue
    for sender in senders:
        sender.join(30)
    go_on.set()
    rollup.roll_up(database, 400)
    with database.snapshot() as session:
        assert session.execute(select(rollups.TOTAL.c.requests)).scalar_one() == 10 + len(accepted)
    assert days_with_events(database) == []
    assert [finding for check in checks.verify(database) for finding in check.findings] == []


def test_a_day_that_somebody_is_just_writing_into_stays(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOCK_TIMEOUT_MS", 20_000)
    fill(database, days=1)
    dropped: list[int] = []
    dropper = threading.Thread(target=lambda: dropped.extend(drop(database, later(database, 10))))
    with database.transaction() as session:
        store.add(
            session, [ledgers.event(at_noon(FIRST_DAY))], now_us=clock.now_us(), max_series=100
        )
        dropper.start()
        dropper.join(1)
        assert dropper.is_alive()
    dropper.join(30)
    assert dropped == []
    assert days_with_events(database) == [FIRST_DAY]


def test_a_reader_in_the_way_postpones_the_drop_and_ingest_goes_on(database: Database) -> None:
    if database.is_sqlite:
        return
    fill(database)
    with database.snapshot() as session:
        list(recount.stored_days(session))
        with pytest.raises(StoreUnavailable):
            drop(database, later(database, 10))
        assert ledgers.add(database, [ledgers.event(clock.now_us())]) == [Outcome.ACCEPTED]
    assert len(drop(database, later(database, 10))) == 3


def test_hours_and_distributions_go_in_the_end_but_for_the_edges_of_months(
    database: Database,
) -> None:
    fill(database, days=12)
    now_us = later(database, 12)
    drop(database, now_us)
    sealed = range(FIRST_DAY, FIRST_DAY + 12)
    assert (
        retention.drop_hours(database, (sealed[-1] + retention.HOURS_STAY_DAYS) * clock.DAY_US)
        == 11
    )
    with database.snapshot() as session:
        hours = {
            slot // slots.PER_DAY for slot in session.execute(select(rollups.HOUR.c.slot)).scalars()
        }
        distributions = set(session.execute(select(rollups.DISTRIBUTION.c.day)).scalars())
    assert hours == {day for day in sealed if retention.is_edge(day)} | {sealed[-1]}
    assert {str(clock.date_of(day)) for day in hours} == {"2026-11-30", "2026-12-01"}
    assert distributions <= {sealed[-1]}
    assert [finding for check in checks.verify(database) for finding in check.findings] == []
    assert (
        retention.drop_hours(database, (sealed[-1] + retention.HOURS_STAY_DAYS) * clock.DAY_US) == 0
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    now_us=st.integers(2_000, 80_000).map(lambda hours: hours * clock.HOUR_US),
    keep_days=st.integers(1, 400),
    back=st.integers(-3, 500),
)
def test_no_day_that_ingest_takes_without_asking_is_ever_due(
    database: Database, now_us: int, keep_days: int, back: int
) -> None:
    """`store` asks for the seals of days before yesterday only."""
    day = now_us // clock.DAY_US - back
    if day < 0:
        return
    with database.transaction() as session:
        session.execute(rollups.DAY.delete())
        session.execute(rollups.DAY.insert().values(day=day, revision=1, last_written_at=0))
        is_due = bool(retention.due_days(session, keep_days, now_us))
    assert is_due == (now_us >= (day + 1 + keep_days) * clock.DAY_US)
    assert not (is_due and day >= now_us // clock.DAY_US - retention.LEAST_DAYS)
