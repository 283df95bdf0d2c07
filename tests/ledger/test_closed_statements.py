"""Closed statements and later changes: any change under the books is found."""

import json

import pytest
from sqlalchemy import text

from ledger import checks, closed_statements
from ledger.database import Database
from tests import ledgers
from tests.advisor import closed_books

pytestmark = pytest.mark.usefixtures("frozen_now")


@pytest.fixture
def october(database: Database) -> Database:
    """A closed October with late usage and a repricing."""
    closed_books.close_october(database)
    closed_books.come_late(database)
    closed_books.set_price(database, "1", "4")
    closed_books.reprice(database)
    closed_books.come_late(database)
    return database


def broken(database: Database) -> set[str]:
    return {check.name for check in checks.verify(database) if check.findings}


def test_a_sound_ledger_with_closed_months_passes(october: Database) -> None:
    assert broken(october) == set()


DAMAGE = [
    ("UPDATE statement_line SET cost_usd = '9.99' WHERE month = '2026-10'", {"closed"}),
    ("UPDATE statement_line SET project = 'other' WHERE month = '2026-10'", {"closed", "late"}),
    ("UPDATE statement_line SET requests = 2 WHERE month = '2026-10'", {"closed", "late"}),
    ("DELETE FROM statement_line WHERE month = '2026-10'", {"closed", "late"}),
    ("UPDATE statement SET closed_by = 'nobody' WHERE month = '2026-10'", {"closed"}),
    ("UPDATE statement SET closed_at = closed_at + 1000000 WHERE month = '2026-10'", {"closed"}),
    ("UPDATE statement SET price_book_version = 'x' WHERE month = '2026-10'", {"closed"}),
    ("UPDATE statement SET days = '[]' WHERE month = '2026-10'", {"closed"}),
    ("UPDATE statement SET waste = '{}' WHERE month = '2026-10'", {"closed"}),
    ("UPDATE statement SET content_sha256 = 'x' WHERE month = '2026-10'", {"closed"}),
    ("UPDATE statement SET document = NULL WHERE month = '2026-10'", {"closed"}),
    ("DELETE FROM usage_late", {"late"}),
    ("UPDATE usage_late SET requests = requests + 1", {"late"}),
    ("UPDATE usage_late SET output_tokens = output_tokens - 1 WHERE after_number = 0", {"late"}),
    ("UPDATE adjustment_line SET input_tokens = 5 WHERE number = 2", {"late"}),
    ("UPDATE usage_day SET output_tokens = output_tokens + 1", {"late"}),
]


def test_any_damage_to_the_books_is_found(october: Database) -> None:
    for damage, expected_checks in DAMAGE:
        with october.transaction() as session:
            session.execute(text(damage))
            broken_checks = {"closed"} if list(closed_statements.find_changes(session)) else set()
            broken_checks |= {"late"} if list(closed_statements.find_imbalances(session)) else set()
            session.rollback()
        assert broken_checks == expected_checks, damage
    assert broken(october) == set()


def test_a_document_that_was_written_anew_does_not_have_its_hash(october: Database) -> None:
    with october.transaction() as session:
        content = json.loads(closed_statements.load_document(session, "2026-10") or b"")
        content["lines"][0]["cost_usd"] = "9.99"
        written = closed_statements.pack_document(json.dumps(content).encode())
        session.execute(
            text("UPDATE statement SET document = :written WHERE month = '2026-10'"),
            {"written": written},
        )
    assert any("no longer has the hash" in finding for finding in closed_books.findings(october))


def test_a_column_that_a_later_version_adds_changes_no_closed_statement(october: Database) -> None:
    """The document says which columns it has: another one in the table is not compared."""
    with october.transaction() as session:
        content = json.loads(closed_statements.load_document(session, "2026-10") or b"")
        for line in content["lines"]:
            del line["tier_mismatch_requests"]
        older = json.dumps(content).encode()
        session.execute(
            text(
                "UPDATE statement SET document = :older, content_sha256 = :hash"
                " WHERE month = '2026-10'"
            ),
            {
                "older": closed_statements.pack_document(older),
                "hash": closed_statements.hash_document(older),
            },
        )
    assert broken(october) == set()


def test_an_open_month_has_no_document(database: Database) -> None:
    ledgers.add(database, [ledgers.event()])
    ledgers.settle(database)
    with database.snapshot() as session:
        assert closed_statements.load_document(session, "2026-11") is None
