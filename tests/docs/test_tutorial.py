"""The tutorial, typed in: each command prints what the page says, at the page's own instant."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import demo
from ledger.database import Database
from tests import ledgers
from tests.cli.command import CommandLine

TUTORIAL = Path(__file__).parent.parent.parent / "docs" / "tutorial.md"
TYPED = re.compile(r"^```console\n\$ (.*?)^```$", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^export .*\bSWITCHWISE_PAIRS=(\S+)$", re.MULTILINE)
COMMAND = re.compile(r"(switchwise [^\n]*|awk '.*?' > \S+)\n(.*)", re.DOTALL)


@pytest.fixture
def line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    """A command line on a ledger with the demo's traffic, in a folder of its own."""
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    database.migrate()
    demo.replay(database, ledgers.SETTINGS, lambda *_: None)
    ledgers.settle(database)
    monkeypatch.chdir(tmp_path)
    (exported,) = set(EXPORT.findall(TUTORIAL.read_text()))
    monkeypatch.setenv("SWITCHWISE_PAIRS", exported)
    yield CommandLine(tmp_path, database, monkeypatch, capsys)
    database.close()


def prints(output: str, printed: str) -> bool:
    """Whether a command printed an output. `...` is any text; line breaks do not count."""
    parts = [re.escape(" ".join(part.split())) for part in output.split("...")]
    return re.fullmatch(".*".join(parts), " ".join(printed.split())) is not None


@pytest.mark.usefixtures("frozen_now")
def test_every_command_of_the_tutorial_prints_what_the_tutorial_shows(line: CommandLine) -> None:
    blocks = [COMMAND.fullmatch(block) for block in TYPED.findall(TUTORIAL.read_text())]
    assert len(blocks) == TUTORIAL.read_text().count("```console") > 5
    for block in blocks:
        assert block
        command, output = block.groups()
        if command.startswith("switchwise"):
            printed = line.said(command.removeprefix("switchwise "))
        else:
            printed = subprocess.run(["sh", "-c", command], check=True, text=True).stdout or ""
        assert prints(output, printed), f"{command} printed:\n{printed}"


def test_a_changed_output_is_noticed() -> None:
    assert prints("a b\n...\nd\n", "a\nb c d")
    assert not prints("a b\n...\ne\n", "a b c d")
    assert not prints("b\n...\nd\n", "a b c d")
    assert not prints("...\nb\na\n", "a b c d")
