"""`switchwise explain MONTH`: a reader with a calculator confirms every line, whatever has happened to the month."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest
import time_machine

import cli
from cli import app
from ledger import clock, logs
from ledger.database import Database
from tests import ledgers
from tests.advisor import closed_books
from tests.cli import calculator
from tests.conftest import NOW
from worker import rollup

MID_OCTOBER = clock.day_number(clock.EPOCH.replace(year=2026, month=10, day=15).date())
Run = Callable[..., str]


@pytest.fixture
def run(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """The command line on the test's ledger, in this process so that the clock stands still for it too."""
    monkeypatch.setenv("SWITCHWISE_DATABASE_URL", database_url)
    monkeypatch.setattr(logs, "configure", lambda _level: None)
    monkeypatch.setattr(app, "console", app.new_console(80))

    def run_(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["switchwise", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        shown = capsys.readouterr()
        assert ended.value.code == 0, shown.err
        return shown.out

    with time_machine.travel(NOW, tick=False):
        yield run_


def traffic(database: Database) -> None:
    """October: GPT-4.1 and Mini of two projects on every day, a deployment that nobody knows, and a model without a price."""
    first_us = clock.to_us(clock.EPOCH.replace(year=2026, month=10, day=1, hour=9))
    deployment = ledgers.labels(provider="azure.ai.openai", model="prod-chat", project="support")
    events = []
    for day in range(31):
        at = first_us + day * clock.DAY_US
        events += [
            ledgers.event(
                at, input_tokens=1_000_003 + day, cached_input_tokens=70_001, output_tokens=20_011
            ),
            ledgers.event(
                at,
                label_set=ledgers.labels(service_tier="batch"),
                input_tokens=90_007,
                output_tokens=1_013,
            ),
            ledgers.event(
                at,
                label_set=ledgers.labels(model="gpt-4.1-mini", project="support"),
                input_audio_tokens=5,
            ),
            ledgers.event(
                at,
                label_set=ledgers.labels(project="support", workload="triage"),
                cached_input_tokens=None,
            ),
        ]
    events += [
        ledgers.event(first_us + day * clock.DAY_US, label_set=deployment, input_tokens=9_999)
        for day in (3, 20)
    ]
    events += [
        ledgers.event(
            first_us, label_set=ledgers.labels(provider="house", model="house-model", project="lab")
        )
    ]
    missing = ledgers.labels(usage_source="missing")
    events += [
        ledgers.event(
            first_us,
            label_set=missing,
            input_tokens=None,
            cached_input_tokens=None,
            output_tokens=None,
        )
    ]
    ledgers.add(database, events)
    ledgers.settle(database)


def test_a_price_change_a_late_event_and_an_alias_fix_of_a_closed_month_are_explained_line_by_line(
    database: Database, run: Run
) -> None:
    traffic(database)
    closed_books.set_price(database, "3", "9", since=MID_OCTOBER)
    run("rollup")
    opened = calculator.work_out(run("explain", "2026-10"))
    assert (opened.meters, opened.unpriced_rows, opened.adjustments) == (18, 3, {})
    run("close", "2026-10", "--by", "ada")
    closed = run("explain", "2026-10")
    assert calculator.work_out(closed).month == opened.month
    ledgers.add(database, [ledgers.event(closed_books.OCTOBER_US, input_tokens=333_333)])
    run("rollup")
    closed_books.map_deployment(database)
    closed_books.set_price(database, "4", "16", since=MID_OCTOBER + 10)
    assert "is booked" in run(
        "reprice", "2026-10", "--reason", "prod-chat is GPT-4.1, and the order form", "--by", "bob"
    )
    with time_machine.travel("2026-11-24T20:00:00Z", tick=False):
        ledgers.add(database, [ledgers.event(closed_books.OCTOBER_US)])
        run("rollup")
        found = calculator.work_out(run("explain", "2026-10"))
        told = json.loads(run("report", "--month", "2026-10", "--json"))
    assert found.month == opened.month == Fraction(told["total"]["cost_usd"])
    assert found.adjusted == Fraction(told["adjusted"]["cost_usd"])
    booked = {each["number"]: Fraction(each["cost_usd"]) for each in told["adjustments"]}
    assert found.adjustments == booked
    assert [each["kind"] for each in told["adjustments"]] == ["late", "repricing", "late"]
    assert closed_books.findings(database) == []
    repriced_lines(told["adjustments"][1])


def repriced_lines(adjustment: dict[str, object]) -> None:
    """The alias fix moved the deployment's tokens to GPT-4.1, which took its unpriced tokens along."""
    lines = adjustment["lines"]
    assert isinstance(lines, list)
    by_model = {
        line["model"]: line
        for line in lines
        if (line["project"], line["workload"]) == ("support", "chat")
    }
    assert by_model["prod-chat"]["unpriced_tokens"] == -(2 * 9_999 + 2 * 100)
    assert by_model["gpt-4.1"]["tokens"] == 2 * 9_999 + 2 * 100
    assert sum(line["tokens"] for line in lines) == 0


def test_a_closed_month_is_explained_as_it_was_whatever_prices_do_later(
    database: Database, run: Run
) -> None:
    traffic(database)
    run("close", "2026-10", "--by", "ada", "--despite-gaps")
    before = run("explain", "2026-10")
    closed_books.set_price(database, "3", "9")
    closed_books.map_deployment(database)
    run("rollup")
    assert run("explain", "2026-10") == before
    assert "Closed at 2026-11-23T20:00:00Z by ada" in before


def test_a_part_of_a_month_is_explained_alone_and_the_parts_are_the_whole(
    database: Database, run: Run
) -> None:
    traffic(database)
    whole = calculator.work_out(run("explain", "2026-10")).month
    parts = [run("explain", "2026-10", "--project", name) for name in ("search", "support", "lab")]
    assert sum(calculator.work_out(part).month for part in parts) == whole
    mini = run("explain", "2026-10", "--model", "gpt-4.1-mini")
    assert "prod-chat" not in mini
    assert calculator.work_out(mini).meters == 3


def test_the_json_holds_the_same_arithmetic(database: Database, run: Run) -> None:
    traffic(database)
    told, text = json.loads(run("explain", "2026-10", "--json")), run("explain", "2026-10")
    rows = [row for row in told["rows"] if row["cost_usd"]]
    for row in rows:
        for meter in [each for each in row["meters"] if each["cost_usd"]]:
            assert (
                Fraction(meter["cost_usd"])
                == meter["quantity"] * Fraction(meter["usd_per_mtok"]) / 10**6
            )
    assert sum(Fraction(row["cost_usd"]) for row in rows) == Fraction(told["sum"]["cost_usd"])
    assert (
        calculator.work_out(text).month
        == Fraction(told["sum"]["cost_usd"])
        == Fraction(told["reported_usd"])
    )


def test_what_the_report_does_not_show_yet_is_said(database: Database, run: Run) -> None:
    traffic(database)
    ledgers.add(database, [ledgers.event(closed_books.OCTOBER_US)])
    rollup.roll_up(database, 10)
    assert "The report still shows " in run("explain", "2026-10")


def test_an_explanation_that_does_not_add_up_is_noticed(database: Database, run: Run) -> None:
    traffic(database)
    text = run("explain", "2026-10")
    for printed in re.findall(r"[\d,]+(?=  x  [\d.]+ )|(?<== ) *[\d,]+\.\d+", text):
        with pytest.raises(AssertionError, match=r"is not|, not"):
            calculator.work_out(
                text.replace(printed, printed[:-1] + str((int(printed[-1]) + 1) % 10), 1)
            )
