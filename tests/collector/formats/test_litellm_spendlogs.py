"""LiteLLM's own past: its rows and its payloads of one run are the same events."""

import csv
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from collector import files
from collector.formats import litellm, litellm_spendlogs
from collector.parsing.naming import Naming
from collector.parsing.reading import Ignored, Rejected
from ledger import settings, tables
from ledger.database import Database
from ledger.errors import UsageError
from ledger.events import Event
from tests import servers
from tests.collector.formats import captures, spend_log_rows

PAYLOADS: list[dict[str, Any]] = [json.loads(taken.element) for taken in captures.litellm()]
ROWS = [spend_log_rows.row_of(payload) for payload in PAYLOADS]
CASE = Path(__file__).parents[2] / "golden/cases/berriai-litellm-16570/input.jsonl"


def bring_in(
    database: Database, path: Path | str, format_name: str = "auto"
) -> files.ImportReceipt:
    return files.import_file(
        database,
        settings.load(),
        str(path),
        format_name=format_name,
        naming=Naming(),
        progress=lambda _finished, _total: None,
    )


def write_lines(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def write_csv(path: Path) -> Path:
    rows = [spend_log_rows.as_csv_has_it(row) for row in ROWS]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def stored(database: Database) -> int:
    with database.snapshot() as session:
        counted = session.execute(select(func.count()).select_from(tables.EVENT)).scalar_one()
    return int(counted)


def events_of(payloads: list[dict[str, Any]]) -> set[str]:
    readings = [litellm.parse(json.dumps(payload).encode(), Naming()) for payload in payloads]
    return {reading.dedupe_key for reading in readings if isinstance(reading, Event)}


@pytest.mark.parametrize("rows_first", [True, False], ids=["rows first", "payloads first"])
def test_rows_and_payloads_of_one_run_give_one_event_each(
    database: Database, tmp_path: Path, rows_first: bool
) -> None:
    sources = [
        write_lines(tmp_path / "payloads.jsonl", PAYLOADS),
        write_lines(tmp_path / "rows.jsonl", ROWS),
    ]
    receipts = [bring_in(database, path) for path in (reversed(sources) if rows_first else sources)]
    assert {receipt.format for receipt in receipts} == {"litellm", "litellm-spendlogs"}
    assert stored(database) == len(events_of(PAYLOADS))
    assert receipts[1].conflict == 0


def test_a_row_says_what_its_payload_says() -> None:
    for payload, row in zip(PAYLOADS, ROWS, strict=True):
        sent = litellm.parse(json.dumps(payload).encode(), Naming())
        read = litellm_spendlogs.parse(json.dumps(row).encode(), Naming())
        if not isinstance(read, Event):
            assert isinstance(read, Ignored | Rejected)
            continue
        assert isinstance(sent, Event)
        assert read.dedupe_key == sent.dedupe_key
        assert read.occurred_at == sent.occurred_at // 1_000 * 1_000
        for name in ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens"):
            assert getattr(read, name) == getattr(sent, name)
        assert read.labels.project == sent.labels.project
        assert read.labels.workload == sent.labels.workload


def test_a_csv_and_a_list_read_as_lines_do(database: Database, tmp_path: Path) -> None:
    lines = bring_in(database, write_lines(tmp_path / "rows.jsonl", ROWS))
    listed = tmp_path / "rows.json"
    listed.write_text(json.dumps([spend_log_rows.as_csv_has_it(row) for row in ROWS]))
    for path in (write_csv(tmp_path / "rows.csv"), listed):
        again = bring_in(database, path)
        assert again.format == "litellm-spendlogs"
        assert (again.accepted, again.duplicate, again.conflict) == (0, lines.accepted, 0)
        assert (again.ignored, again.rejected) == (lines.ignored, lines.rejected)
    assert lines.accepted > 20


def test_a_batch_and_a_failure_with_tokens_are_refused_and_not_counted_twice() -> None:
    batch = {**ROWS[0], "call_type": "aretrieve_batch"}
    failure = {**ROWS[0], "status": "failure"}
    for row in (batch, failure):
        reading = litellm_spendlogs.parse(json.dumps(row).encode(), Naming())
        assert isinstance(reading, Rejected)
        assert "count twice" in reading.reason


@pytest.mark.parametrize("format_name", ["auto", "litellm", "litellm-spendlogs"])
def test_the_row_of_the_thread_is_read_under_each_name(
    database: Database, format_name: str
) -> None:
    assert bring_in(database, CASE, format_name).accepted == 1
    with database.snapshot() as session:
        row = session.execute(select(tables.EVENT)).mappings().one()
        series = session.execute(select(tables.SERIES)).mappings().one()
    assert (row["input_tokens"], row["output_tokens"]) == (1_200, 85)
    assert (series["project"], series["workload"]) == ("team-a", "answers")


@pytest.fixture
def litellm_url(postgres_server: servers.Postgres) -> str:
    """A database of LiteLLM's."""
    return postgres_server.database().replace("+psycopg", "")


def test_the_table_is_read_from_the_database_and_never_written(
    tmp_path: Path, litellm_url: str
) -> None:
    ledger = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    lines = bring_in(ledger, write_lines(tmp_path / "rows.jsonl", ROWS))
    fill(litellm_url)
    receipt = bring_in(ledger, litellm_url)
    assert receipt.name.startswith("LiteLLM_SpendLogs of ")
    assert (receipt.accepted, receipt.duplicate, receipt.conflict) == (0, lines.accepted, 0)
    with psycopg.connect(litellm_url) as connection:
        (count,) = connection.execute('SELECT count(*) FROM "LiteLLM_SpendLogs"').fetchone() or (0,)
        assert count == len({row["request_id"] for row in ROWS})
        connection.execute('DROP TABLE "LiteLLM_SpendLogs"')
    with pytest.raises(UsageError, match="there is no table LiteLLM_SpendLogs"):
        bring_in(ledger, litellm_url)
    ledger.close()


def test_an_address_that_does_not_answer_is_named_without_its_password(database: Database) -> None:
    with pytest.raises(UsageError) as raised:
        bring_in(database, "postgresql://ada:hidden@127.0.0.1:1/litellm")
    assert "cannot read LiteLLM_SpendLogs of 127.0.0.1:1/litellm" in str(raised.value)
    assert "hidden" not in str(raised.value)


def fill(url: str) -> None:
    """The table as LiteLLM's schema has it, of an older version: without a column `status`."""
    names = [name for name in ROWS[0] if name != "status"]
    kinds = {
        "request_tags": "jsonb",
        "metadata": "jsonb",
        "messages": "jsonb",
        "response": "jsonb",
        "startTime": "timestamp(3)",
        "endTime": "timestamp(3)",
        "spend": "double precision",
        "total_tokens": "integer",
        "prompt_tokens": "integer",
        "completion_tokens": "integer",
    }
    columns = ", ".join(f'"{name}" {kinds.get(name, "text")}' for name in names)
    marks = ", ".join(["%s"] * len(names))
    with psycopg.connect(url) as connection:
        connection.execute("SET timezone TO 'UTC'")
        connection.execute(
            f'CREATE TABLE "LiteLLM_SpendLogs" ({columns}, PRIMARY KEY (request_id))'
        )
        for row in ROWS:
            cells = spend_log_rows.as_csv_has_it(row)
            connection.execute(
                f'INSERT INTO "LiteLLM_SpendLogs" VALUES ({marks}) ON CONFLICT DO NOTHING',
                [cells[name] for name in names],
            )
