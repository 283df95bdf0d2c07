"""Every format of the registry keeps the same promises, each with its own golden records.

A golden file is `tests/golden/formats/<name>.jsonl`. Each line has a record as sent, and what it
is read as: the fields of an event (those that are not the default), or why it is ignored or
rejected. The first record gives the format away.
"""

import importlib
import json
import pkgutil
from collections import Counter
from pathlib import Path

import jsonschema
import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from collector import detection, files, formats, records, routes
from collector.parsing.format import Format, JsonFormat, LineFormat
from collector.parsing.naming import Naming
from collector.parsing.reading import Reading
from ledger import settings
from ledger.database import Database
from ledger.events import Event

GOLDEN = Path(__file__).parents[2] / "golden" / "formats"
SHA256 = "0f" * 32
EVERY_FORMAT = pytest.mark.parametrize("format", formats.FORMATS, ids=formats.NAMES)
EVERY_JSON_FORMAT = pytest.mark.parametrize(
    "format", formats.JSON_FORMATS, ids=formats.NAMES_WITH_IDS
)


def golden_rows(format: Format) -> list[dict[str, object]]:
    path = GOLDEN / f"{format.name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def golden_file(format: Format) -> bytes:
    """All golden records, as a log file of the format has them."""
    header = [format.header] if isinstance(format, LineFormat) else []
    lines = [*header, *(str(row["record"]) for row in golden_rows(format))]
    return "\n".join(lines).encode() + b"\n"


def naming_of(format: Format) -> Naming:
    """What an import of the format has to say about names."""
    return Naming(model="gpt-4.1" if isinstance(format, LineFormat) else None)


def row_of(reading: Reading) -> dict[str, object]:
    """A reading as a golden row has it."""
    if not isinstance(reading, Event):
        return {type(reading).__name__.lower(): reading.reason}
    fields = {field.name: field.default for field in msgspec.structs.fields(Event)}
    values = json.loads(msgspec.json.encode(reading))
    return {"event": {name: values[name] for name in values if values[name] != fields[name]}}


def read(format: Format, content: bytes) -> list[Reading]:
    batches = records.read_batches([content], format, naming_of(format), file_sha256=SHA256)
    return [reading for batch in batches for reading in batch.readings]


def test_every_module_of_the_package_is_a_registered_format_with_golden_records() -> None:
    modules = [module.name for module in pkgutil.iter_modules(formats.__path__)]
    loaded = [importlib.import_module(f"collector.formats.{module}").FORMAT for module in modules]
    assert sorted(format.name for format in loaded) == sorted(formats.NAMES)
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(formats.NAMES)
    assert modules == [format.name.replace("-", "_") for format in loaded]


def test_names_and_routes_are_not_shared() -> None:
    assert len(set(formats.NAMES)) == len(formats.FORMATS)
    assert len({format.route for format in formats.JSON_FORMATS}) == len(formats.JSON_FORMATS)


def test_our_own_format_comes_first_wherever_formats_are_listed() -> None:
    assert formats.NAMES[0] == formats.NAMES_WITH_IDS[0] == "native"
    assert formats.list_titles().startswith("native events, ")


@EVERY_FORMAT
def test_golden_records_are_read_as_their_rows_say(format: Format) -> None:
    rows = [{name: row[name] for name in row if name != "record"} for row in golden_rows(format)]
    assert [row_of(reading) for reading in read(format, golden_file(format))] == rows
    assert {name for row in rows for name in row} >= {"event", "rejected"}


@EVERY_JSON_FORMAT
def test_a_body_in_one_go_reads_as_its_elements_do(format: JsonFormat) -> None:
    naming = naming_of(format)
    for row in golden_rows(format):
        record = str(row["record"]).encode()
        for body in (record, record + b"\n" + record, b"[" + record + b"]"):
            readings = format.parse_body(body, naming)
            if readings is not None:
                assert set(map(str, readings)) == {str(format.parse(record, naming))}


@EVERY_FORMAT
def test_a_file_of_golden_records_is_detected(format: Format) -> None:
    assert detection.detect("file", golden_file(format)) is format


@EVERY_FORMAT
def test_a_file_of_golden_records_is_imported(
    format: Format, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(golden_file(format))
    receipt = files.import_file(
        database,
        settings.load(),
        str(path),
        format_name="auto",
        naming=naming_of(format),
        progress=lambda _done_bytes, _all_bytes: None,
    )
    kinds = Counter(kind for row in golden_rows(format) for kind in row)
    assert receipt.format == format.name
    assert receipt.accepted == kinds["event"]
    assert (receipt.ignored, receipt.rejected) == (kinds["ignored"], kinds["rejected"])


@EVERY_JSON_FORMAT
def test_golden_records_are_accepted_on_the_route_of_their_format(
    format: JsonFormat, database: Database
) -> None:
    app = FastAPI()
    state = routes.install(app, database, settings.load())
    with TestClient(app) as client:
        receipt = client.post(format.route, content=golden_file(format)).json()
        paths = client.get("/openapi.json").json()["paths"]
    state.close()
    kinds = Counter(kind for row in golden_rows(format) for kind in row)
    assert receipt["accepted"] == kinds["event"]
    assert len(receipt["rejected"]) == kinds["rejected"]
    assert format.name in paths[format.route]["post"]["summary"]


@EVERY_JSON_FORMAT
def test_the_events_among_the_golden_records_fit_the_published_schema(format: JsonFormat) -> None:
    for row in golden_rows(format):
        if "event" in row:
            jsonschema.validate(json.loads(str(row["record"])), format.schema)
