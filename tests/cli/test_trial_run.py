"""`trial run` against a proxy whose books are known: the verdict, the costs, kills and budgets."""

import json
import signal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.advisor.stages import advised_ledger
from tests.cli import trial_upstream
from tests.cli.command import CommandLine
from tests.cli.trial_runs import (
    ALIKE,
    CANARY,
    KEY,
    WORSE,
    A,
    B,
    always,
    figure_of,
    judged,
    rows,
    run,
    slow,
    start,
    wait_for_replies,
    words,
    write_prompts,
)
from tests.cli.trial_upstream import Plan, Planned

pytestmark = pytest.mark.usefixtures("endpoint_key")


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


def test_a_run_that_is_killed_goes_on_and_pays_for_no_journalled_answer_twice(
    tmp_path: Path,
) -> None:
    write_prompts(tmp_path, 100)
    with trial_upstream.serve(slow(WORSE, 0.02)) as upstream:
        for kills in range(1, 4):
            process = start(tmp_path, upstream)
            wait_for_replies(tmp_path, 40 * kills)
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
        wait_for_replies(tmp_path, 10)
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
        wait_for_replies(tmp_path, 40)
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


def test_the_gate_is_fixed_before_the_answers_are_looked_at(
    line: CommandLine, tmp_path: Path
) -> None:
    write_prompts(tmp_path, 60)
    with trial_upstream.serve(WORSE) as upstream:
        assert figure_of(run(line, upstream))["evidence"]["verdict"] == "inferior"
        ended = run(line, upstream, "--threshold 0.5")
    assert ended.status == 2
    assert "is the journal of another run: what is asked of the target differs" in ended.error
