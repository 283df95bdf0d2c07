"""A sender that fell silent: its silence is not taken for days without spend, on any face."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.publishing import routes
from advisor.publishing.alerts import alert_store
from ledger import settings
from tests import ledgers
from tests.cli.command import CommandLine

CASE = Path(__file__).parents[1] / "golden/cases/commontoolsinc-labs-5080/input.jsonl"
"""40 days of 10 USD each, the last event on 2026-11-24 at 18:00 UTC."""
SILENCE = "search: nothing since 2026-11-24T18:00Z (6 days)"
MORNING = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.fixture
def clock_hand() -> Iterator[time_machine.Traveller]:
    """The case is imported while the sender still speaks, and read on 30 November."""
    with time_machine.travel(datetime(2026, 11, 24, 19, tzinfo=UTC), tick=False) as hand:
        yield hand


@pytest.fixture
def silent(line: CommandLine, clock_hand: time_machine.Traveller) -> CommandLine:
    line.said(f"import {CASE}")
    ledgers.settle(line.database)
    clock_hand.move_to(MORNING)
    ledgers.settle(line.database)
    return line


def client_of(line: CommandLine) -> TestClient:
    app = FastAPI()
    routes.install(app, line.database, settings.load())
    return TestClient(app)


def silences(line: CommandLine) -> list[tuple[str, bool]]:
    """The alerts on silent senders, and whether each has fired."""
    with line.database.snapshot() as session:
        states = alert_store.load_states(session)
    return [(alert.scope, alert.fired) for alert in states if alert.rule == "silent"]


def test_the_report_names_the_silence_and_both_readings_of_it(silent: CommandLine) -> None:
    text = " ".join(silent.said("report").split())
    assert SILENCE in text
    assert (
        "If events were lost, 2026-11 comes to $300.00 as usual; if the traffic ended, to $240.00."
        in text
    )
    figures = silent.run("report --json").json
    assert figures["total"]["cost_usd"] == "240.00"
    assert figures["forecast"] == {
        "cost_usd": "300.00",
        "low_usd": "240.00",
        "high_usd": "300.00",
        "method": "weekday_mean",
        "tests": [],
        "effects": None,
        "if_broken_usd": "300.00",
        "if_ended_usd": "240.00",
    }
    assert figures["last_event"] == "2026-11-24T18:00:00Z"
    (sender,) = figures["senders"]
    # Five whole days of 10.00 USD and four requests, and nine hours of 30 November.
    assert sender == {
        "namespace": "default",
        "project": "search",
        "last_event": "2026-11-24T18:00:00Z",
        "silent": True,
        "missed_usd": "53.75",
        "missed_requests": 22,
    }
    for part in (figures["total"], *figures["projects"]):
        assert part["coverage"]["gaps"]["silent"] == "0.182978723"
        assert part["coverage"]["ratio"] == "0.817021277"
        assert part["coverage"]["provisional"]


def test_every_other_face_names_it_too(silent: CommandLine) -> None:
    client = client_of(silent)
    assert client.get("/api/v1/report").json()["senders"][0]["silent"] is True
    page = " ".join(re.sub("<[^>]*>", "", client.get("/").text).split())
    assert SILENCE in page
    assert "$300.00 if events were lost, $240.00 if the traffic ended" in page
    metrics = client.get("/metrics").text.splitlines()
    at = datetime(2026, 11, 24, 18, tzinfo=UTC).timestamp()
    of_sender = '{namespace="default",project="search"}'
    (age,) = [row for row in metrics if row.startswith("switchwise_last_event_timestamp_seconds{")]
    assert age.startswith(f"switchwise_last_event_timestamp_seconds{of_sender} ")
    assert float(age.split()[-1]) == at
    assert f"switchwise_silent_senders{of_sender} 1.0" in metrics
    assert "switchwise_month_forecast_low_usd 240.0" in metrics
    assert "switchwise_month_forecast_high_usd 300.0" in metrics
    assert "switchwise_month_forecast_if_broken_usd 300.0" in metrics
    assert "switchwise_month_forecast_if_ended_usd 240.0" in metrics
    review = zipfile.ZipFile(io.BytesIO(client.get("/api/v1/exports/2026-11.zip").content))
    (name,) = [name for name in review.namelist() if name.endswith("senders.csv")]
    (row,) = csv.DictReader(io.StringIO(review.read(name).decode("utf-8-sig")))
    assert (row["project"], row["last_event"], row["missed_usd"]) == (
        "search",
        "2026-11-24T18:00:00Z",
        "53.75",
    )
    assert silences(silent) == [("default/search", True)]


def test_close_asks_and_the_closed_month_says_what_was_answered(
    silent: CommandLine, clock_hand: time_machine.Traveller
) -> None:
    clock_hand.move_to(datetime(2026, 12, 2, 8, tzinfo=UTC))
    refused = silent.run("close 2026-11")
    assert refused.status != 0
    text = " ".join(refused.error.split())
    assert "2026-11 may lack usage: search: nothing since 2026-11-24T18:00Z (8 days)" in text
    assert "--even-if-silent" in text
    silent.said("close 2026-11 --even-if-silent --by ada")
    report = " ".join(silent.said("report --month 2026-11").split())
    assert "When it was closed: search: nothing since 2026-11-24T18:00Z (8 days)." in report
    figures = silent.run("report --month 2026-11 --json").json
    assert figures["total"]["cost_usd"] == "240.00"
    assert (figures["forecast"]["low_usd"], figures["forecast"]["high_usd"]) == (
        "240.00",
        "300.00",
    )


def test_without_a_silence_no_figure_changes(
    line: CommandLine, clock_hand: time_machine.Traveller
) -> None:
    line.said(f"import {CASE}")
    ledgers.settle(line.database)
    clock_hand.shift(timedelta(hours=17))  # the usual gap is six hours
    ledgers.settle(line.database)
    figures = line.run("report --json").json
    assert "nothing since" not in " ".join(figures["notes"])
    assert figures["senders"][0]["silent"] is False
    assert figures["forecast"]["if_broken_usd"] is None
    assert "silent" not in figures["total"]["coverage"]["gaps"]
    clock_hand.shift(timedelta(hours=2))
    ledgers.settle(line.database)
    assert line.run("report --json").json["senders"][0]["silent"] is True


def test_a_sender_that_speaks_again_ends_the_silence(silent: CommandLine, tmp_path: Path) -> None:
    event = CASE.read_text().splitlines()[-1]
    again = tmp_path / "again.jsonl"
    again.write_text(
        event.replace("2026-11-24T18", "2026-11-30T08").replace("g2026-11-24", "g2026-11-30")
    )
    silent.said(f"import {again}")
    ledgers.settle(silent.database)
    figures = silent.run("report --json").json
    assert figures["senders"][0]["silent"] is False
    assert "nothing since" not in " ".join(figures["notes"])
    assert silences(silent) == [("default/search", False)]
