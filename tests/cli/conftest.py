"""What tests of the command line share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.database import Database
from tests.cli import trial_runs
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


@pytest.fixture
def endpoint_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The key of `trial run`'s endpoint where it belongs, and a folder to work in."""
    monkeypatch.setenv("OPENAI_API_KEY", trial_runs.KEY)
    monkeypatch.chdir(tmp_path)
