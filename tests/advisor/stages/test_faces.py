"""One life, many faces: report, API, metrics, review and page tell the same of what was missed and what was saved."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.publishing import routes
from advisor.publishing.exports import review
from advisor.report import report
from advisor.stages.records import SoFar
from ledger import clock
from ledger.database import Database
from tests import conftest, ledgers
from tests.advisor import traffic as scrapes
from tests.advisor.stages.advised_ledger import change, fill, traffic


@pytest.fixture
def lived(database: Database) -> Iterator[Database]:
    """A ledger four days after its one recommendation was adopted; two hours had been missed before."""
    with time_machine.travel(conftest.NOW, tick=False):
        recommendation_id = fill(database).recommendation.id
        ledgers.add(database, traffic(range(1), hour=20, turns=10))
        ledgers.settle(database)
    with time_machine.travel(conftest.NOW + timedelta(hours=2), tick=False):
        ledgers.settle(database)
        change(database, recommendation_id, "claim")
        change(database, recommendation_id, "pilot")
        change(database, recommendation_id, "adopt")
    with time_machine.travel(conftest.NOW + timedelta(days=4), tick=False):
        ledgers.add(database, traffic(range(-3, 0), "gpt-4.1-mini", 40))
        ledgers.settle(database)
        ledgers.settle(database)
        yield database


def so_far(database: Database, month: str | None = None) -> SoFar:
    with database.snapshot() as session:
        held = report.build(session, ledgers.SETTINGS, clock.now_us(), month).savings.so_far
    assert held is not None
    return held


def test_metrics_show_the_reports_amounts(lived: Database) -> None:
    held, scraped = so_far(lived), scrapes.scrape(lived)
    assert held.missed_usd is not None
    assert Decimal(held.missed_usd) > 0
    assert scrapes.of(scraped, "savings_missed_usd") == {(): float(Decimal(held.missed_usd))}
    assert scrapes.of(scraped, "savings_realised_usd") == {
        scrapes.named(method=method): float(Decimal(amount))
        for method, amount in held.realised_usd.items()
    }
    assert set(held.realised_usd) == {"before_after", "repricing"}
    stages = {
        dict(labels)["stage"]: count
        for labels, count in scrapes.of(scraped, "recommendations").items()
    }
    assert stages == {"measured": 1}


def test_the_review_has_each_move_beside_its_frozen_estimate_and_each_method_in_a_row(
    lived: Database,
) -> None:
    held = so_far(lived)
    with lived.snapshot() as session:
        found = review.build(session, ledgers.SETTINGS, clock.now_us(), "2026-11")
    tables = {section.name: section.rows for section in found.sections}
    (move,), realised = tables["savings_by_stage"], tables["savings_realised"]
    assert (move["stage"], move["owner"], move["share"]) == ("measured", "ada", Decimal(1))
    assert move["frozen_low_usd"] == Decimal("505.293833333")
    assert move["missed_usd"] == Decimal(held.missed_usd or "")
    assert move["realised_hold_out_usd"] is None
    for method, amount in held.realised_usd.items():
        assert move[f"realised_{method}_usd"] == Decimal(amount)
    assert [(row["method"], row["reason"]) for row in realised] == [
        ("hold_out", "no_hold_out"),
        ("before_after", None),
        ("repricing", None),
    ]
    for row in realised[1:]:
        instead, cost, saved = row["instead_usd"], row["cost_usd"], row["saving_usd"]
        assert isinstance(instead, Decimal)
        assert isinstance(cost, Decimal)
        assert instead - cost == saved
    assert tables["headline"][0]["savings_missed_usd"] == Decimal(held.missed_usd or "")


def test_the_api_and_the_page_tell_the_same(lived: Database) -> None:
    app = FastAPI()
    routes.install(app, lived, ledgers.SETTINGS)
    client, held = TestClient(app), so_far(lived)
    body = client.get("/api/v1/report").json()["savings"]["so_far"]
    assert (body["missed_usd"], body["realised_usd"]) == (held.missed_usd, held.realised_usd)
    full = client.get(f"/api/v1/recommendations/{held.moves[0].id}").json()
    assert full["move"] == body["moves"][0]
    page = " ".join(client.get("/").text.split())
    assert "Missed while advice was open, by low ends:" in page
    assert "measured, realised so far: unknown against a hold-out; <strong>" in page


def test_a_month_tells_what_was_missed_in_it_and_what_in_all(lived: Database) -> None:
    ledgers.add(lived, traffic(range(40, 41)))
    ledgers.settle(lived)
    october, november = so_far(lived, "2026-10"), so_far(lived)
    assert october.missed_usd == november.missed_usd == november.missed_month_usd
    assert october.missed_month_usd == "0.00"
