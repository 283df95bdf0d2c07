"""Files of paired results: JSON lines, CSV and promptfoo's. No text of theirs is kept."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from advisor.evidence import assembly, promptfoo, rows
from advisor.evidence.assembly import ImportTerms
from advisor.evidence.comparisons import Comparison
from advisor.evidence.judge import JudgeLabels
from advisor.evidence.rows import Fields
from ledger import clock, pairs
from ledger.errors import UsageError
from ledger.pricing.prices import PriceBook

FORMATS = ("auto", "jsonl", "csv", "promptfoo")
MOST_BYTES = 512 * 2**20
_RIGHT, _WRONG = frozenset({"1", "true", "pass", "yes"}), frozenset({"0", "false", "fail", "no"})


@dataclass(frozen=True, slots=True)
class FileContent:
    """The comparisons of a file, and its columns that mean nothing here."""

    comparisons: list[Comparison]
    unknown_columns: list[str]


def read_comparisons(
    path: Path, format_name: str, terms: ImportTerms, *, book: PriceBook, graded: bool = False
) -> FileContent:
    """The content of a file of paired results; `graded` takes promptfoo's scores.

    A file of promptfoo's has its own `measured_day`. Raises UsageError naming the file and its
    fault.
    """
    content = _content(path)
    format_name = detect_format(content) if format_name == "auto" else format_name
    if format_name == "promptfoo":
        comparisons = _promptfoo_comparisons(content, path.name, terms, book=book, graded=graded)
        return FileContent(comparisons, unknown_columns=[])
    numbered_rows = list(_numbered_rows(content, path.name, format_name))
    return FileContent(
        comparisons=assembly.comparisons(numbered_rows, terms),
        unknown_columns=rows.unknown_columns(fields for _, fields in numbered_rows),
    )


def read_labels(path: Path) -> JudgeLabels:
    """How often a judge and a person agreed: a CSV or JSON lines with the columns hand and judge.

    Both columns say right or wrong. Raises UsageError naming the file and its fault.
    """
    content = _content(path)
    format_name = "jsonl" if detect_format(content) == "jsonl" else "csv"
    marks = [
        (_mark(fields, "hand", path.name, number), _mark(fields, "judge", path.name, number))
        for number, fields in _numbered_rows(content, path.name, format_name)
    ]
    return JudgeLabels(
        right_right=marks.count((True, True)),
        right_wrong=marks.count((True, False)),
        wrong_right=marks.count((False, True)),
        wrong_wrong=marks.count((False, False)),
    )


def detect_format(content: bytes) -> str:
    """The format that bytes look like.

    A JSON object with results in it is promptfoo's; other JSON objects are lines of JSON.
    """
    text = content.lstrip()
    if text[:1] != b"{":
        return "csv"
    try:
        first_line = msgspec.json.decode(text.split(b"\n", 1)[0], type=dict[str, Any])
    except msgspec.DecodeError:
        return "promptfoo"
    return "promptfoo" if isinstance(first_line.get("results"), dict) else "jsonl"


def _promptfoo_comparisons(
    content: bytes, file_name: str, terms: ImportTerms, *, book: PriceBook, graded: bool
) -> list[Comparison]:
    if terms.pair is None:
        raise UsageError(
            f"{file_name} is promptfoo's: say which provider is the source with --pair FROM:TO"
        )
    try:
        results = promptfoo.parse(content, pairs.parse_one(terms.pair), book, graded=graded)
    except UsageError as error:
        raise UsageError(f"{file_name}: {error}") from error
    day = _measured_day(results.measured_on, terms.measured_day)
    terms = replace(terms, measured_day=day, left_out=results.left_out)
    return assembly.comparisons(enumerate(results.rows, start=1), terms)


def _measured_day(measured_on: str | None, latest_day: int) -> int:
    """The day that promptfoo wrote into the file, where it is a date and not after `latest_day`."""
    try:
        day = clock.day_number(date.fromisoformat(measured_on or ""))
    except ValueError:
        return latest_day
    return min(day, latest_day)


def _mark(fields: Fields, column: str, file_name: str, number: int) -> bool:
    word = str(fields.get(column, "")).strip().lower()
    if word not in _RIGHT | _WRONG:
        raise UsageError(
            f"{file_name}: row {number} has {word[:32]!r} for {column};"
            " give 1 or 0 (right or wrong)"
        )
    return word in _RIGHT


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(
                f"{path.name} is larger than {MOST_BYTES // 2**20} MiB;"
                " send a sample of the results"
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error


def _numbered_rows(
    content: bytes, file_name: str, format_name: str
) -> Iterator[tuple[int, Fields]]:
    if format_name == "jsonl":
        return _json_rows(content, file_name)
    return _csv_rows(content, file_name)


def _json_rows(content: bytes, file_name: str) -> Iterator[tuple[int, Fields]]:
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            try:
                yield number, msgspec.json.decode(line, type=dict[str, Any])
            except msgspec.DecodeError as error:
                raise UsageError(
                    f"{file_name}: line {number} is not a JSON object ({error}). Nothing was stored"
                ) from error


def _csv_rows(content: bytes, file_name: str) -> Iterator[tuple[int, Fields]]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        for fields in reader:
            if None in fields:
                raise UsageError(
                    f"{file_name}: line {reader.line_num} has more values than the header has"
                    " columns"
                )
            yield reader.line_num, fields
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file_name}: not a CSV in UTF-8 ({error}). Nothing was stored"
        ) from error
