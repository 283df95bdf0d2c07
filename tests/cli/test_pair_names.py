"""A typo in the pairs is refused where the ledger is open; own prices and sent names are known."""

import pytest

from cli import app
from tests import ledgers
from tests.cli.command import CommandLine
from tests.cli.test_cli import run

VARIABLE = "SWITCHWISE_PAIRS"


@pytest.mark.parametrize(
    ("pair", "remedy"),
    [
        ("gpt-4.1:gpt-4.1-mni", "did you mean gpt-4.1-mini?"),
        ("gtp-4.1:gpt-4.1-mini", "did you mean gpt-4.1?"),
        ("gpt-4.1:house-model", "to give it a price: switchwise prices set house-model"),
    ],
)
@pytest.mark.parametrize("words", ["report", "advise --month 2026-11", "rollup", "up --port 0"])
def test_a_model_that_nobody_sells_or_sent_is_refused_with_the_nearest_name(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch, words: str, pair: str, remedy: str
) -> None:
    monkeypatch.setenv(VARIABLE, pair)
    ended = line.run(words)
    assert ended.status == 2
    assert ended.error.startswith(f"switchwise: {VARIABLE}: the model '")
    assert ended.error.strip().endswith(f"has no price and nobody has sent it; {remedy}")


def test_a_seller_that_does_not_have_the_model_is_answered_with_those_that_do(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "gpt-4.1:anthropic/gpt-4.1-mini")
    error = line.run("report").error
    assert "'gpt-4.1-mini' has no price at anthropic" in error
    assert "; it is sold by " in error
    assert "openai" in error


def test_before_there_is_a_ledger_the_shipped_prices_decide(
    monkeypatch: pytest.MonkeyPatch, line: CommandLine
) -> None:
    monkeypatch.setenv(VARIABLE, "gpt-4.1:gpt-4.1-mni")
    shown = run("up", "--port", "0", data=line.data / "new")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "did you mean gpt-4.1-mini?" in shown.stderr
    assert not (line.data / "new").exists()


def test_an_own_price_and_a_name_that_was_sent_are_known(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "prod-chat:house-model")
    monkeypatch.setattr(app, "console", app.new_console(80))
    labels = ledgers.labels(model="prod-chat", request_model="prod-chat")
    ledgers.add(line.database, [ledgers.event(label_set=labels)])
    ledgers.settle(line.database)
    assert "'house-model'" in line.run("report --month 2026-11").error
    assert line.run("prices set house-model --provider house --input 1 --output 2").status == 0
    assert line.run("report --month 2026-11").status == 0


def test_a_pair_of_the_command_is_checked_under_its_own_name(line: CommandLine) -> None:
    ended = line.run("advise --pair gpt-4.1:gpt-4.1-mni")
    assert (ended.status, ended.error.startswith("switchwise: --pair: the model ")) == (2, True)
