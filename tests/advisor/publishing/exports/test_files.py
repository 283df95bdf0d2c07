"""The files of a monthly review: exact, equal to the report, and the same bytes twice."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from advisor.publishing import routes, wire
from advisor.publishing.exports import csv_format, folder, json_format, review
from advisor.publishing.exports.review import Section
from advisor.report import report
from advisor.report.figures import Report
from ledger import access, clock, money, settings
from ledger.database import Database
from ledger.errors import NotFound, UsageError
from tests import ledgers
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("frozen_now")
MONTH = "2026-11"
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example")',
    '-2+3+cmd|" /C calc"!A0',
    "=\u202e1",
]
ORDINARY = [
    "search",
    "a=b",
    "1-2",
    "a,b",
    'say "hi"',
    "line\nbreak",
    "ünïcode",
    "'quoted'",
    "a@b",
    "",
]


def export(
    database: Database,
    directory: Path,
    month: str = MONTH,
    formats: tuple[str, ...] = ("csv", "json"),
) -> Path:
    """Export a month; the folder of its files."""
    with database.snapshot() as session:
        written = folder.export(
            session,
            ledgers.SETTINGS,
            clock.now_us(),
            month=month,
            formats=formats,
            directory=directory,
        )
    assert written[-1] == directory / month / "manifest.json"
    return directory / month


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows by column."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def built(database: Database, month: str = MONTH) -> Report:
    """The report of the month."""
    with database.snapshot() as session:
        return report.build(session, ledgers.SETTINGS, clock.now_us(), month)


def summed(table: list[dict[str, str]], column: str) -> str:
    """The sum of a column as exact text."""
    return money.text(sum((Decimal(row[column]) for row in table if row[column]), Decimal(0)))


@pytest.mark.parametrize("month", [MONTH, "2026-10"])
def test_every_table_adds_up_to_the_report_exactly(
    month: str, filled: Database, tmp_path: Path
) -> None:
    exported, figures = export(filled, tmp_path, month), built(filled, month)
    (headline,) = rows(exported / "headline.csv")
    assert headline["cost_usd"] == figures.total.cost_usd
    for section in ("projects", "models", "showback", "days"):
        assert summed(rows(exported / f"{section}.csv"), "cost_usd") == figures.total.cost_usd
        assert (
            sum(int(row["requests"]) for row in rows(exported / f"{section}.csv"))
            == figures.total.requests
        )
    for section in ("projects", "models", "showback"):
        for count in (
            "tokens",
            "input_tokens",
            "output_tokens",
            "unpriced_tokens",
            "avoided_tokens",
        ):
            column_sum = sum(int(row[count]) for row in rows(exported / f"{section}.csv"))
            assert column_sum == getattr(figures.total, count) == int(headline[count])
    counted = [row for row in rows(exported / "savings.csv") if row["counted"] == "yes"]
    total = figures.savings.total
    assert headline["savings_month_low_usd"] == (summed(counted, "month_low_usd") if total else "")
    assert len(rows(exported / "savings.csv")) == len(figures.savings.recommendations) > 0


def test_unknown_is_an_empty_cell_and_null(filled: Database, tmp_path: Path) -> None:
    exported = export(filled, tmp_path)
    (house,) = (row for row in rows(exported / "models.csv") if row["model"] == "house-model")
    assert (house["cost_usd"], house["usd_per_mtok"]) == ("", "")
    body = json.loads((exported / "review.json").read_text())
    assert next(row["cost_usd"] for row in body["models"] if row["model"] == "house-model") is None


def test_csv_json_and_the_api_hold_the_same_figures(filled: Database, tmp_path: Path) -> None:
    exported = export(filled, tmp_path)
    body: dict[str, list[dict[str, Any]]] = json.loads((exported / "review.json").read_text())
    for section, table in body.items():
        cells = [
            {
                name: ""
                if cell is None
                else {True: "yes", False: "no"}.get(cell, cell)
                if isinstance(cell, bool)
                else str(cell)
                for name, cell in row.items()
            }
            for row in table
        ]
        assert rows(exported / f"{section}.csv") == cells
    api: Any = json.loads(wire.encode(built(filled)))
    for section, key in (("projects", "projects"), ("models", "models"), ("showback", "slices")):
        for ours, theirs in zip(body[section], api[key], strict=True):
            assert ours == {name: theirs[name] for name in ours}
    ends = zip(body["savings"], api["savings"]["recommendations"], strict=True)
    for ours, theirs in ends:
        assert ours["month_low_usd"] == theirs["saving_month"]["low_usd"]
        assert all(ours[name] == theirs[name] for name in theirs if name in ours)


def test_the_same_month_gives_the_same_bytes(filled: Database, tmp_path: Path) -> None:
    one, two = export(filled, tmp_path / "one"), export(filled, tmp_path / "two")
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in two.iterdir())
    assert len(names) == 31
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)


def test_the_manifest_proves_every_file_and_says_what_they_were_made_of(
    filled: Database, tmp_path: Path
) -> None:
    exported, figures = export(filled, tmp_path), built(filled)
    manifest = json.loads((exported / "manifest.json").read_text())
    listed = {entry["name"]: entry for entry in manifest["files"]}
    assert set(listed) | {"manifest.json"} == {path.name for path in exported.iterdir()}
    for name, entry in listed.items():
        content = (exported / name).read_bytes()
        assert (sha256(content).hexdigest(), len(content)) == (entry["sha256"], entry["bytes"])
    assert manifest["window"] == {"first": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}
    assert (manifest["price_book_version"], manifest["revision"]) == (
        figures.price_book_version,
        figures.revision,
    )
    assert (manifest["state"], manifest["zone"]) == ("open", "UTC")
    assert manifest["coverage"]["ratio"] == figures.total.coverage.ratio
    assert manifest["command"] == "switchwise export --month 2026-11 --format csv,json"


@pytest.mark.parametrize("cell", [*FORMULAS, *ORDINARY])
def test_a_text_cell_never_starts_a_formula_and_can_be_read_back(cell: str) -> None:
    encoded = csv_format.encode(Section("s", ("a", "b"), ({"a": cell, "b": Decimal("-3.00")},)))
    assert encoded.startswith(b"a,b\r\n")
    (header, (text, amount)) = csv.reader(io.StringIO(encoded.decode(), newline=""), strict=True)
    assert (header, amount) == (["a", "b"], "-3.00")
    assert text == (f"'{cell}" if cell in FORMULAS else cell)


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_any_text_is_one_cell(cells: list[str]) -> None:
    row = {"a": cells[0], "b": cells[1]}
    encoded = csv_format.encode(Section("s", ("a", "b"), (row,))).decode()
    (_, texts) = csv.reader(io.StringIO(encoded, newline=""), strict=True)
    for text, cell in zip(texts, cells, strict=True):
        assert text in {cell, f"'{cell}"}
        assert text[:1] not in set("=+-@\t\r\n＝＋－＠") - {""}


def test_hostile_names_stay_text_in_every_section(database: Database, tmp_path: Path) -> None:
    hostile = [ledgers.labels(project=name, workload=name, model=name) for name in FORMULAS[:4]]
    ledgers.add(database, [ledgers.event(label_set=label_set) for label_set in hostile])
    ledgers.settle(database)
    for path in export(database, tmp_path).glob("*.csv"):
        for row in rows(path):
            for name, cell in row.items():
                assert not cell.startswith(("=", "+", "@")), (path.name, name)
                assert not cell.startswith("-") or Decimal(cell) is not None


def test_every_row_has_the_columns_that_its_section_names_also_where_it_is_empty(
    filled: Database,
) -> None:
    with filled.snapshot() as session:
        monthly_review = review.build(session, ledgers.SETTINGS, clock.now_us(), MONTH)
    assert all(
        tuple(row) == section.columns for section in monthly_review.sections for row in section.rows
    )
    empty = [section.name for section in monthly_review.sections if not section.rows]
    assert empty == [
        "bridge",
        "anomalies",
        "meters",
        "fixed_costs",
        "budgets",
        "owners",
        "adjustments",
        "forecast_record",
        "paid_retries",
        "other_tier",
        "opt_outs",
        "latency",
        "evidence",
        "evidence_runs",
        "savings_realised",
        "sender_costs",
        "refused",
    ]
    silent = review.build_sections(
        replace(
            monthly_review.report,
            days=(),
            savings=replace(monthly_review.report.savings, recommendations=()),
        ),
        (),
    )
    assert [section.columns for section in silent] == [
        section.columns for section in monthly_review.sections
    ]
    assert csv_format.encode(Section("s", ("a", "b"), ())) == b"a,b\r\n"


def test_an_earlier_export_is_replaced_and_no_half_file_stays(
    filled: Database, tmp_path: Path
) -> None:
    exported = export(filled, tmp_path)
    (exported / "models.csv").write_text("old")
    assert export(filled, tmp_path) == exported
    assert (exported / "models.csv").read_text().startswith("provider,model,cost_usd")
    assert not list(exported.glob(".*"))


def test_a_directory_that_cannot_be_written_is_named(filled: Database, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UsageError, match=r"cannot write .*taken.*; choose another --out"):
        export(filled, tmp_path / "taken")


@pytest.mark.parametrize(
    ("month", "formats", "error", "sentence"),
    [
        (
            "2026-05",
            ("csv",),
            NotFound,
            "no traffic in 2026-05; there is some in 2026-10 and 2026-11",
        ),
        ("2026-13", ("csv",), UsageError, "is not a month"),
        ("2027-01", ("csv",), UsageError, "lies in the future"),
        (MONTH, ("pdf",), UsageError, "unknown export format 'pdf'; use csv or json"),
        (MONTH, (), UsageError, "no export format; use csv or json"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_leaves_nothing(
    month: str,
    formats: tuple[str, ...],
    error: type[Exception],
    sentence: str,
    filled: Database,
    tmp_path: Path,
) -> None:
    with pytest.raises(error, match=sentence):
        export(filled, tmp_path, month, formats)
    assert not list(tmp_path.iterdir())


def test_the_api_serves_the_same_files(filled: Database, tmp_path: Path) -> None:
    exported = export(filled, tmp_path)
    app = FastAPI()
    routes.install(app, filled, settings.load())
    client = TestClient(app)
    document = client.get("/api/v1/exports/2026-11.json")
    assert document.content == (exported / "review.json").read_bytes()
    assert document.headers["content-type"] == "application/json"
    table = client.get("/api/v1/exports/2026-11.csv")
    assert table.content == (exported / "showback.csv").read_bytes()
    assert table.headers["content-disposition"] == 'attachment; filename="switchwise-2026-11.csv"'
    archive = client.get("/api/v1/exports/2026-11.zip").content
    with time_machine.travel(NOW + timedelta(hours=1)):
        assert archive == client.get("/api/v1/exports/2026-11.zip").content
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        assert {name: zipped.read(name) for name in zipped.namelist()} == {
            p.name: p.read_bytes() for p in exported.iterdir()
        }
    for path, status in (("2026-11.pdf", 400), ("2026-13.csv", 400), ("2026-01.csv", 404)):
        refused = client.get(f"/api/v1/exports/{path}")
        assert (refused.status_code, list(refused.json())) == (status, ["error"])


def test_a_key_of_one_project_exports_that_project_alone(filled: Database) -> None:
    app = FastAPI()
    routes.install(app, filled, settings.load(require_keys=True))
    client = TestClient(app)
    assert client.get("/api/v1/exports/2026-11.json").status_code == 401
    with filled.transaction() as session:
        _, key = access.create_key(
            session, "one", ["read"], project="support", namespace="n", now_us=0
        )
    for path in ("json", "csv", "zip"):
        answer = client.get(f"/api/v1/exports/2026-11.{path}", headers={"x-api-key": key})
        assert answer.status_code == 200
        assert b"search" not in answer.content
        assert b"house-model" not in answer.content


def test_a_document_ends_with_a_line_break() -> None:
    assert json_format.document({"a": 1}) == b'{\n  "a": 1\n}\n'
