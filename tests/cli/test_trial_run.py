"""`trial run` against a proxy whose books are known: the verdict, the costs, kills and budgets."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests import ledgers, processes
from tests.advisor.stages import advised_ledger
from tests.cli import trial_upstream
from tests.cli.command import CommandLine, Ended
from tests.cli.trial_upstream import Plan, Planned, Upstream

CANARY, KEY = "CANARY-prompt-text", "sk-CANARY-key-text"
A, B = "gpt-4.1", "gpt-4.1-mini"
ALIKE = trial_upstream.right_until(gpt_4_1=95, gpt_4_1_mini=95)
WORSE = trial_upstream.right_until(gpt_4_1=95, gpt_4_1_mini=75)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The endpoint's key where it belongs, and a folder to work in."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def idle() -> Iterator[Upstream]:
    """A proxy that nobody should call."""
    with trial_upstream.serve(ALIKE) as upstream:
        yield upstream
    assert upstream.requests == []


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


@pytest.mark.parametrize(("plan", "verdict"), [(ALIKE, "non_inferior"), (WORSE, "inferior")])
def test_the_verdict_is_that_of_the_planted_difference_and_costs_are_exact(
    line: CommandLine, tmp_path: Path, plan: Plan, verdict: str
) -> None:
    write_prompts(tmp_path, 200)
    with trial_upstream.serve(plan) as upstream:
        figure = figure_of(run(line, upstream, "--project search --workload chat"))
    evidence = figure["evidence"]
    assert (evidence["verdict"], evidence["pairs"], evidence["left_out"]) == (verdict, 200, 0)
    assert (evidence["project"], evidence["workload"]) == ("search", "chat")
    for side, model in zip(figure["sides"], (A, B), strict=True):
        assert side["answers"] == side["attempts"] == 200
        assert Fraction(side["cost_usd"]) == upstream.usd(model)
        for meter, name in (("input", "input"), ("cached", "cached_input"), ("output", "output")):
            assert side[f"{name}_tokens"] == upstream.tokens[model, meter]
    assert Fraction(figure["spent_usd"]) == upstream.usd()
    assert figure["unclear_usd"] == "0.00"
    factors = {factor["name"]: factor["expected"] for factor in evidence["factors"]}
    assert factors["phi_in"] == factors["phi_out"] == "1.00"
    assert factors["extra_attempts"] == "0.00"
    assert f'"{evidence["id"]}"' in line.said("evidence list --json")
    assert set(upstream.calls.values()) == {1}
    assert upstream.most_at_once <= 4


def test_the_evidence_reaches_the_advice_of_the_slice_that_uses_the_source(
    line: CommandLine, tmp_path: Path
) -> None:
    advised_ledger.fill(line.database)
    write_prompts(tmp_path, 60)
    with trial_upstream.serve(ALIKE) as upstream:
        evidence = figure_of(run(line, upstream))["evidence"]
    labels = advised_ledger.only(line.database).recommendation
    assert (evidence["project"], evidence["workload"]) == (labels.project, labels.workload)


def test_the_terminal_says_what_was_spent_and_what_was_shown(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 60)
    with trial_upstream.serve(WORSE) as upstream:
        ended = line.run(words(upstream).replace("--json", ""))
    assert ended.status == 0
    for part in ("60 prompts to send to both models.", "Estimated: $", "Budget: $"):
        assert part in ended.error
    for part in ("gpt-4.1-mini", "Spent $0.0", "The verdict is not", "switchwise rollup"):
        assert part in ended.out


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


def _wait_for_replies(folder: Path, count: int) -> None:
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


def test_a_run_that_is_killed_goes_on_and_pays_for_no_journalled_answer_twice(
    tmp_path: Path,
) -> None:
    write_prompts(tmp_path, 100)
    with trial_upstream.serve(slow(WORSE, 0.02)) as upstream:
        for kills in range(1, 4):
            process = start(tmp_path, upstream)
            _wait_for_replies(tmp_path, 40 * kills)
            process.kill()
            process.communicate()
        out, error = start(tmp_path, upstream).communicate(timeout=120)
    figure = json.loads(out)
    assert figure["evidence"]["pairs"] == 100, error
    repeated = [call for call, count in upstream.calls.items() if count > 1]
    assert repeated
    # A request is noted before it is sent, so that a kill between the two counts one too many.
    assert sum(upstream.calls.values()) - 200 <= figure["lost_requests"] <= 3 * 4
    spent = Fraction(figure["spent_usd"])
    assert spent <= upstream.usd() <= spent + Fraction(figure["unclear_usd"])


def test_an_interrupted_run_ends_its_requests_and_says_how_to_go_on(tmp_path: Path) -> None:
    write_prompts(tmp_path, 60)
    with trial_upstream.serve(slow(ALIKE, 0.05)) as upstream:
        process = start(tmp_path, upstream)
        _wait_for_replies(tmp_path, 10)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
        assert process.returncode == 130
        resume = error.splitlines()[-1]
        assert resume.startswith("Stopped. What was answered is kept; go on with: ")
        assert f"trial run prompts.jsonl --pair {A}:{B} --endpoint {upstream.address}" in resume
        out, _ = start(tmp_path, upstream).communicate(timeout=120)
    assert json.loads(out)["pairs"] == 60
    assert set(upstream.calls.values()) == {1}


def test_a_budget_is_exceeded_by_no_more_than_the_requests_in_flight(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 120)
    with trial_upstream.serve(WORSE) as upstream:
        limit = Fraction("0.03")
        ended = run(line, upstream, "--max-usd 0.03 --concurrency 3")
        assert ended.status == 1
        assert "the budget of $0.03 holds no further prompt" in ended.error
        dearest = max(upstream.usd() / max(1, len(upstream.answered)), Fraction("0.0006"))
        assert limit / 2 < upstream.usd() <= limit + 3 * dearest
        assert "no paired" in line.said("evidence list").lower()
        assert len(rows(tmp_path)) == json.loads(ended.out)["pairs"] < 120
        figure = figure_of(run(line, upstream, "--max-usd 1"))
    assert figure["pairs"] == 120
    assert set(upstream.calls.values()) == {1}


def test_a_budget_too_small_for_one_prompt_sends_nothing(line: CommandLine, tmp_path: Path) -> None:
    write_prompts(tmp_path, 5)
    with trial_upstream.serve(ALIKE) as upstream:
        ended = run(line, upstream, "--max-usd 0.000001")
    assert ended.status == 1
    assert "0 of 5 pairs are there" in ended.error
    assert upstream.requests == []


def test_no_prompt_answer_or_key_is_stored_or_printed(tmp_path: Path) -> None:
    write_prompts(tmp_path, 30)

    def plan(_model: str, number: int, attempt: int) -> Planned:
        if number == 3:
            return Planned(status=400, error={"message": CANARY, "type": CANARY + " x"})
        if number == 4 and not attempt:
            return Planned(status=500, error={"message": CANARY}, headers={"retry-after-ms": "1"})
        return Planned(text=f"{CANARY} {number}", fields={"system_fingerprint": CANARY})

    with trial_upstream.serve(plan) as upstream:
        out, error = start(tmp_path, upstream).communicate(timeout=120)
    assert json.loads(out)["pairs"] == 29
    assert KEY in upstream.headers[0]["authorization"]
    assert all(CANARY in str(request) for request in upstream.requests)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {
        "prompts.results.jsonl",
        "prompts.results.jsonl.journal",
        "ledger.db",
    }
    texts = {path.name: path.read_bytes() for path in files if path.name != "prompts.jsonl"}
    texts |= {"stdout": out.encode(), "stderr": error.encode()}
    assert [name for name, text in texts.items() if b"CANARY" in text] == []


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


def judged(marks: tuple[float, float]) -> Plan:
    """A judge that always gives these marks to the first and to the second answer."""
    reply = json.dumps({"first": marks[0], "second": marks[1]})
    return lambda model, _number, _attempt: Planned(text=reply if model not in (A, B) else "x")


@pytest.mark.parametrize(
    ("marks", "scores"), [((1, 0), (0.5, 0.5)), ((1, 1), (1, 1)), ((0.5, 0.5), (0.5, 0.5))]
)
def test_a_judge_sees_both_orders_and_its_bias_cancels(
    line: CommandLine, tmp_path: Path, marks: tuple[float, float], scores: tuple[float, float]
) -> None:
    write_prompts(tmp_path, 25, grader="judge")
    with trial_upstream.serve(judged(marks)) as upstream:
        ended = run(line, upstream, "--judge anthropic/claude-sonnet-4-5")
    figure = figure_of(ended)
    for item in range(25):
        a, b = (
            sum(row[side] for row in rows(tmp_path) if row["item_id"] == f"q{item}") / 2
            for side in ("a", "b")
        )
        assert (a, b) == scores
    judge = figure["sides"][2]
    assert (judge["model"], judge["answers"]) == ("anthropic/claude-sonnet-4-5", 50)
    assert Fraction(judge["cost_usd"]) == upstream.usd("claude-sonnet-4-5")
    assert figure["evidence"]["judge"] == "anthropic/claude-sonnet-4-5"
    assert "will not allow a switch" in ended.error


def test_a_judged_run_that_is_killed_pays_for_no_judged_pair_twice(tmp_path: Path) -> None:
    write_prompts(tmp_path, 30, grader="judge")
    more = "--judge anthropic/claude-sonnet-4-5"
    with trial_upstream.serve(slow(judged((1, 1)), 0.02)) as upstream:
        process = start(tmp_path, upstream, more)
        _wait_for_replies(tmp_path, 40)
        process.kill()
        process.communicate()
        out, error = start(tmp_path, upstream, more).communicate(timeout=120)
    assert json.loads(out)["pairs"] == 30, error
    repeated = {number for (_, number), count in upstream.calls.items() if count > 2}
    assert (
        len(
            {
                number
                for (model, number), count in upstream.calls.items()
                if count > 1 and model in (A, B)
            }
            | repeated
        )
        <= 4
    )
    assert sum(upstream.calls.values()) - 120 <= 4 * 4


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


def test_the_sides_are_asked_in_their_own_ways(line: CommandLine, tmp_path: Path) -> None:
    write_prompts(tmp_path, 1, parameters={"max_tokens": 50, "temperature": 1})
    more = "--effort-b low --temperature-a 0 --seed-b 7 --model-b cheap"
    with trial_upstream.serve(always(Planned(fields={"model": "alias"}))) as upstream:
        figure = figure_of(run(line, upstream, more))
    first, second = ({**request, "messages": 0} for request in upstream.requests)
    shared = {"messages": 0, "max_tokens": 50}
    assert first == shared | {"model": A, "temperature": 0.0}
    assert second == shared | {
        "model": "cheap",
        "temperature": 1,
        "seed": 7,
        "reasoning_effort": "low",
    }
    assert "reasoning_effort low" in figure["evidence"]["source"]


def test_a_finished_run_is_told_again_and_nothing_is_sent(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 20)
    with trial_upstream.serve(ALIKE) as upstream:
        first = figure_of(run(line, upstream))
        again = figure_of(run(line, upstream))
    assert first["evidence"]["id"] == again["evidence"]["id"]
    assert set(upstream.calls.values()) == {1}
    assert len(line.run("evidence list --json").json["evidence"]) == 1


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


FULL_DISK = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000)); "
"""Lets no file grow beyond 9 kB, as if the disk were full."""


def test_the_gate_is_fixed_before_the_answers_are_looked_at(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 60)
    with trial_upstream.serve(WORSE) as upstream:
        assert figure_of(run(line, upstream))["evidence"]["verdict"] == "inferior"
        ended = run(line, upstream, "--threshold 0.5")
    assert ended.status == 2
    assert "is the journal of another run: what is asked of the target differs" in ended.error


def test_a_key_that_no_header_can_carry_is_not_shown(
    line: CommandLine, tmp_path: Path, idle: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_prompts(tmp_path, 1)
    monkeypatch.setenv("OPENAI_API_KEY", "CANARY\u2026key")
    ended = run(line, idle)
    assert ended.status == 2
    assert "OPENAI_API_KEY holds characters that no key has" in ended.error
    assert "CANARY" not in ended.error
