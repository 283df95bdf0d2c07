"""A closed month on every face: the same closed figures, the same adjustments, the same sum, to the last digit."""

import csv
import io
import json
import zipfile
from collections import defaultdict
from decimal import Decimal
from hashlib import sha256

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from rich.console import Console

from advisor import words
from advisor.publishing import routes, wire
from advisor.publishing.metrics.exposition import Exposition
from advisor.report import report
from cli.text import report_text
from ledger import access, clock, settings
from ledger.database import Database
from tests import ledgers
from tests.advisor import closed_books, traffic
from tests.advisor.closed_books import MONTH, built
from tests.advisor.traffic import named, of

pytestmark = pytest.mark.usefixtures("frozen_now")
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"])
"""What is rendered from the report is the same on either database."""


@pytest.fixture
def october(database: Database) -> Database:
    """Forty days of traffic, October closed, then late events of two projects, a repricing, and a late event again."""
    traffic.fill(database)
    ledgers.close(database, MONTH)
    support = ledgers.labels(project="support", workload="triage")
    house = ledgers.labels(project="lab", model="house-model")
    ledgers.add(
        database,
        [
            ledgers.event(closed_books.OCTOBER_US, label_set=labels)
            for labels in (ledgers.labels(), support, house)
        ],
    )
    ledgers.settle(database)
    closed_books.set_price(database, "3", "9", since=clock.day_of(closed_books.OCTOBER_US))
    closed_books.reprice(database)
    closed_books.come_late(database, 2)
    return database


def client_of(database: Database, **overrides: object) -> TestClient:
    app = FastAPI()
    chosen = {"pairs": ledgers.SETTINGS.pairs, **overrides}
    routes.install(app, database, settings.load(**chosen))
    return TestClient(app)


def test_the_closed_figures_stand_first_and_the_adjustments_add_up_to_the_adjusted_total(
    october: Database,
) -> None:
    closed = built(october)
    kinds = [
        (adjustment.number, adjustment.kind, adjustment.requests)
        for adjustment in closed.adjustments
    ]
    assert kinds == [(1, "late", 3), (2, "repricing", 0), (3, "late", 2)]
    for adjustment in closed.adjustments:
        costs = [Decimal(line.cost_usd) for line in adjustment.lines if line.cost_usd is not None]
        assert sum(costs) == Decimal(adjustment.cost_usd or "")
        assert sum(line.requests for line in adjustment.lines) == adjustment.requests
    assert closed.adjusted is not None
    total_usd = Decimal(closed.total.cost_usd or "")
    added_usd = sum(Decimal(adjustment.cost_usd or "") for adjustment in closed.adjustments)
    assert total_usd + added_usd == Decimal(closed.adjusted.cost_usd or "")
    assert closed.total.requests + 5 == closed.adjusted.requests
    for groups in (closed.projects, closed.models, closed.slices):
        assert sum(Decimal(group.cost_usd) for group in groups if group.cost_usd) == total_usd
        assert sum(group.requests for group in groups) == closed.total.requests
    assert closed.total.coverage.gaps["late"] == f"{Decimal(5) / closed.adjusted.requests:.9f}"


def test_api_command_line_and_export_tell_the_same_of_a_closed_month(october: Database) -> None:
    client = client_of(october)
    with october.snapshot() as session:
        now_us = clock.now_us()
        body = wire.encode(
            report.build(session, ledgers.SETTINGS, now_us, MONTH, with_movements=True)
        )
    answered = client.get("/api/v1/report", params={"month": MONTH})
    assert answered.content == body
    report_json = json.loads(body)
    assert (report_json["state"], report_json["closed_by"], len(report_json["content_sha256"])) == (
        "closed",
        "ada",
        64,
    )
    usage = client.get("/api/v1/usage", params={"month": MONTH, "group_by": ""}).json()
    assert (usage["state"], usage["usage"][0]["cost_usd"]) == (
        "closed",
        report_json["total"]["cost_usd"],
    )
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/v1/exports/{MONTH}.zip").content))
    (headline,) = rows(archive, "headline.csv")
    assert headline["cost_usd"] == report_json["total"]["cost_usd"]
    assert headline["adjusted_cost_usd"] == report_json["adjusted"]["cost_usd"]
    assert (headline["closed_by"], headline["closed_at"]) == ("ada", report_json["closed_at"])
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(archive, "adjustments.csv"):
        sums[row["number"]] += Decimal(row["cost_usd"] or "0")
    assert sums == {
        str(adjustment["number"]): Decimal(adjustment["cost_usd"])
        for adjustment in report_json["adjustments"]
    }
    manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["state"], manifest["content_sha256"]) == (
        "closed",
        report_json["content_sha256"],
    )
    assert (
        sha256(archive.read("closed_statement.json")).hexdigest() == report_json["content_sha256"]
    )


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))


def test_metrics_show_the_closed_figures_the_adjustments_beside_them_and_both_in_the_cost_since_the_beginning(
    october: Database,
) -> None:
    scraped, body = traffic.scrape(october), built(october)
    for model in body.models:
        labels = named(month=MONTH, **model.names)
        cost = float(model.cost_usd) if model.cost_usd else None
        assert scraped["month_requests", labels] == model.requests
        assert scraped.get(("month_cost_usd", labels)) == cost
    for project in body.projects:
        sample = scraped.get(("month_project_cost_usd", named(month=MONTH, **project.names)))
        assert sample == (float(project.cost_usd) if project.cost_usd else None)
    by_model: dict[tuple[tuple[str, str], ...], Decimal] = defaultdict(Decimal)
    for line in (line for adjustment in body.adjustments for line in adjustment.lines):
        if line.cost_usd is not None:
            labels = named(month=MONTH, provider=line.provider, model=line.model)
            by_model[labels] += Decimal(line.cost_usd)
    assert of(scraped, "month_adjustment_usd") == {
        labels: float(amount) for labels, amount in by_model.items()
    }
    november = built(october, "2026-11").total.cost_usd
    assert body.adjusted is not None
    everything = Decimal(body.adjusted.cost_usd or "") + Decimal(november or "")
    assert sum(of(scraped, "cost_usd").values()) == pytest.approx(float(everything), rel=1e-12)
    assert not [
        labels for labels in of(scraped, "coverage_gap_ratio") if ("reason", "late") in labels
    ]


def test_a_remembered_month_is_read_again_once_an_adjustment_is_new_or_has_grown(
    october: Database,
) -> None:
    replica = Exposition(october, ledgers.SETTINGS)
    for _ in range(2):
        replica.render()
        closed_books.come_late(october)
        replica._read_again_at = 0.0
        assert traffic.read(replica.render()) == traffic.scrape(october)


@on_sqlite
def test_the_page_names_the_close_and_lists_every_adjustment_with_the_sum(
    october: Database,
) -> None:
    html, october_report = client_of(october).get("/", params={"month": MONTH}).text, built(october)
    assert "Closed on 2026-11-23 20:00 UTC by ada" in html
    assert october_report.adjusted is not None
    for amount in (
        october_report.total.cost_usd,
        october_report.adjusted.cost_usd,
        *(adjustment.cost_usd for adjustment in october_report.adjustments),
    ):
        assert f'<data value="{amount}"' in html
    assert all(adjustment.reason in html for adjustment in october_report.adjustments)
    assert f"<code>{october_report.content_sha256}</code>" in html
    assert "Adjustments" not in client_of(october).get("/").text


@on_sqlite
def test_a_key_of_one_project_sees_its_own_adjustments_and_no_document(october: Database) -> None:
    client = client_of(october, require_keys=True)
    with october.transaction() as session:
        _, key = access.create_key(
            session, "one", ["read"], project="support", namespace="n", now_us=0
        )
    headers = {"x-api-key": key}
    report_json = client.get("/api/v1/report", params={"month": MONTH}, headers=headers).json()
    assert {
        line["project"] for adjustment in report_json["adjustments"] for line in adjustment["lines"]
    } == {"support"}
    archive = zipfile.ZipFile(
        io.BytesIO(client.get(f"/api/v1/exports/{MONTH}.zip", headers=headers).content)
    )
    assert "closed_statement.json" not in archive.namelist()
    page = client.get("/", params={"month": MONTH}, headers=headers).text
    assert "search" not in page


@on_sqlite
@pytest.mark.parametrize("face", ["report", "page", "export", "terminal"])
def test_below_the_floor_every_face_says_that_a_figure_is_provisional(
    database: Database, face: str
) -> None:
    house = ledgers.labels(model="house-model")
    ledgers.add(
        database,
        [
            ledgers.event(closed_books.OCTOBER_US, label_set=labels)
            for labels in (house, ledgers.labels())
        ],
    )
    ledgers.close(database, MONTH, despite_gaps=True)
    client = client_of(database)
    if face == "report":
        assert (
            client.get("/api/v1/report", params={"month": MONTH}).json()["total"]["coverage"][
                "provisional"
            ]
            is True
        )
    elif face == "page":
        assert (
            "provisional: below 99 % no advice is given"
            in client.get("/", params={"month": MONTH}).text
        )
    elif face == "export":
        export = client.get(f"/api/v1/exports/{MONTH}.json").json()
        assert export["headline"][0]["provisional"] is True
        assert export["headline"][0]["savings_month_low_usd"] is None
    else:
        text = printed(database)
        assert "provisional: below 99 % no advice is given" in text
        assert "Could save" not in text


def printed(database: Database) -> str:
    """The report as a terminal of 80 columns shows it."""
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        report_text.show(console, built(database))
    return capture.get()


@on_sqlite
def test_the_terminal_shows_the_close_the_adjustments_and_the_sum_in_80_columns(
    october: Database,
) -> None:
    text, october_report = printed(october), built(october)
    assert "Closed on 2026-11-23 by ada." in text
    assert october_report.adjusted is not None
    for amount in (
        october_report.total.cost_usd,
        october_report.adjusted.cost_usd,
        *(adjustment.cost_usd for adjustment in october_report.adjustments),
    ):
        assert words.dollars(amount) in text
    assert "2: rates agreed late" in text
    assert all(len(line.rstrip()) <= 80 for line in text.splitlines())


@on_sqlite
def test_usage_of_a_closed_month_has_what_came_late_as_the_report_has(october: Database) -> None:
    client = client_of(october)
    report_body = client.get(f"/api/v1/report?month={MONTH}").json()
    for group, part in (("project", "projects"), ("provider,model", "models")):
        usage = client.get(f"/api/v1/usage?month={MONTH}&group_by={group}").json()["usage"]
        names = group.split(",")
        gaps = {tuple(row[name] for name in names): row["coverage"]["gaps"] for row in usage}
        assert gaps == {
            tuple(row[name] for name in names): row["coverage"]["gaps"] for row in report_body[part]
        }
        assert any(Decimal(gap["late"]) for gap in gaps.values())
    (total,) = client.get(f"/api/v1/usage?month={MONTH}&group_by=").json()["usage"]
    assert total["coverage"]["gaps"]["late"] == report_body["total"]["coverage"]["gaps"]["late"]
