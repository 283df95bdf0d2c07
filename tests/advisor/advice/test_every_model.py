"""By default every model in use is looked at: each slice once, on every face, and never twice."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.publishing import routes, wire
from advisor.report import report
from ledger import clock
from ledger.database import Database
from ledger.events import Event
from ledger.money import femto_usd
from ledger.settings import Settings
from tests import ledgers

# Today is 2026-11-23, a day on which GPT-4.1 has 52 days left.
DEFAULT = Settings(can_wait="search/plans")
IN_USE = {
    "answers": ("openai", "gpt-4.1"),
    "plans": ("openai", "gpt-5.4"),
    "review": ("anthropic", "claude-opus-5-5"),
    "labels": ("anthropic", "claude-haiku-5-5"),
    "triage": ("aws.bedrock", "us.anthropic.claude-sonnet-4-6"),
    "letters": ("azure.ai.openai", "azure/gpt-4.1"),
    "typo": ("openai", "gpt4.1"),
}


def _traffic() -> Iterator[Event]:
    today = clock.day_of(ledgers.NOON_US)
    for workload, (provider, model) in IN_USE.items():
        labels = ledgers.labels(
            workload=workload, provider=provider, model=model, request_model=model
        )
        for day in range(today - 26, today):
            for hour in range(24):
                at = day * clock.DAY_US + hour * clock.HOUR_US
                for _ in range(2):
                    yield ledgers.event(
                        at, label_set=labels, input_tokens=900_000, output_tokens=9_000
                    )


@pytest.mark.usefixtures("frozen_now")
def test_every_slice_is_advised_once_and_the_total_is_their_sum(database: Database) -> None:
    ledgers.add(database, _traffic())
    ledgers.settle(database, DEFAULT)
    with database.snapshot() as session:
        built = report.build(session, DEFAULT, clock.now_us())
    savings = built.savings
    moves = {each.workload: each.to_model for each in savings.recommendations}
    assert len(moves) == len(savings.recommendations)
    # What has neither a successor nor a sibling nor a price is left alone.
    assert moves.keys() == IN_USE.keys() - {"labels", "typo"}
    assert moves["review"] == "claude-sonnet-5-5"
    # Haiku 4.5 is gone there, so what the seller names in its place is looked at.
    assert moves["triage"] == "regional.anthropic.claude-haiku-5-5"
    assert all(len(each.alternatives) <= 3 for each in savings.recommendations)
    counted = [each for each in savings.recommendations if each.counted]
    assert counted
    assert savings.total
    assert femto_usd(savings.total.low_usd) == sum(
        femto_usd(each.saving_month.low_usd) for each in counted if each.saving_month
    )


@pytest.mark.usefixtures("frozen_now")
def test_the_faces_tell_the_same_of_every_model(database: Database) -> None:
    ledgers.add(database, _traffic())
    ledgers.settle(database, DEFAULT)
    app = FastAPI()
    routes.install(app, database, DEFAULT)
    client = TestClient(app)
    with database.snapshot() as session:
        body = wire.encode(report.build(session, DEFAULT, clock.now_us(), with_movements=True))
    assert client.get("/api/v1/report").content == body
    listed = client.get("/api/v1/recommendations").json()["recommendations"]
    page = client.get("/").text
    for recommendation in listed:
        assert recommendation["workload"] in page
        assert recommendation["to_model"] in page
