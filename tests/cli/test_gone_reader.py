"""A command whose reader has gone, as with `| head`, does all that it would have done."""

import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger import clock
from ledger.database import Database
from ledger.pricing import in_force
from ledger.pricing.overrides import Overrides
from tests import ledgers
from tests.cli.test_cli import COMMAND

CHANGES = [
    "models map prod-chat gpt-4.1 --provider azure.ai.openai",
    "contracts discount openai 12.5 --since 2026-11-20 --source order-4711",
    "contracts price gpt-4.1 --output 6.40 --since 2026-11-18",
    "prices set gpt-4.1-mini --input 0.30 --output 1.20 --since 2026-11-01",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An embedded ledger with a name that can be mapped."""
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    database.migrate()
    labels = ledgers.labels(
        provider="azure.ai.openai", model="prod-chat", request_model="prod-chat"
    )
    ledgers.add(database, [ledgers.event(ledgers.NOON_US, label_set=labels)])
    ledgers.settle(database)
    database.close()
    return tmp_path


def run_unread(words: str, folder: Path, *, with_errors: bool) -> int:
    """Run a command whose output nobody reads; its exit status."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*COMMAND, *words.split(), "--data", str(folder)],
        stdout=writing,
        stderr=writing if with_errors else subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert not ended.stderr, ended.stderr
    return ended.returncode


def overrides(folder: Path) -> Overrides:
    database = Database(f"sqlite:///{folder / 'ledger.db'}")
    with database.snapshot() as session:
        stored = in_force.load_overrides(session)
    database.close()
    return stored


@pytest.mark.parametrize("with_errors", [False, True], ids=["stdout", "both"])
@pytest.mark.parametrize("words", CHANGES)
def test_a_change_is_stored_though_nobody_reads_what_it_shows(
    words: str, with_errors: bool, folder: Path
) -> None:
    before = overrides(folder)
    assert run_unread(words, folder, with_errors=with_errors) == 0
    assert overrides(folder) != before


def test_a_change_is_stored_though_printing_it_fails(folder: Path) -> None:
    before = overrides(folder)
    with Path("/dev/full").open("w") as full:
        subprocess.run(
            [*COMMAND, *CHANGES[0].split(), "--data", str(folder)],
            stdout=full,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    assert overrides(folder) != before


def test_a_failed_check_ends_with_its_status_though_nobody_reads_it(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'ledger.db'}")
    with database.transaction() as session:
        session.execute(text("UPDATE event SET input_tokens = input_tokens + 1"))
    database.close()
    assert run_unread("verify", folder, with_errors=True) == 1


def test_an_import_is_stored_though_nobody_reads_its_receipt(folder: Path) -> None:
    log = folder / "log.jsonl"
    time = clock.rfc3339(ledgers.NOON_US)
    log.write_text(
        f'{{"id": "9", "time": "{time}", "model": "gpt-4.1", "input_tokens": 7,'
        ' "output_tokens": 1}\n'
    )
    assert run_unread(f"import {log}", folder, with_errors=True) == 0
    database = Database(f"sqlite:///{folder / 'ledger.db'}")
    with database.snapshot() as session:
        assert session.execute(text("SELECT count(*) FROM event")).scalar() == 2
    database.close()
