"""Import of log files: of every shape, once, resumable, and with clear errors."""

import gzip
import io
import json
import sys
from pathlib import Path

import msgspec
import pytest
import zstandard
from sqlalchemy import func, select
from sqlmodel import Session

from collector import files, formats, records
from collector.files import ImportReceipt
from collector.formats import trace_csv
from collector.parsing.naming import Naming
from ledger import settings, store, tables
from ledger.database import Database
from ledger.errors import StoreUnavailable, UsageError
from tests import samples

LINES = [json.dumps(samples.native_event(number)).encode() for number in range(1_200)]
NATIVE = b"\n".join(LINES) + b"\n"
TRACE = b"\n".join(
    [
        trace_csv.HEADER.encode(),
        *(f"2023-11-16 18:17:{number % 60:02}.5,{number},7".encode() for number in range(900)),
    ]
)
LITELLM = json.dumps(
    [
        {
            "id": f"chatcmpl-{n}",
            "status": "success",
            "startTime": 1_795_454_524.5 + n,
            "model": "gpt-4.1",
        }
        for n in range(30)
    ]
).encode()
MODEL = Naming(model="gpt-4.1")
READ = f"expected {formats.list_titles()}"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several transactions even for a small file."""
    monkeypatch.setattr(files, "CHUNK_RECORDS", 500)


def run(
    database: Database, path: Path | str, naming: Naming | None = None, format_name: str = "auto"
) -> ImportReceipt:
    return files.import_file(
        database,
        settings.load(),
        str(path),
        format_name=format_name,
        naming=naming or Naming(),
        progress=lambda _done_bytes, _all_bytes: None,
    )


def stored(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(select(func.count()).select_from(tables.EVENT)).scalar_one())


def counts(receipt: ImportReceipt) -> tuple[int, int, int]:
    """Accepted, duplicate, rejected."""
    return receipt.accepted, receipt.duplicate, receipt.rejected


@pytest.mark.parametrize(
    ("content", "expected_format", "naming", "count"),
    [
        (NATIVE, "native", Naming(), 1_200),
        (TRACE, "trace-csv", MODEL, 900),
        (LITELLM, "litellm", Naming(), 30),
    ],
)
def test_a_file_is_told_by_its_first_bytes_and_its_copies_are_duplicates_however_they_are_packed(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    expected_format: str,
    naming: Naming,
    count: int,
) -> None:
    packed = {
        "log": content,
        "log.gz": gzip.compress(content),
        "misnamed.txt": zstandard.compress(content),
    }
    for number, (name, sent) in enumerate(packed.items()):
        path = tmp_path / name
        path.write_bytes(sent)
        receipt = run(database, path, naming)
        assert receipt.format == expected_format
        assert counts(receipt) == ((count, 0, 0) if number == 0 else (0, count, 0))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(content))))
    assert counts(run(database, "-", naming)) == (0, count, 0)
    assert stored(database) == count


def test_an_import_of_nothing_new_says_so_and_that_its_labels_were_not_applied(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(TRACE)
    assert run(database, path, MODEL).remark() is None
    remark = run(database, path, Naming(model="gpt-4o", project="search")).remark()
    assert remark is not None
    assert "already" in remark
    assert "labels of this import were not applied" in remark
    assert "--source" in remark
    copy = run(database, path, msgspec.structs.replace(MODEL, namespace="copy"))
    assert counts(copy) == (900, 0, 0)


def test_an_import_that_was_stopped_goes_on_where_it_stopped(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(NATIVE)
    add, calls = store.add, []

    def stop_at_the_third(session: Session, *arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == 3:
            raise StoreUnavailable("killed")
        return add(session, *arguments, **options)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(store, "add", stop_at_the_third)
    with pytest.raises(StoreUnavailable):
        run(database, path)
    assert stored(database) == 1_000
    monkeypatch.undo()
    receipt = run(database, path)
    assert (receipt.resumed_after, *counts(receipt)) == (1_000, 200, 0, 0)
    assert counts(run(database, path)) == (0, 1_200, 0)


def test_a_chunk_and_how_far_the_file_was_read_are_committed_together(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(NATIVE)
    steps = []

    def watch(done_bytes: int, all_bytes: int) -> None:
        steps.append((done_bytes, all_bytes))
        with database.snapshot() as session:
            rows = session.execute(select(tables.IMPORTED_FILE.c.records)).scalars().all()
            count = session.execute(select(func.count()).select_from(tables.EVENT)).scalar_one()
        assert sum(rows) == count

    monkeypatch.setattr("collector.sources.CHUNK_BYTES", 20_000)
    files.import_file(
        database,
        settings.load(),
        str(path),
        format_name="auto",
        naming=Naming(),
        progress=watch,
    )
    assert steps == sorted(steps)
    assert steps[-1] == (2 * len(NATIVE), 2 * len(NATIVE))


def test_bad_records_are_counted_and_named_and_the_others_are_imported(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_bytes(
        b"\n".join([*LINES[:600], b'{"id": "no time"}', b"nonsense", *LINES[600:], b'{"id": "torn'])
    )
    receipt = run(database, path)
    assert counts(receipt) == (1_200, 0, 3)
    assert [refusal.index for refusal in receipt.refusals] == [600, 601, 1_202]


def test_a_few_refusals_are_shown_and_all_are_counted(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(NATIVE + b"{}\n" * 900)
    receipt = run(database, path)
    assert (receipt.rejected, len(receipt.refusals)) == (900, files.MAX_REJECTIONS)


def test_a_model_without_a_provider_is_taken_for_its_only_vendors_own(
    database: Database, tmp_path: Path
) -> None:
    for name, naming in {
        "a": MODEL,
        "b": Naming(model="gpt-4.1", provider="azure", namespace="b"),
    }.items():
        (tmp_path / name).write_bytes(TRACE)
        run(database, tmp_path / name, naming)
    with database.snapshot() as session:
        providers = session.execute(select(tables.SERIES.c.provider)).scalars()
        assert set(providers) == {"openai", "azure.ai.openai"}


@pytest.mark.parametrize(
    ("content", "format_name", "says"),
    [
        (b"", "auto", "is empty"),
        (b"", "native", "is empty"),
        (b" \n\n", "auto", "is empty"),
        (b"some text", "auto", f"line 1: neither JSON nor the header {trace_csv.HEADER}; {READ}"),
        (b'{"a": 1}\n', "auto", f"line 1: a record without any field that we know; {READ}"),
        (b'\n\n{"id": 5}\n', "auto", f"line 3: id is a number, not text; {READ}"),
        (b'[\n {"model": "m"}]', "auto", f"line 2: id is missing; {READ}"),
        (b'{"prompt_tokens": "9"}', "auto", "prompt_tokens is text, not a whole number; expected"),
        (b"[1, 2]", "auto", f"line 1: the record is a number, not an object; {READ}"),
        (b"[]", "auto", f"line 1: an empty list; {READ}"),
        (b'{"id": "cut', "auto", f"line 1: the JSON is cut off at its end; {READ}"),
        (NATIVE, "litellm", "line 1, read as LiteLLM payloads: status is neither"),
        (NATIVE, "trace-csv", "line 1, read as trace CSV: not three columns; write lines as under"),
        (LITELLM, "native", "line 1, read as native events: time is neither"),
        (b'{"id": 5, "time": 1}', "auto", "id is a number, not text; send it as text"),
        (TRACE, "auto", "line 2, read as trace CSV: the trace names no model; name it with --mod"),
        (gzip.compress(NATIVE)[:2_000], "auto", "is damaged"),
        (zstandard.compress(NATIVE)[:2_000], "auto", "is damaged"),
        (b"\x1f\x8b nonsense", "auto", "is damaged"),
        (b"\x28\xb5\x2f\xfd nonsense", "auto", "is damaged"),
        (NATIVE, "parquet", "unknown format 'parquet'; use auto, native, "),
    ],
)
def test_a_file_that_cannot_be_imported_is_named_on_one_line_and_stores_nothing(
    database: Database, tmp_path: Path, content: bytes, format_name: str, says: str
) -> None:
    path = tmp_path / "file.log"
    path.write_bytes(content)
    with pytest.raises(UsageError) as refusal:
        run(database, path, format_name=format_name)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert stored(database) == 0


def test_a_missing_file_and_a_folder_are_named(database: Database, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match=str(path)):
            run(database, path)


def test_lines_of_any_length_and_ending_are_read() -> None:
    body = (
        trace_csv.HEADER.encode()
        + b"\r\n\r\n2023-11-16 18:17:03,1,2\r\n"
        + b"x" * 200_000
        + b"\n2023-11-16 18:17:04,3,4"
    )
    for size in (7, 1_000, 300_000):
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        batches = records.read_lines(chunks, trace_csv.FORMAT, MODEL, "ab")
        keys = [getattr(reading, "dedupe_key", None) for batch in batches for reading in batch]
        assert keys[0] == "ab:3"
        assert keys[-1] is not None
        assert set(keys[1:-1]) == {None}
