"""`switchwise whatif` and `explain ID`: every step agrees with a calculator, and with the figures of every other face."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest
import time_machine

import cli
from ledger import logs, settings
from ledger.database import Database
from tests import ledgers
from tests.advisor import traffic
from tests.cli import steps
from tests.conftest import NOW

PAIRS = "gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-4.1@batch"
Run = Callable[..., str]


@pytest.fixture
def run(
    database: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """The command line on forty days of traffic, in this process so that the clock stands still for it too."""
    chosen = {
        "PAIRS": PAIRS,
        "CAN_WAIT": "search",
        "MOVE_COST_USD": "120",
        "DATABASE_URL": database_url,
    }
    for name, value in chosen.items():
        monkeypatch.setenv(f"SWITCHWISE_{name}", value)
    monkeypatch.setattr(logs, "configure", lambda _level: None)

    def run_(*words: str, expect: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["switchwise", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        shown = capsys.readouterr()
        assert ended.value.code == expect, shown.err
        return shown.err if expect else shown.out

    with time_machine.travel(NOW, tick=False):
        traffic.fill(database, settings.load())
        yield run_


def advised(run: Run, project: str) -> dict[str, object]:
    found = json.loads(run("advise", "--json"))
    return next(each for each in found if each["project"] == project)


def test_every_step_of_a_joint_move_agrees_with_a_calculator_and_with_the_advice(run: Run) -> None:
    told = advised(run, "search")
    worked = steps.work_out(run("explain", str(told["id"])))
    assert worked.confirmed > 40
    saving, until = told["saving_month"], told["saving_until_retirement"]
    assert isinstance(saving, dict)
    assert isinstance(until, dict)
    for end, title in (
        ("low", "At the low end"),
        ("expected", "As expected"),
        ("high", "At the high end"),
    ):
        assert worked.of(title, "per average month") == Fraction(saving[f"{end}_usd"])
        assert worked.of(title, "in the 52 days left") == Fraction(until[f"{end}_usd"])
        parts = [
            worked.of(f"Split over its levers, {end}", f"the {lever}'s part")
            for lever in ("model", "tier")
        ]
        assert sum(parts) == Fraction(saving[f"{end}_usd"])
    assert worked.of("As expected", "that per average month") == Fraction(
        str(told["router_month_usd"])
    )
    break_evens = told["break_evens"]
    assert isinstance(break_evens, list)
    neutral, expected = break_evens
    assert worked.of("As priced", "break-even, and price gap") == Fraction(
        neutral["escalation_ratio"]
    )
    assert worked.of("As priced", "break-even output") == Fraction(
        neutral["output_inflation_ratio"]
    )
    assert worked.of("As expected", "break-even escalation") == Fraction(
        expected["escalation_ratio"]
    )
    assert worked.of("As expected", "break-even output") == Fraction(
        expected["output_inflation_ratio"]
    )
    assert worked.of("Payback", "days") == Fraction(str(told["payback_days"]))


def test_a_step_that_is_wrong_is_noticed(run: Run) -> None:
    text = run("explain", str(advised(run, "search")["id"]))
    results = re.findall(r"(?<= = )[\d,.]+(?=\n)", text)
    assert len(results) > 40
    for result in dict.fromkeys(results[:12] + results[-8:]):
        digit = str((int(result[-1]) + 3) % 10)
        with pytest.raises(AssertionError, match="not"):
            steps.work_out(text.replace(f" = {result}\n", f" = {result[:-1]}{digit}\n", 1))


def test_unknown_detail_is_read_as_cached_at_the_low_end_and_worked_out_too(
    run: Run, database: Database
) -> None:
    at = traffic.NOW_US - 5 * 86_400_000_000
    ledgers.add(database, [ledgers.event(at, input_tokens=500_000, cached_input_tokens=None)])
    run("rollup")
    worked = steps.work_out(run("explain", str(advised(run, "search")["id"])))
    less = worked.of("At the low end, with input of unknown detail", "cost now")
    assert worked.of("What moves costs now", "cost now") - less == Fraction("0.75")


def test_a_scenario_without_factors_is_the_advice(run: Run) -> None:
    told = advised(run, "search")
    asked = json.loads(run("whatif", "--project", "search", "--tier", "batch", "--json"))
    assert asked.pop("explanation")[:-1] == told.pop("explanation")[:-1]  # type: ignore[index]  # a list of sentences
    beside: dict[str, list[object]] = {"alternatives": [], "other_models": []}
    # What people have done with the advice is no part of a scenario.
    assert {**asked, **beside} == {**{name: told[name] for name in asked}, **beside}


def test_every_factor_of_a_scenario_changes_what_is_printed_and_every_step_agrees(run: Run) -> None:
    given = {
        "--share": "0.5",
        "--phi-in": "1.1",
        "--phi-out": "2,1.5,1",
        "--escalation": "0.2",
        "--retries": "0.03",
        "--sigma": "1.3",
        "--cached-share": "0.25",
        "--verifier": "12.50",
        "--one-off": "40",
        "--pass-rates": "0.95,0.91",
    }
    seen = {run("whatif", "--project", "search", "--steps")}
    for option, value in given.items():
        text = run("whatif", "--project", "search", option, value, "--steps")
        steps.work_out(text)
        assert text not in seen
        seen.add(text)
    words = [word for option in given.items() for word in option]
    everything = run("whatif", "--project", "search", *words, "--steps")
    worked = steps.work_out(everything)
    assert "(given)" in everything
    assert worked.of("As expected", "price of a wrong answer") > 0
    told = json.loads(run("whatif", "--project", "search", *words, "--json"))
    assert worked.of("At the low end", "per average month") == Fraction(
        told["saving_month"]["low_usd"]
    )
    assert worked.of("As expected", "price of a wrong answer") == Fraction(
        told["break_evens"][1]["wrong_answer_usd"]
    )
    assert worked.of("As expected", "a right answer now") == Fraction(told["good_answer_now_usd"])
    assert worked.of("As expected", "a right answer there") == Fraction(
        told["good_answer_instead_usd"]
    )


def test_model_tier_and_cache_are_split_by_steps_that_agree_with_a_calculator(run: Run) -> None:
    words = ["--project", "search", "--tier", "batch", "--cached-share", "0.5,0.6,0.7"]
    worked = steps.work_out(run("whatif", *words, "--steps"))
    told = json.loads(run("whatif", *words, "--json"))
    assert [part["lever"] for part in told["parts"]] == ["model", "tier", "cache"]
    for end in ("low", "expected", "high"):
        parts = [
            worked.of(f"Split over its levers, {end}", f"the {part['lever']}'s part")
            for part in told["parts"]
        ]
        assert sum(parts) == Fraction(told["saving_month"][f"{end}_usd"])


def test_a_better_cache_alone_keeps_the_model_and_is_tried_first(run: Run) -> None:
    words = ["--project", "search", "--pair", "gpt-4.1:gpt-4.1", "--one-off", "0"]
    text = run("whatif", *words, "--cached-share", "0.9", "--steps")
    steps.work_out(text)
    assert not {word for word in ("router", "break-even", "As priced") if word in text}
    told = json.loads(run("whatif", *words, "--cached-share", "0.9", "--json"))
    kept = "Keep search / chat on gpt-4.1 (openai), and serve more of its input from the cache."
    assert (told["explanation"][0], told["saving_label"]) == (kept, "given")
    assert (told["decision"], told["reason"], told["price_gap_ratio"]) == (
        "pilot",
        "cache_unproven",
        "0.00",
    )
    assert Fraction(told["saving_month"]["low_usd"]) > 0
    assert "moves a model to itself" in run("whatif", *words, expect=2)


def test_the_sensitivity_table_is_the_scenario_with_one_factor_moved(run: Run) -> None:
    expected = ["--phi-out", "1", "--escalation", "0.1", "--retries", "0.02", "--sigma", "1.25"]
    told = json.loads(run("whatif", "--project", "search", "--json"))
    swings = {swing["factor"]: swing for swing in told["sensitivity"]}
    assert swings.keys() == {
        "phi_out",
        "escalation_rate",
        "extra_attempts",
        "sigma",
        "cached_share",
    }
    for factor, option, low, high in (
        ("phi_out", "--phi-out", "1.5", "0.8"),
        ("escalation_rate", "--escalation", "0.25", "0.05"),
        ("extra_attempts", "--retries", "0.05", "0"),
        ("sigma", "--sigma", "1.5", "1"),
    ):
        for value, end in ((low, "at_low_usd"), (high, "at_high_usd")):
            moved = json.loads(
                run("whatif", "--project", "search", *expected, option, value, "--json")
            )
            assert moved["saving_month"]["expected_usd"] == swings[factor][end]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--project", "nowhere"], 1, "no slice with traffic fits"),
        (["--escalation", "2"], 2, "--escalation 2: write a fraction from 0 to 1"),
        (
            ["--escalation", "0.1,0.2"],
            2,
            "--escalation 0.1,0.2: write one value, or three as LOW,EXPECTED,HIGH",
        ),
        (["--phi-out", "much"], 2, "--phi-out much: write a number such as 0.1"),
        (["--one-off", "-1"], 2, "--one-off -1: write USD of 0 or more"),
        (["--tier", "turbo"], 2, "'turbo' is not a tier to move to"),
        (["--pass-rates", "0.9"], 2, "--pass-rates 0.9: write two fractions from 0 to 1"),
        (["--pair", "gpt-4.1"], 2, "is not a pair of models"),
        (["--month", "2027-01"], 2, "lies in the future"),
    ],
)
def test_what_cannot_be_asked_is_one_line_with_the_remedy(
    run: Run, words: list[str], code: int, told: str
) -> None:
    shown = run("whatif", "--workload", "chat", *words, expect=code)
    assert shown.count("\n") == 1
    assert told in shown


def test_a_scenario_that_fits_several_slices_names_them(run: Run) -> None:
    shown = run("whatif", expect=2)
    assert "2 slices fit: search / chat, support / triage" in shown
