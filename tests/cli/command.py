"""The command line in this process, at the test's own instant, as a person with a terminal of 80 columns sees it."""

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cli
from cli import app
from ledger import logs
from ledger.database import Database


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its status, and what it printed."""

    status: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        """What it printed with --json."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs commands on one embedded ledger, which is open beside them."""

    data: Path
    database: Database
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def run(self, text: str) -> Ended:
        """One command as it would be typed, whatever becomes of it."""
        self.monkeypatch.setattr(
            sys, "argv", ["switchwise", *shlex.split(text), "--data", str(self.data)]
        )
        self.monkeypatch.setattr(app, "console", app.new_console(80))
        # The log would go on writing to this test's captured stderr after the test.
        self.monkeypatch.setattr(logs, "configure", lambda _level: None)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = self.capture.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, printed.out, printed.err)

    def said(self, text: str) -> str:
        """What a command that succeeds prints."""
        ended = self.run(text)
        assert (ended.status, ended.error) == (0, "")
        return ended.out
