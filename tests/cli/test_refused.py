"""A refused request: no figure has it, and every face of the month says so."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient

from advisor.publishing import routes
from ledger import settings
from tests import ledgers
from tests.advisor import traffic
from tests.cli.command import CommandLine

pytestmark = pytest.mark.usefixtures("frozen_now")
CASE = Path(__file__).parents[1] / "golden/cases/berriai-litellm-27745/input.jsonl"
"""A payload whose cached part exceeds its input, and an embedding of 0.0001 USD."""
NOTE = (
    "1 request of default was refused (94 tokens): cached + cache-write input exceeds input_tokens;"
    " input_tokens must include both. What that may cost is not in the figure."
)


def client_of(line: CommandLine) -> TestClient:
    app = FastAPI()
    routes.install(app, line.database, settings.load())
    return TestClient(app)


def test_an_import_ends_with_1_and_names_the_reason_and_its_first_line(line: CommandLine) -> None:
    ended = line.run(f"import {CASE}")
    assert ended.status == 1
    printed = " ".join(ended.out.split())
    assert "1 rejected, the first at line 1: cached + cache-write input exceeds" in printed
    assert "1 record refused: in no figure, but counted in the report of the month" in printed
    assert line.run(f"import {CASE} --allow-rejected").status == 0


def test_an_import_without_a_refusal_ends_with_0(line: CommandLine, tmp_path: Path) -> None:
    good = tmp_path / "good.jsonl"
    good.write_text(CASE.read_text().splitlines()[1])
    assert line.run(f"import {good}").status == 0


def test_every_face_of_the_month_says_what_was_refused(line: CommandLine, tmp_path: Path) -> None:
    for _ in range(2):
        line.run(f"import {CASE}")
    ledgers.settle(line.database)
    assert NOTE in " ".join(line.said("report --month 2026-11").split())
    figures = line.run("report --month 2026-11 --json").json
    assert figures["total"]["cost_usd"] == "0.0001"
    assert figures["total"]["coverage"]["ratio"] == "0.50"
    assert figures["total"]["coverage"]["gaps"]["refused"] == "0.50"
    (refused,) = figures["refused"]
    assert (refused["reason"], refused["requests"]) == ("parts_exceed_total", 1)
    assert (refused["input_tokens"], refused["output_tokens"]) == (12, 82)
    client = client_of(line)
    assert client.get("/api/v1/report?month=2026-11").json()["refused"] == [refused]
    page = client.get("/?month=2026-11").text
    assert "was refused (94 tokens)" in page
    assert "Requests refused at the door" in page
    samples = dict(traffic.scrape(line.database))
    assert (
        samples[
            "month_refused_requests",
            (("namespace", "default"), ("reason", "parts_exceed_total")),
        ]
        == 1
    )
    line.said(f"export --month 2026-11 --format csv --out {tmp_path}")
    (table,) = tmp_path.rglob("refused.csv")
    assert "parts_exceed_total" in table.read_text()


def test_a_direct_report_says_what_was_refused(line: CommandLine) -> None:
    printed = " ".join(line.run(f"report {CASE} --direct --month 2026-11").out.split())
    assert NOTE in printed


def test_close_refuses_a_month_of_which_much_was_refused(line: CommandLine) -> None:
    line.run(f"import {CASE}")
    with time_machine.travel(datetime(2026, 12, 2, tzinfo=UTC), tick=False):
        ended = line.run("close 2026-11 --by ada --even-if-silent")
        assert ended.status != 0
        assert "refused 50 %" in ended.error
        ended = line.run("close 2026-11 --by ada --even-if-silent --despite-gaps")
    assert "1 request refused at the door: in no figure of it" in ended.out


def test_a_month_in_which_everything_was_refused_says_so(line: CommandLine, tmp_path: Path) -> None:
    alone = tmp_path / "alone.jsonl"
    alone.write_text(CASE.read_text().splitlines()[0])
    ended = line.run(f"import {alone}")
    assert ended.status == 1
    assert NOTE in " ".join(line.said("report --month 2026-11").split())


def test_a_line_is_that_of_the_file_whatever_lies_between_the_records(
    line: CommandLine, tmp_path: Path
) -> None:
    bad, good = CASE.read_text().splitlines()[:2]
    numbered = json.loads(bad) | {"id": 7}
    spread = tmp_path / "spread.json"
    spread.write_text(f"[\n{good},\n\n{bad},\n{json.dumps(numbered)}]")
    printed = line.run(f"import {spread} --json").out
    (receipt,) = json.loads(printed[printed.index("[\n") :])
    assert [
        (reason["reason"], reason["records"], reason["first_record"], reason["first_line"])
        for reason in receipt["reasons"]
    ] == [("parts_exceed_total", 1, 1, 4), ("wrong_type", 1, 2, 5)]
