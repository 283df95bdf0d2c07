"""`trial run` where something fails: calls, answers, parameters, the disk, and what it refuses to start."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests import ledgers, processes
from tests.cli import trial_upstream
from tests.cli.command import CommandLine
from tests.cli.trial_runs import (
    ALIKE,
    A,
    B,
    always,
    figure_of,
    of_target,
    rows,
    run,
    start,
    words,
    write_prompts,
)
from tests.cli.trial_upstream import Planned, Upstream

pytestmark = pytest.mark.usefixtures("endpoint_key")
FULL_DISK = processes.full_disk(9_000)


@pytest.fixture
def idle() -> Iterator[Upstream]:
    """A proxy that nobody should call."""
    with trial_upstream.serve(ALIKE) as upstream:
        yield upstream
    assert upstream.requests == []


def test_rate_limits_are_waited_for_and_counted_as_extra_attempts(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 30)

    def plan(model: str, number: int, attempt: int) -> Planned:
        if model == B and number % 2 == 0 and attempt < 2:
            return Planned(status=429, headers={"retry-after-ms": "1"})
        return Planned()

    with trial_upstream.serve(plan) as upstream:
        figure = figure_of(run(line, upstream))
    source, target = figure["sides"]
    assert (source["attempts"], target["attempts"]) == (30, 60)
    assert {row["b_attempts"] for row in rows(tmp_path)} == {1, 3}
    factors = {factor["name"]: factor["expected"] for factor in figure["evidence"]["factors"]}
    assert factors["extra_attempts"] == "1.00"
    assert figure["unclear_usd"] == "0.00"


def test_a_prompt_that_fails_on_one_side_is_named_and_left_out(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 30)

    def plan(model: str, number: int, _attempt: int) -> Planned:
        if model == B and number in (5, 11):
            return Planned(status=400, error={"code": "content_filter"})
        return Planned()

    with trial_upstream.serve(plan) as upstream:
        figure = figure_of(run(line, upstream))
        said = line.run(words(upstream).replace("--json", "")).out
    assert figure["left_out"] == [
        {"id": name, "role": "b", "reason": "http_400 (content_filter)"} for name in ("q5", "q11")
    ]
    assert (figure["pairs"], figure["evidence"]["left_out"]) == (28, 2)
    assert "2 prompts left out: 2 because of the target." in said
    assert "q5: the target, http_400 (content_filter)" in said
    assert "The target failed more often than the source" in said
    assert upstream.calls[B, 5] == 1


@pytest.mark.parametrize(
    ("planned", "says"),
    [
        (
            Planned(status=404, error={"code": "model_not_found", "message": "no"}),
            f"the requests to {B} fail: a model that the endpoint does not know; name it as",
        ),
        (
            Planned(status=400, error={"message": f"Invalid model name passed in model={B}."}),
            f"the requests to {B} fail: a model that the endpoint does not know; name it as",
        ),
        (Planned(status=401), f"the requests to {B} fail: http_401; check the key in"),
        (
            Planned(status=307, headers={"Location": "http://127.0.0.1:9/v1"}),
            f"the requests to {B} fail: http_307",
        ),
    ],
)
def test_what_fails_for_all_prompts_is_one_error_at_once(
    line: CommandLine, tmp_path: Path, planned: Planned, says: str
) -> None:
    write_prompts(tmp_path, 50)
    with trial_upstream.serve(of_target(planned)) as upstream:
        ended = run(line, upstream)
    assert ended.status == 1
    assert says in ended.error.splitlines()[-1]
    assert sum(upstream.calls.values()) == 2
    assert ended.json["evidence"] is None


def test_a_parameter_that_a_model_refuses_ends_the_run_after_a_few(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 50, parameters={"max_tokens": 9})
    refused = Planned(status=400, error={"code": "unsupported_parameter", "param": "max_tokens"})
    with trial_upstream.serve(of_target(refused)) as upstream:
        ended = run(line, upstream)
    assert ended.status == 1
    assert "http_400 (unsupported_parameter max_tokens)" in ended.error
    assert sum(upstream.calls.values()) <= 2 * (5 + 4)


def test_unknown_usage_is_unknown_and_not_zero(line: CommandLine, tmp_path: Path) -> None:
    write_prompts(tmp_path, 25)

    def plan(model: str, number: int, _attempt: int) -> Planned:
        return Planned(fields={"usage": None}) if model == B and number < 2 else Planned()

    with trial_upstream.serve(plan) as upstream:
        figure = figure_of(run(line, upstream))
        said = line.run(words(upstream).replace("--json", "")).out
    target = figure["sides"][1]
    assert (target["answers_without_usage"], target["unknown_cost_answers"]) == (2, 2)
    assert Decimal(figure["unclear_usd"]) > 0
    assert "b_input_tokens" not in rows(tmp_path)[0]
    assert rows(tmp_path)[0]["a_input_tokens"] == 100
    assert f"The cost of 2 answers of {B} is unknown, 2 of them without usage" in said


@pytest.mark.parametrize(
    ("planned", "reason"),
    [
        (Planned(raw=b"<html>"), "odd_json"),
        (Planned(raw=b'{"choices": []}'), "no_choices"),
        (Planned(raw=b" " * (9 * 2**20)), "too_large"),
        (Planned(raw=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), "odd_json"),
        (Planned(fields={"model": "gpt-4o"}), "other_model"),
    ],
)
def test_an_answer_that_is_none_is_left_out_with_its_reason(
    line: CommandLine, tmp_path: Path, planned: Planned, reason: str
) -> None:
    write_prompts(tmp_path, 25)

    def plan(model: str, number: int, _attempt: int) -> Planned:
        return planned if model == A and number == 7 else Planned()

    with trial_upstream.serve(plan) as upstream:
        figure = figure_of(run(line, upstream))
    assert figure["left_out"] == [{"id": "q7", "role": "a", "reason": reason}]
    assert upstream.calls[A, 7] == 1
    assert upstream.calls[B, 7] == 0


def test_a_connection_that_breaks_is_tried_again_and_may_have_been_billed(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 5)

    def plan(_model: str, number: int, attempt: int) -> Planned:
        return Planned(hangs_up=number == 1 and not attempt)

    with trial_upstream.serve(plan) as upstream:
        figure = figure_of(run(line, upstream))
    assert figure["pairs"] == 5
    assert upstream.calls[A, 1] == 2
    assert Decimal(figure["unclear_usd"]) > 0


def test_a_judge_that_fails_in_passing_is_asked_again_without_new_answers(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 20, grader="judge")
    marks = json.dumps({"first": 1, "second": 1})

    def plan(model: str, number: int, attempt: int) -> Planned:
        if model in (A, B):
            return Planned()
        # All five attempts of the library at the second order of one prompt.
        fails = number == 7 and 1 <= attempt <= 5
        headers = {"retry-after-ms": "1"}
        return Planned(status=503, headers=headers) if fails else Planned(text=marks)

    with trial_upstream.serve(plan) as upstream:
        figure = figure_of(run(line, upstream, "--judge anthropic/claude-sonnet-4-5"))
    assert (figure["pairs"], figure["left_out"]) == (20, [])
    assert {count for (model, _), count in upstream.calls.items() if model in (A, B)} == {1}
    assert upstream.calls["claude-sonnet-4-5", 7] == 2 + 5


def test_a_limit_of_tokens_has_the_name_that_a_reasoning_model_takes(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 1, parameters={"max_tokens": 50})
    with trial_upstream.serve(always(Planned(fields={"model": ""}))) as upstream:
        line.run(words(upstream).replace(B, "gpt-5-mini"))
    source, target = upstream.requests
    assert source["max_tokens"] == 50
    assert target["max_completion_tokens"] == 50
    assert "max_tokens" not in target


def test_who_says_no_leaves_no_run_behind(
    line: CommandLine, tmp_path: Path, idle: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    write_prompts(tmp_path, 3)
    assert line.run(words(idle).replace(" --yes", "")).status == 2
    assert (tmp_path / "prompts.results.jsonl.journal").read_bytes() == b""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("http://", "http://user:CANARY@"), "write the address alone"),
        (("--endpoint http", "--endpoint ftp"), "write an address such as"),
        (("--json", "--key-env sk-CANARY"), "never type a key"),
        (("--json", "--key-env NO_SUCH_KEY"), "NO_SUCH_KEY is not set"),
        (("--json", "--grader fuzzy"), "use exact, regex"),
        (("--json", "--grader judge"), "name it with --judge MODEL"),
        (("--json", "--max-usd 0"), "write an amount over 0"),
        (
            ("--json", "--effort-b huge"),
            "'huge' is no effort of gpt-4.1-mini; use none, minimal, low",
        ),
        ((f"{A}:{B}", f"{A}:{A}@flex"), "keeps the model"),
        ((f"{A}:{B}", f"{A}:{B}@batch"), "a batch has no answer at once"),
        ((f"{A}:{B} ", f"{A}:nobodys-model --max-usd 1 "), "--max-usd cannot be held"),
        (("prompts.jsonl", "gone.jsonl"), "cannot read gone.jsonl"),
        ((" --yes", ""), "nothing was sent; to send without being asked: --yes"),
    ],
)
def test_a_refusal_comes_before_anything_is_sent(
    line: CommandLine,
    tmp_path: Path,
    idle: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    change: tuple[str, str],
    says: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("no\n"))
    write_prompts(tmp_path, 3)
    ended = line.run(words(idle).replace(*change))
    assert (ended.status, ended.out) == (2, "")
    assert says in ended.error.splitlines()[-1]
    assert "CANARY" not in ended.error


def test_without_the_extra_the_error_is_the_command_that_installs_it(
    line: CommandLine, tmp_path: Path, idle: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_prompts(tmp_path, 3)
    monkeypatch.setitem(sys.modules, "openai", None)
    ended = run(line, idle)
    assert (ended.status, ended.out) == (2, "")
    assert "needs the library openai" in ended.error
    assert "make trial, or: pip install 'switchwise[trial]'" in ended.error


def test_several_workloads_of_the_source_have_to_be_told_apart(
    line: CommandLine, tmp_path: Path, idle: Upstream
) -> None:
    write_prompts(tmp_path, 3)
    for workload in ("chat", "triage"):
        labels = ledgers.labels(model=A, project="search", workload=workload)
        ledgers.add(line.database, [ledgers.event(ledgers.NOON_US, label_set=labels)])
    ended = run(line, idle)
    assert ended.status == 2
    assert "search/chat and search/triage" in ended.error


def test_a_full_disk_is_one_line_and_the_run_goes_on_later(tmp_path: Path) -> None:
    write_prompts(tmp_path, 60)
    with trial_upstream.serve(ALIKE) as upstream:
        process = subprocess.Popen(
            [sys.executable, "-c", FULL_DISK + "import cli; cli.main()", *words(upstream).split()],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        out, error = process.communicate(timeout=120)
        assert (process.returncode, out) == (2, "")
        assert "cannot write to the journal of the run: " in error.splitlines()[-1]
        assert "Traceback" not in error
        out, error = start(tmp_path, upstream).communicate(timeout=120)
    assert json.loads(out)["pairs"] == 60, error
    assert sum(upstream.calls.values()) - 120 <= 4


def test_a_key_that_no_header_can_carry_is_not_shown(
    line: CommandLine, tmp_path: Path, idle: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_prompts(tmp_path, 1)
    monkeypatch.setenv("OPENAI_API_KEY", "CANARY\u2026key")
    ended = run(line, idle)
    assert ended.status == 2
    assert "OPENAI_API_KEY holds characters that no key has" in ended.error
    assert "CANARY" not in ended.error
