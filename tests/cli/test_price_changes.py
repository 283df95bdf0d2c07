"""Changing prices, contracts and names from a terminal: a change is shown before it is made, and a dry run makes none."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from advisor.publishing import routes
from ledger import clock, settings
from ledger.database import Database
from tests import conftest, ledgers
from tests.cli.command import CommandLine

NOW_US = clock.to_us(conftest.NOW)
AZURE = "azure.ai.openai"
SENT = [
    ("search", "openai", "gpt-4.1", "gpt-4.1"),
    ("search", AZURE, "prod-chat", "gpt-4.1"),
    ("support", "openai", "gpt-4.1-mini", "gpt-4.1-mini"),
    ("support", "openai", "[/bold] [link=x]", "chat"),
]
"""Project, provider, name as sent and name asked for."""


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    """A terminal on an embedded ledger with ten days of traffic, and the clock stopped."""
    with time_machine.travel(conftest.NOW, tick=False):
        database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
        database.migrate()
        for age in range(1, 11):
            for project, provider, model, asked in SENT:
                of = ledgers.labels(
                    project=project, provider=provider, model=model, request_model=asked
                )
                ledgers.add(
                    database,
                    [
                        ledgers.event(
                            NOW_US - age * clock.DAY_US, label_set=of, input_tokens=1_000_000
                        )
                    ],
                )
        ledgers.settle(database)
        yield CommandLine(tmp_path, database, monkeypatch, capfd)
        database.close()


def spent(shell: CommandLine) -> dict[str, str | int | None]:
    """The total that the report shows."""
    total: dict[str, str | int | None] = shell.run("report --month 2026-11 --json").json["total"]
    return total


CHANGES = [
    "contracts discount openai 12.5 --since 2026-11-20 --source order-4711",
    "contracts price gpt-4.1 --output 6.40 --since 2026-11-18",
    "prices set gpt-4.1-mini --input 0.30 --output 1.20 --since 2026-11-01",
    "models map prod-chat gpt-4.1",
]


@pytest.mark.parametrize("words", CHANGES)
def test_a_dry_run_shows_what_would_move_and_stores_nothing(shell: CommandLine, words: str) -> None:
    before = spent(shell)
    shown = shell.said(f"{words} --dry-run")
    assert shown.splitlines()[-1] == "Nothing is stored: this was a dry run."
    assert "2026-11" in shown
    assert spent(shell) == before
    made = shell.said(words)
    assert made.splitlines()[-1] == "Stored; 1 month computed again."
    assert made.splitlines()[:-1] == shown.splitlines()[:-1]


@pytest.mark.parametrize("words", CHANGES)
def test_what_a_change_shows_is_what_the_report_then_says(shell: CommandLine, words: str) -> None:
    before = spent(shell)
    found = shell.run(f"{words} --json").json
    after = spent(shell)
    (month,) = found["months"]
    assert (found["stored"], month["month"], month["state"]) == (True, "2026-11", "open")
    for when, total in (("before", before), ("after", after)):
        assert month[when] == {
            name: total[name]
            for name in ("cost_usd", "list_cost_usd", "unpriced_tokens", "requests")
        }
    assert Decimal(month["change_cost_usd"]) == Decimal(str(after["cost_usd"])) - Decimal(
        str(before["cost_usd"])
    )
    assert sum(Decimal(place["change_cost_usd"]) for place in month["places"]) == Decimal(
        month["change_cost_usd"]
    )


def test_no_line_of_a_change_is_wider_than_a_terminal(shell: CommandLine) -> None:
    for words in CHANGES:
        assert max(map(len, shell.said(words).splitlines())) <= 80


def test_a_contract_is_listed_shown_reported_and_ended(shell: CommandLine) -> None:
    assert shell.said("contracts list").startswith("No contracts: every price is the list price.")
    shell.said(
        "contracts discount openai 12.5 --since 2026-11-20 --until 2026-12-01 --source order-4711"
    )
    (discount,) = shell.run("contracts list --json").json
    assert (discount["discount_percent"], discount["in_force"], discount["source"]) == (
        "12.5",
        True,
        "order-4711",
    )
    shown = shell.said("prices show gpt-4.1 --provider openai")
    assert [line.split() for line in shown.splitlines() if line.startswith("*  standard")] == [
        ["*", "standard", "2026-11-20", "1.75", "0.4375", "-", "7.00"]
    ]
    assert "list price    2.00" in shown
    assert "Contract: 12.5 % off every model at openai: order-4711" in shown
    reported = shell.said("report --month 2026-11")
    assert "is what providers ask; contracts take off $" in reported
    app = FastAPI()
    routes.install(app, shell.database, settings.load())
    client = TestClient(app)
    body, page = client.get("/api/v1/report?month=2026-11").json(), client.get("/?month=2026-11")
    assert f'title="{body["total"]["list_cost_usd"]} USD"' in page.text
    assert "is what providers ask; contracts take off $" in page.text
    for row in (*body["projects"], *body["models"]):
        is_discounted = row["cost_usd"] != row["list_cost_usd"]
        beside = f'>list <data value="{row["list_cost_usd"]}"'
        assert (beside in page.text) is is_discounted
    ended = shell.said(f"contracts end {discount['id']} --on 2026-11-20")
    assert ended.startswith("12.5 % off every model at openai: over from 2026-11-20 on")
    assert shell.run("contracts list --json").json == []
    assert "contracts take off" not in shell.said("report --month 2026-11")


def test_a_renegotiated_discount_follows_the_one_before(shell: CommandLine) -> None:
    shell.said("contracts discount openai 10 --since 2026-11-01")
    refused = shell.run("contracts discount openai 15 --since 2026-11-20")
    assert refused.status == 2
    remedy = refused.error.strip().rpartition("switchwise ")[2]
    shell.said(remedy)
    shell.said("contracts discount openai 15 --since 2026-11-20")
    periods = [
        (each["discount_percent"], each["effective_until"])
        for each in shell.run("contracts list --json").json
    ]
    assert periods == [("10", "2026-11-20"), ("15", None)]


def test_the_inbox_leads_from_a_name_to_its_price_and_back(shell: CommandLine) -> None:
    shown = shell.said("models unmapped")
    assert "prod-chat: all of its requests asked for gpt-4.1; if that is the model:" in shown
    assert "[/bold] [link=x]" in shown
    command = next(line.strip() for line in shown.splitlines() if "models map prod-chat" in line)
    assert spent(shell)["unpriced_tokens"] == 20 * 1_000_100
    shell.said(command.removeprefix("switchwise "))
    assert spent(shell)["unpriced_tokens"] == 10 * 1_000_100
    (entry,) = shell.run("models unmapped --json").json
    assert (entry["name"], entry["reason"], entry["missing"], entry["requests"]) == (
        "[/bold] [link=x]",
        "unknown_name",
        None,
        10,
    )
    (alias,) = shell.run("models list --json").json
    assert (alias["model"], alias["effective_from"], alias["in_force"]) == ("gpt-4.1", None, True)
    shell.said("models unmap prod-chat --since 2026-11-20")
    (alias,) = shell.run("models list --json").json
    assert (alias["effective_until"], alias["in_force"]) == ("2026-11-20", False)
    assert spent(shell)["unpriced_tokens"] == 13 * 1_000_100
    assert "prod-chat at azure.ai.openai" in shell.said("models list")


def test_a_name_that_nobody_has_sent_is_mapped_only_on_request(shell: CommandLine) -> None:
    words = "models map next-year gpt-4.1 --provider azure"
    refused = shell.run(words)
    assert (
        refused.status,
        "nobody has sent the name 'next-year' at azure.ai.openai" in refused.error,
    ) == (1, True)
    assert "No figure of any month changes." in shell.said(f"{words} --yes")


def test_reprice_shows_what_is_published_against_what_is_in_force(shell: CommandLine) -> None:
    assert shell.said("reprice --dry-run").strip() == "No figure of any month changes."
    with shell.database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO contract_discount VALUES ('openai', '', '', 0, NULL, 500000, 'an upgrade of the book', 0)"
            )
        )
    (month,) = shell.run("reprice --dry-run --json").json
    assert Decimal(month["change_cost_usd"]) == -Decimal(month["before"]["cost_usd"]) / 2
    assert "gpt-4.1-mini" in shell.said("reprice --dry-run")
    with shell.database.transaction() as session:
        session.execute(text("UPDATE statement SET closed_at = 1"))
    shown = " ".join(shell.said("reprice --dry-run").split())
    assert shown.startswith(
        "2026-11 (closed) before after change unpriced tokens all of it $24.01 $12.00 -$12.00"
    )
    assert shown.endswith(
        "closed and stays as it is; to book the difference: switchwise reprice 2026-11 --reason TEXT"
    )


def test_requests_at_another_tier_than_asked_are_listed(shell: CommandLine) -> None:
    assert shell.said("models tiers").startswith(
        "Every request in 2026-11 was served at the tier it asked for"
    )
    ledgers.add(
        shell.database,
        [
            ledgers.event(
                NOW_US - clock.HOUR_US, label_set=ledgers.labels(service_tier_requested="priority")
            )
        ],
    )
    ledgers.settle(shell.database)
    (found,) = shell.run("models tiers --json").json
    assert found == {
        "project": "search",
        "provider": "openai",
        "model": "gpt-4.1",
        "asked_tier": "priority",
        "served_tier": "standard",
        "state": "compared",
        "requests": 1,
        "tokens": 1_100,
        "unpriced_tokens": 0,
        "cost_usd": "0.0028",
        "asked_cost_usd": "0.0049",
        "difference_usd": "-0.0021",
        "meaning": "the tier asked for did not serve, and its higher price was not charged",
    }
    assert shell.said("models tiers").splitlines()[1].split() == [
        "search",
        "gpt-4.1",
        "priority",
        "standard",
        "1",
        "$0.0028",
        "$0.0049",
        "-$0.0021",
    ]
    assert spent(shell)["tier_mismatch_requests"] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("contracts discount opnai 10", "'opnai' is no provider of the price book"),
        ("contracts discount openai 101", "'101' is not a discount"),
        ("contracts discount openai 10 --model gpt-9", "openai has no list price for gpt-9"),
        ("contracts discount openai 10 --tier slow", "unknown service tier 'slow'"),
        (
            "contracts discount openai 10 --since 2026-11-20 --until 2026-11-19",
            "would end before it begins",
        ),
        ("contracts discount openai 10 --since yesterday", "--since: 'yesterday' is not a day"),
        (
            "contracts price gpt-4.1 --tier flex --input 1",
            "set what the provider asks first with: switchwise prices set",
        ),
        ("contracts price gpt-4.1 --over 3 --input 1", "--over 3: no price changes at that size"),
        (
            "contracts price gpt-4.1 --input 0.10",
            "cached input of gpt-4.1 at openai, standard costs more",
        ),
        ("contracts price gpt-4.1", "names no rate"),
        ("contracts end nothing", "no contract has the id 'nothing'"),
        ("prices set gpt-4.1 --input cheap", "'cheap' is not"),
        ("prices set gpt-4.1 --input 1 --since 1969-12-31", "lies before 1970"),
        ("models map prod-chat gpt-9", "no price for gpt-9"),
        ("models unmap prod-chat", "'prod-chat' is mapped to no model on that day"),
        ("models unmapped --month 2026-12", "lies in the future"),
        ("reprice", "open months follow the prices by themselves"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_stored(
    shell: CommandLine, words: str, says: str
) -> None:
    before = spent(shell)
    ended = shell.run(words)
    assert ended.status in (1, 2)
    assert says in ended.error
    assert ended.error.count("\n") == 1
    assert spent(shell) == before
