"""Events from a clock that is ahead, on every face: how many wait, and that they count in time."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.publishing import routes
from ledger import settings
from tests import ledgers
from tests.cli.command import CommandLine

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """One event of noon, one that is two hours ahead and one that is two days ahead."""
    path = tmp_path / "events.jsonl"
    times = (NOON, NOON + timedelta(hours=2), NOON + timedelta(days=2))
    lines = [
        {"id": str(at), "time": at.isoformat(), "model": "gpt-4.1", "input_tokens": 1_000_000}
        for at in times
    ]
    path.write_text("".join(json.dumps(line | {"output_tokens": 0}) + "\n" for line in lines))
    return path


def test_early_events_are_counted_apart_until_their_time(line: CommandLine, log: Path) -> None:
    with time_machine.travel(NOON, tick=False) as hand:
        line.run(f"import {log} --project search")
        ledgers.settle(line.database)
        figures = line.run("report --json").json
        assert (figures["total"]["requests"], figures["early_events"]) == (1, 1)
        assert figures["total"]["cost_usd"] == "2.00"
        assert "1 event came from a clock ahead of ours" in " ".join(figures["notes"])
        assert "the first at 2026-11-30T14:00Z" in " ".join(figures["notes"])
        app = FastAPI()
        routes.install(app, line.database, settings.load())
        client = TestClient(app)
        assert "switchwise_early_events 1.0" in client.get("/metrics").text.splitlines()
        assert "switchwise_rollup_lag_seconds 0.0" in client.get("/metrics").text.splitlines()
        assert "1 event came from a clock ahead of ours" in client.get("/").text
        assert "clocks" in {row["part"] for row in line.run("doctor --json").json}
        # Nothing is lost by a repair meanwhile, and a second import changes nothing.
        assert line.said("rebuild") == "Nothing was wrong.\n"
        line.run(f"import {log} --project search")
        hand.shift(timedelta(hours=2))
        ledgers.settle(line.database)
        figures = line.run("report --json").json
        assert (figures["total"]["requests"], figures["early_events"]) == (2, 0)
        assert line.run("verify").status == 0


def test_a_report_on_files_leaves_early_events_out_as_a_ledger_would(
    line: CommandLine, log: Path
) -> None:
    with time_machine.travel(NOON, tick=False):
        ended = line.run(f"report {log} --direct --project search")
    assert "1 request," in ended.out
    assert "1 counted" in ended.out
    assert "1 early" in ended.out
    assert "1 rejected" in ended.out
