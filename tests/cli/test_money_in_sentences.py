"""Sentences write money as people do: cents, or below a cent up to six decimals; JSON is exact."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st

from advisor import words
from advisor.advice import retirements
from advisor.months import pricings
from advisor.publishing import routes
from advisor.publishing.alerts import alert_text, rules
from advisor.stages import recommendations as stored
from ledger import clock, money, policies, settings
from ledger.policies import Budget, Owner, Scope
from tests import ledgers
from tests.advisor import closed_books, traffic
from tests.advisor.evidence import paired_rows
from tests.cli.command import CommandLine

pytestmark = pytest.mark.usefixtures("frozen_now")
AMOUNT = re.compile(r"\$(\d[\d,]*(?:\.\d+)?)|(\d[\d,]*\.\d+) USD")
WRITTEN = re.compile(r"\d{1,3}(,\d{3})*(\.\d\d)?|0\.00\d{1,4}")


def misspelt(text: str) -> list[str]:
    """The amounts of a text that no sentence may hold so."""
    amounts = (plain or f"{spelt} USD" for plain, spelt in AMOUNT.findall(text))
    return [amount for amount in amounts if not WRITTEN.fullmatch(amount)]


@pytest.fixture
def lived(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A ledger with odd amounts everywhere: budgets, owners, a closed month, one-off costs."""
    monkeypatch.setenv("SWITCHWISE_PAIRS", "gpt-4.1:gpt-4.1-mini,auto")
    monkeypatch.setenv("SWITCHWISE_MOVE_COST_USD", "123.456789")
    chosen = settings.load()
    ledgers.add(line.database, traffic.events())
    ledgers.add(
        line.database,
        [
            ledgers.event(
                traffic.NOW_US - clock.HOUR_US,
                label_set=ledgers.labels(project="searches"),
                meters=(("rerank_searches", 1), ("web_searches", 2)),
                sender_cost_pico_usd=10**10 + 1,
            )
        ],
    )
    ledgers.settle(line.database, chosen)
    paired_rows.store(line.database, paired_rows.rows())
    ledgers.close(line.database, closed_books.MONTH, despite_gaps=True)
    closed_books.come_late(line.database)
    with line.database.transaction() as session:
        budget = Budget(
            scope=Scope(), from_month="2026-11", amount_nano_usd=1_234_567_890_123, made_by="ada"
        )
        policies.put_budget(session, budget, clock.now_us())
        owner = Owner(
            project="search", owner="ada", channel=None, target_nano_usd=1_000_000_001, made_by="a"
        )
        policies.put_owner(session, owner, clock.now_us())
    ledgers.settle(line.database, chosen)
    return line


def _sentences(body: Any) -> Iterator[str]:
    """Every text of a JSON body that has words."""
    if isinstance(body, str):
        if " " in body:
            yield body
    elif isinstance(body, dict):
        for part in body.values():
            yield from _sentences(part)
    elif isinstance(body, list):
        for part in body:
            yield from _sentences(part)


def _read(lived: CommandLine) -> dict[str, str]:
    """What people read, by face."""
    app = FastAPI()
    routes.install(app, lived.database, settings.load())
    client = TestClient(app)
    advice = client.get("/api/v1/recommendations").json()["recommendations"]
    texts = {
        f"API {address}": "\n".join(_sentences(client.get(address).json()))
        for address in (
            "/api/v1/report",
            f"/api/v1/report?month={closed_books.MONTH}",
            "/api/v1/recommendations",
            *(f"/api/v1/recommendations/{row['id']}" for row in advice),
        )
    }
    texts |= {
        f"page {address}": re.sub(r"<[^>]*>", " ", client.get(address).text)
        for address in (
            "/",
            f"/?month={closed_books.MONTH}",
            *(f"/recommendations/{row['id']}" for row in advice),
        )
    }
    first = advice[0]["id"]
    texts |= {
        command: lived.said(command)
        for command in (
            "report",
            f"report --month {closed_books.MONTH}",
            "advise",
            f"trial plan {first}",
            "budget list",
            "owners list",
            "evidence list",
        )
    }
    with lived.database.snapshot() as session:
        advised = [row.recommendation for row in stored.read_current(session)]
        retiring = retirements.find_in_use(session, pricings.in_force(session), clock.now_us())
    verdicts = rules.judge(
        advised, retiring, {}, threshold_femto_usd=money.FEMTO_PER_USD, sample_projects=()
    )
    texts["alerts"] = "\n".join(verdict.text for verdict in verdicts if verdict.text)
    texts["blocked alerts"] = "\n".join(alert_text.blocked(each, ()) for each in advised)
    return texts


def test_no_sentence_on_any_face_has_money_beyond_cents(lived: CommandLine) -> None:
    texts = _read(lived)
    assert {face: misspelt(text) for face, text in texts.items() if misspelt(text)} == {}
    with_money = {face for face, text in texts.items() if "$" in text}
    assert {"report", "advise", "page /", "alerts", "budget list", "owners list"} <= with_money


def test_exact_digits_stand_in_json_and_in_the_printed_arithmetic(lived: CommandLine) -> None:
    report = json.loads(lived.said("report --json"))
    advice = report["savings"]["recommendations"][0]
    assert Decimal(advice["cost_month_usd"]) % Decimal("0.01")
    assert advice["cost_month_usd"] not in lived.said("advise")
    explained = lived.said(f"explain {advice['id']}").replace("\n", " ")
    assert advice["saving_month"]["low_usd"] in explained


@pytest.mark.parametrize("text", ["$1.234", "of $0.1 each", "860.435002734 USD", "$1234.50"])
def test_a_misspelt_amount_is_noticed(text: str) -> None:
    assert misspelt(text)


@given(st.fractions(-(10**9), 10**9))
@example(Fraction(9_999_999, 10**9))
@example(Fraction(1, 10**9))
@example(Fraction(-1, 10**9))
def test_every_amount_is_written_in_the_one_form(usd: Fraction) -> None:
    text = words.femto_dollars(round(usd * money.FEMTO_PER_USD))
    assert not misspelt(text)
