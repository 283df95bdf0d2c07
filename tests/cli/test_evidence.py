"""Evidence on the command line: what a person reads, the same figures as elsewhere, and refusals of one line."""

from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from advisor.evidence import register
from advisor.publishing import answers
from ledger import clock
from ledger.pricing import in_force
from tests import ledgers
from tests.advisor.evidence import paired_rows
from tests.advisor.stages import advised_ledger
from tests.cli import steps
from tests.cli.command import CommandLine

pytestmark = pytest.mark.usefixtures("frozen_now")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A file of results that prove a target."""
    rows = b"\n".join(
        msgspec.json.encode(row) for row in paired_rows.rows(prompt="the secret plan")
    )
    path = tmp_path / "results.jsonl"
    path.write_bytes(rows)
    return path


def test_an_import_says_what_was_compared_and_what_was_measured(
    line: CommandLine, results: Path
) -> None:
    name = advised_ledger.fill(line.database).recommendation.id
    said = line.said(f"evidence import {results} --measured-on 2026-11-22 --by ada")
    for sentence in (
        "gpt-4.1 -> gpt-4.1-mini, search / chat",
        "Compared on 2026-11-22: 240 conversations, one pair of each; the source is right in 100 % (98.9 % to 100 %),",
        "the target in 97.9 % (95.8 % to 99 %).",
        "The verdict is good enough (non_inferior).",
        "It counts until 2027-02-20, or until the traffic or a model changes.",
        "Output tokens on the target, over the source's: 1.0",
        "Not read, and not stored: prompt.",
    ):
        assert sentence in said
    ledgers.settle(line.database)
    told = " ".join(line.said(f"explain {name}").split())
    assert (
        "Decision: switch_now, because paired results show that the target answers well enough (proven)"
        in told
    )
    assert "Compared on 2026-11-22" in told
    assert "secret" not in said + told
    advice = " ".join(line.said("advise").split())
    assert "do switch now: paired results show that the target answers well enough" in advice
    assert (
        "proof good enough; 240 pairs, source 100 %, target 97.9 %; measured on 2026-11-22; counts until 2027-02-20"
        in advice
    )
    listed = line.said("evidence list")
    assert (
        "good enough; 240 pairs, source 100 %, target 97.9 %; measured on 2026-11-22; counts until 2027-02-20"
        in listed
    )


def test_the_command_and_the_api_show_the_same_figures(line: CommandLine, results: Path) -> None:
    line.said(f"evidence import {results} --by ada")
    with line.database.snapshot() as session:
        found = register.list_all(session, in_force.load_book(session), clock.now_us())
    assert line.run("evidence list --json").json == msgspec.json.decode(
        answers.json_of({"evidence": found}).body
    )


def test_a_mistake_is_withdrawn(line: CommandLine, results: Path) -> None:
    kept = line.run(f"evidence import {results} --by ada --json").json["comparisons"][0]["evidence"]
    assert "is withdrawn: wrong day" in line.said(
        f"evidence withdraw {kept['id']} --reason 'wrong day'"
    )
    assert "; withdrawn (wrong day)" in line.said("evidence list")
    again = line.run(f"evidence withdraw {kept['id']} --reason again")
    assert (again.status, len(again.error.splitlines())) == (1, 1)


def test_without_evidence_the_list_says_how_to_get_some(line: CommandLine) -> None:
    assert "Plan a trial with: switchwise trial plan ID" in line.said("evidence list")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("{} --format xml", "'xml' is no format of evidence"),
        ("{}.gone", "cannot read"),
        ("{} --rule margin", "a margin needs a threshold"),
        ("{} --measured-on 2026-11-24", "is yet to come"),
        ("{} --judge-labels x.csv", "name it with --judge MODEL"),
        ("{} --judge claude-sonnet-4 --judge-labels gone.csv", "cannot read gone.csv"),
    ],
)
def test_a_refusal_is_one_line_with_the_remedy(
    line: CommandLine, results: Path, words: str, says: str
) -> None:
    ended = line.run(f"evidence import {words.format(results)}")
    assert (ended.status, ended.out, len(ended.error.splitlines())) == (2, "", 1)
    assert says in ended.error


def test_the_steps_with_measured_factors_agree_with_a_calculator_and_the_figures(
    line: CommandLine, results: Path
) -> None:
    name = advised_ledger.fill(line.database).recommendation.id
    line.said(f"evidence import {results} --by ada")
    ledgers.settle(line.database)
    figure = advised_ledger.figure(line.database)
    told = steps.work_out(line.said(f"explain {name}"))
    assert figure.saving_month is not None
    assert told.of("At the low end, on", "per average month") == Fraction(
        figure.saving_month.low_usd
    )
    assert told.of("As expected", "per average month") == Fraction(figure.saving_month.expected_usd)
    assert told.of("As expected", "a right answer there") == Fraction(
        figure.good_answer_instead_usd or ""
    )
    limits = [each.wrong_answer_usd for each in figure.break_evens if each.at == "expected"]
    assert [told.of("As expected", "price of a wrong answer")] == [
        Fraction(each or "") for each in limits
    ]


def test_a_failure_stands_beside_each_later_success(line: CommandLine, tmp_path: Path) -> None:
    names = "--pair gpt-4.1:gpt-4.1-mini --project search --workload chat"
    for name, pairs, wrong in (("first", 200, 60), ("second", 50, 0)):
        marks = "".join(f"{name}-{number},1,{int(number >= wrong)}\n" for number in range(pairs))
        (tmp_path / f"{name}.csv").write_text(f"item_id,a,b\n{marks}")
    line.said(f"evidence import {tmp_path / 'first.csv'} {names}")
    imported = line.said(f"evidence import {tmp_path / 'second.csv'} {names}")
    assert "Advice follows all runs together: not good enough (inferior)." in imported
    assert "It counts until" not in imported
    listed = line.said("evidence list")
    assert listed.count("2 runs: 200 pairs inferior on 2026-11-23 (binds); 50 pairs") == 2
    assert "all runs together: not good enough" in listed
