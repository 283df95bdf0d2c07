"""Files of paired results: JSON lines, CSV and promptfoo's. Reads them whole; keeps no text of theirs."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from advisor.evidence import gathering, promptfoo, rows
from advisor.evidence.gathering import Given
from advisor.evidence.judge import Labels
from advisor.evidence.rows import Fields
from advisor.evidence.store import Comparison
from ledger import clock, pairs
from ledger.errors import UsageError
from ledger.pricing.prices import PriceBook

FORMATS = ("auto", "jsonl", "csv", "promptfoo")
MOST_BYTES = 512 * 2**20
_RIGHT, _WRONG = frozenset({"1", "true", "pass", "yes"}), frozenset({"0", "false", "fail", "no"})


def read(
    path: Path, format_name: str, given: Given, book: PriceBook, *, graded: bool = False
) -> tuple[list[Comparison], list[str]]:
    """The comparisons of a file, and its columns that mean nothing here.

    `measured_day` of promptfoo's files is their own. Raises UsageError naming the file and what is wrong with it.
    """
    raw = _bytes(path)
    found = told(raw) if format_name == "auto" else format_name
    if found == "promptfoo":
        if given.pair is None:
            raise UsageError(
                f"{path.name} is promptfoo's: say which provider is the source with --pair FROM:TO"
            )
        try:
            compared = promptfoo.read(raw, pairs.parse_one(given.pair), book, graded=graded)
        except UsageError as error:
            raise UsageError(f"{path.name}: {error}") from error
        given = replace(
            given, measured_day=_day(compared.measured_on, given), left_out=compared.left_out
        )
        return gathering.comparisons(enumerate(compared.rows, start=1), given), []
    numbered = list(_json_lines(raw, path.name) if found == "jsonl" else _csv(raw, path.name))
    return gathering.comparisons(numbered, given), rows.unknown(fields for _, fields in numbered)


def told(raw: bytes) -> str:
    """The format that bytes look like: a JSON object with results in it is promptfoo's, other JSON is lines of it."""
    head = raw.lstrip()[:1]
    if head != b"{":
        return "csv"
    try:
        first = msgspec.json.decode(raw.lstrip().split(b"\n", 1)[0], type=dict[str, Any])
    except msgspec.DecodeError:
        return "promptfoo"
    return "promptfoo" if isinstance(first.get("results"), dict) else "jsonl"


def labels(path: Path) -> Labels:
    """How often a judge and a person agreed: a CSV or JSON lines with the columns `hand` and `judge`, right or wrong."""
    raw = _bytes(path)
    cells = dict.fromkeys(((hand, judged) for hand in (True, False) for judged in (True, False)), 0)
    for number, fields in (
        _json_lines(raw, path.name) if told(raw) == "jsonl" else _csv(raw, path.name)
    ):
        cells[
            _mark(fields, "hand", path.name, number), _mark(fields, "judge", path.name, number)
        ] += 1
    return Labels(cells[True, True], cells[True, False], cells[False, True], cells[False, False])


def _mark(fields: Fields, name: str, source: str, number: int) -> bool:
    word = str(fields.get(name, "")).strip().lower()
    if word not in _RIGHT | _WRONG:
        raise UsageError(
            f"{source}: row {number} has {word[:32]!r} for {name}; give 1 or 0 (right or wrong)"
        )
    return word in _RIGHT


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(
                f"{path.name} is larger than {MOST_BYTES // 2**20} MiB; send a sample of the results"
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error


def _json_lines(raw: bytes, source: str) -> Iterator[tuple[int, Fields]]:
    for number, line in enumerate(raw.splitlines(), start=1):
        if line.strip():
            try:
                yield number, msgspec.json.decode(line, type=dict[str, Any])
            except msgspec.DecodeError as error:
                raise UsageError(
                    f"{source}: line {number} is not a JSON object ({error}). Nothing was stored"
                ) from error


def _csv(raw: bytes, source: str) -> Iterator[tuple[int, Fields]]:
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        for fields in reader:
            if None in fields:
                raise UsageError(
                    f"{source}: line {reader.line_num} has more values than the header has columns"
                )
            yield reader.line_num, fields
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(f"{source}: not a CSV in UTF-8 ({error}). Nothing was stored") from error


def _day(measured_on: str | None, given: Given) -> int:
    """The day that promptfoo wrote into the file, where it can be read and is not after the one given."""
    try:
        day = clock.day_number(date.fromisoformat(measured_on or ""))
    except ValueError:
        return given.measured_day
    return min(day, given.measured_day)
