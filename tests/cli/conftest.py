"""What tests of the command line share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.database import Database
from tests.cli.command import CommandLine


@pytest.fixture
def line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    """A command line on a fresh ledger."""
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    database.migrate()
    yield CommandLine(tmp_path, database, monkeypatch, capsys)
    database.close()
