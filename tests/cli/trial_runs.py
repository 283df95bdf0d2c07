"""`trial run` as tests start it: prompts, the command, its journal, and plans of the proxy."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests import processes
from tests.cli import trial_upstream
from tests.cli.command import CommandLine, Ended
from tests.cli.trial_upstream import Plan, Planned, Upstream

CANARY, KEY = "CANARY-prompt-text", "sk-CANARY-key-text"
A, B = "gpt-4.1", "gpt-4.1-mini"
ALIKE = trial_upstream.right_until(gpt_4_1=95, gpt_4_1_mini=95)
WORSE = trial_upstream.right_until(gpt_4_1=95, gpt_4_1_mini=75)


def write_prompts(folder: Path, count: int, **more: object) -> None:
    """Prompts that are right if they are answered with yes."""
    lines = (
        {"id": f"q{number}", "prompt": f"{CANARY} {number}", "expected": "yes", **more}
        for number in range(count)
    )
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "prompts.jsonl").write_text(text)


def words(upstream: Upstream, more: str = "") -> str:
    """The command as it is typed, without the ledger."""
    return (
        f"trial run prompts.jsonl --pair {A}:{B} --endpoint {upstream.address} --yes --by ada"
        f" --json {more}"
    )


def run(line: CommandLine, upstream: Upstream, more: str = "") -> Ended:
    """The command in this process."""
    return line.run(words(upstream, more))


def figure_of(ended: Ended) -> Any:
    """The figure of a run that came to its end."""
    assert ended.status == 0, ended.error
    return ended.json


def rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of the results file."""
    text = (folder / "prompts.results.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def start(folder: Path, upstream: Upstream, more: str = "") -> subprocess.Popen[str]:
    """The command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "import cli; cli.main()", *words(upstream, more).split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OPENAI_LOG": "debug"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def replies(folder: Path) -> int:
    """How many replies the journal holds."""
    path = folder / "prompts.results.jsonl.journal"
    return path.read_bytes().count(b'"type":"reply"') if path.exists() else 0


def wait_for_replies(folder: Path, count: int) -> None:
    processes.wait_until(lambda: replies(folder) >= count, f"{count} replies in the journal")


def always(planned: Planned) -> Plan:
    """A plan in which every call goes alike."""
    return lambda _model, _number, _attempt: planned


def of_target(planned: Planned) -> Plan:
    """A plan in which only the target's calls go differently."""
    return lambda model, _number, _attempt: planned if model == B else Planned()


def slow(plan: Plan, seconds: float) -> Plan:
    """A plan whose calls take so long."""

    def slowed(model: str, number: int, attempt: int) -> Planned:
        planned = plan(model, number, attempt)
        return Planned(text=planned.text, seconds=seconds)

    return slowed


def judged(marks: tuple[float, float]) -> Plan:
    """A judge that always gives these marks to the first and to the second answer."""
    reply = json.dumps({"first": marks[0], "second": marks[1]})
    return lambda model, _number, _attempt: Planned(text=reply if model not in (A, B) else "x")
