"""`switchwise models retiring`: models in use that shut down, with who uses them and what they cost."""

from decimal import Decimal

from advisor.advice import retirements
from advisor.months import pricings
from ledger import clock
from tests import ledgers
from tests.cli.command import CommandLine


def add(line: CommandLine, days_ago: int, **labels: object) -> None:
    event = ledgers.event(
        clock.now_us() - days_ago * clock.DAY_US - clock.HOUR_US,
        label_set=ledgers.labels(**labels),
    )
    ledgers.add(line.database, [event])


def test_uses_of_retiring_models_stand_by_project_and_key_with_the_most_dollars_first(
    line: CommandLine,
) -> None:
    add(line, 1, model="gpt-4.1-2025-04-14", project="search", key="k-1")
    add(line, 2, model="gpt-4.1", project="search", key="k-1")
    add(line, 3, model="gpt-4.1", project="chat", key="k-2")
    add(line, 4, model="openai/gpt-5.1-codex", project="code", key="k-3")
    add(line, 5, model="gpt-6-luna", project="chat", key="k-2")
    add(line, 31, model="gpt-4.1", project="old", key="k-4")
    add(
        line,
        1,
        provider="aws.bedrock",
        model="us.anthropic.claude-opus-4-1-20250805-v1:0",
        project="law",
        key="k-5",
    )
    ledgers.settle(line.database)
    rows = line.run("models retiring --json").json
    assert [(row["model"], row["project"], row["key"], row["requests"]) for row in rows] == [
        ("regional.anthropic.claude-opus-4-1-20250805-v1:0", "law", "k-5", 1),
        ("gpt-4.1", "search", "k-1", 2),
        ("gpt-4.1", "chat", "k-2", 1),
        ("openai/gpt-5.1-codex", "code", "k-3", 1),
    ]
    costs = [Decimal(row["cost_usd"]) for row in rows]
    assert costs == sorted(costs, reverse=True)
    assert costs[1] == 2 * costs[2] > 0
    first, second, *_ = rows
    assert first["shutdown"] == "2027-01-08"
    assert (second["shutdown"], second["successor"]) == ("2027-01-14", "gpt-6-luna")
    assert rows[3]["shutdown"] == "2026-07-23"
    assert rows[3]["days_left"] == 0
    assert all(row["source"] for row in rows)
    printed = line.said("models retiring")
    assert "gpt-4.1 at openai shuts down on 2027-01-14; successor gpt-6-luna; source:" in printed
    assert "gpt-5.1-codex at openai was shut down on 2026-07-23; " in printed


def test_without_a_retiring_model_in_use_the_list_says_so(line: CommandLine) -> None:
    add(line, 1, model="gpt-6-luna")
    ledgers.settle(line.database)
    assert "No model of the last 30 days" in line.said("models retiring")
    assert line.run("models retiring --json").json == []


def test_every_face_reads_the_same_shutdowns(line: CommandLine) -> None:
    add(line, 1, provider="mistral", model="mistral-large-2512", project="chat")
    add(line, 1, model="gpt-5.1-codex", project="code")
    ledgers.settle(line.database)
    with line.database.snapshot() as session:
        pricing, now_us = pricings.in_force(session), clock.now_us()
        in_use = retirements.find_in_use(session, pricing, now_us)
        listed = retirements.find_usage(session, pricing, now_us)
    assert {usage.retiring for usage in listed} == set(in_use)
