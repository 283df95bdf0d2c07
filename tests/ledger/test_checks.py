"""The invariants: a sound ledger passes, damage to a rollup is named, a rebuild repairs it."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, delete, text, update

from ledger import checks, rebuild, rollups
from ledger.database import Database
from ledger.events import Event
from tests import ledgers


def broken(database: Database) -> set[str]:
    return {check.name for check in checks.verify(database) if check.findings}


@pytest.fixture
def filled(database: Database) -> Database:
    ledgers.add(database, [ledgers.event(latency_ms=250) for _ in range(20)])
    ledgers.settle(database)
    ledgers.add(
        database, [ledgers.event(label_set=ledgers.labels(project="pending")) for _ in range(5)]
    )
    return database


def test_a_sound_ledger_passes_with_rows_pending(filled: Database) -> None:
    assert broken(filled) == set()


@pytest.mark.parametrize(
    "table", [rollups.HOUR, rollups.DAY_SUMS, rollups.TOTAL, rollups.DISTRIBUTION]
)
@pytest.mark.parametrize("damage", ["wrong", "lost"])
def test_damage_to_a_rollup_is_found_and_rebuilt(
    filled: Database, table: Table, damage: str
) -> None:
    with filled.transaction() as session:
        requests = table.c["requests"]
        wrong = update(table).values(requests=requests + 1)
        session.execute(wrong if damage == "wrong" else delete(table))
    assert broken(filled)
    rebuild.rebuild_rollups(filled)
    assert broken(filled) == set()


def test_rebuilding_a_sound_ledger_changes_nothing(filled: Database) -> None:
    assert rebuild.rebuild_rollups(filled) == 0


def test_a_lost_event_is_named_with_hour_series_and_column(filled: Database) -> None:
    with filled.transaction() as session:
        of_search = (
            "SELECT event.key FROM event JOIN series ON id = series_id WHERE project = 'search'"
        )
        lost = session.execute(text(of_search)).scalars().first()
        session.execute(text("DELETE FROM event WHERE key = :key"), {"key": lost})
    findings = [line for check in checks.verify(filled) for line in check.findings]
    assert any(
        re.match(r"2026-11-20T12:00:00Z series \d+ requests: events say 19, ", line)
        for line in findings
    )


def test_a_part_larger_than_its_whole_is_found(filled: Database) -> None:
    with filled.transaction() as session:
        session.execute(text("UPDATE event SET cached_input_tokens = input_tokens + 1"))
    assert "parts" in broken(filled)


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    groups=st.lists(st.lists(ledgers.any_event(), min_size=1, max_size=20), min_size=1, max_size=3),
    rolled=st.booleans(),
)
def test_what_python_sums_up_is_what_sql_counts(
    database: Database, groups: list[list[Event]], rolled: bool
) -> None:
    with database.transaction() as session:
        for name in (
            "event",
            "event_meter",
            "intake",
            "usage_hour",
            "usage_day",
            "usage_total",
            "distribution_day",
        ):
            session.execute(text(f"DELETE FROM {name}"))
    for group in groups:
        ledgers.add(database, group)
        if rolled:
            ledgers.settle(database)
    assert broken(database) == set()


def test_tokens_that_are_neither_priced_nor_listed_are_found(filled: Database) -> None:
    ledgers.add(filled, [ledgers.event(label_set=ledgers.labels(model="house-model"))])
    ledgers.settle(filled)
    assert broken(filled) == set()
    with filled.transaction() as session:
        session.execute(
            text("UPDATE statement_line SET unpriced_tokens = 0 WHERE model = 'house-model'")
        )
    assert broken(filled) == {"prices"}
