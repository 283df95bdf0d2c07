"""Why a month moved, its unusual days, and what is out of advice: the same on every face."""

import html
import io
from datetime import UTC, datetime

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from rich.console import Console

from advisor.publishing import routes
from advisor.publishing.exports import review
from advisor.report import report
from cli.text import report_text
from ledger import clock, policies
from ledger.database import Database
from ledger.policies import OptOut
from tests import ledgers

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
MONTH = "2026-10"


def _fill(database: Database) -> None:
    """Two months of one project with a dear day in the second, and one workload out of advice."""
    start_us = clock.to_us(datetime(2026, 9, 1, tzinfo=UTC))
    ledgers.add(
        database,
        (
            ledgers.event(
                start_us + day * clock.DAY_US,
                input_tokens=200_000_000 if day == 45 else 5_000_000,
                label_set=ledgers.labels(project="chat"),
            )
            for day in range(61)
        ),
    )
    with database.transaction() as session:
        place = OptOut(
            project="chat",
            workload="chat",
            model="",
            reason="audited <until> March",
            made_by="ada",
            made_at=clock.now_us(),
        )
        policies.opt_out(session, place)
    ledgers.settle(database)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_bridge_anomalies_and_opt_outs_stand_on_every_face(database: Database) -> None:
    with time_machine.travel(NOW, tick=False):
        _fill(database)
        app = FastAPI()
        routes.install(app, database, ledgers.SETTINGS)
        client = TestClient(app)
        body = client.get(f"/api/v1/report?month={MONTH}").json()
        page = html.unescape(client.get(f"/?month={MONTH}").text)
        console = Console(width=300, record=True, file=io.StringIO())
        with database.snapshot() as session:
            now_us = clock.now_us()
            figures = report.build(session, ledgers.SETTINGS, now_us, MONTH, with_movements=True)
            tables = review.build(session, ledgers.SETTINGS, now_us, MONTH)
    report_text.show(console, figures)
    terminal = console.export_text()
    bridge, (anomaly,) = body["movements"]["bridge"], body["movements"]["anomalies"]
    (place,) = body["opt_outs"]
    assert place["reason"] == "audited <until> March"
    assert (place["workload"], place["model"], place["made_by"]) == ("chat", None, "ada")
    for sentence in (bridge["sentence"], anomaly["sentence"], place["sentence"]):
        assert sentence in page
        assert sentence in terminal
    (row,) = tables.section("bridge").rows
    assert {name: str(row[name]) for name in bridge if name.endswith("_usd")} == {
        name: text for name, text in bridge.items() if name.endswith("_usd")
    }
    (day,) = tables.section("anomalies").rows
    assert (
        (day["day"], day["project"])
        == (anomaly["day"], anomaly["project"])
        == (
            "2026-10-16",
            "chat",
        )
    )
    (out,) = tables.section("opt_outs").rows
    assert (out["project"], out["reason"]) == ("chat", "audited <until> March")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_key_of_one_project_sees_no_other_projects_opt_outs(database: Database) -> None:
    with time_machine.travel(NOW, tick=False):
        _fill(database)
        with database.transaction() as session:
            other = OptOut(
                project="lab", workload="", model="", reason="secret", made_by="eve", made_at=0
            )
            policies.opt_out(session, other)
        with database.snapshot() as session:
            figures = report.build(session, ledgers.SETTINGS, clock.now_us(), MONTH, project="chat")
    assert [place.project for place in figures.opt_outs] == ["chat"]
