"""LiteLLM's spend logs as lines of JSON: from a CSV of them, or read only from its database.

Only the columns that we read are taken, so no prompt or answer passes.
"""

import csv
import functools
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import psycopg
from psycopg import sql

from collector.parsing import litellm_rows
from collector.sources import HEAD_BYTES, LogFile, Pipe, Watch
from ledger.errors import UsageError

_TABLE = "LiteLLM_SpendLogs"
_ROWS_AT_ONCE = 2_000
_MAX_CELL_CHARACTERS = 64 << 20
_NUMBERS = frozenset({"spend", "total_tokens", "prompt_tokens", "completion_tokens"})
_ENCODE = msgspec.json.Encoder().encode
_DECODE_NUMBER = msgspec.json.Decoder(int | float).decode


def is_csv(head: bytes) -> bool:
    """Whether the first line of a file is the header of a CSV of rows."""
    names = head.split(b"\n", 1)[0].decode("utf-8", "replace").lstrip("\ufeff").strip()
    return litellm_rows.is_row([name.strip('" ') for name in names.split(",")])


class CsvFile(LogFile):
    """A CSV of rows, as the JSON lines that it stands for; its header is an empty line."""

    def chunks(self, watch: Watch, offset_bytes: int = 0) -> Iterator[bytes]:
        """All of its rows, from an offset in the JSON lines on."""
        for line in _json_lines(super().chunks(watch)):
            if offset_bytes < len(line):
                yield line[offset_bytes:]
            offset_bytes = max(0, offset_bytes - len(line))


class CsvPipe(Pipe):
    """The same from a stream."""

    def head(self) -> bytes:
        """Its first rows."""
        super().head()
        return b"".join(_json_lines(self.read_ahead))

    def chunks(self, watch: Watch, offset_bytes: int = 0) -> Iterator[bytes]:
        """All of its rows; once."""
        return _json_lines(super().chunks(watch, offset_bytes))


def _json_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    rows = csv.reader(_text_lines(chunks))
    names = [name.lstrip("\ufeff") for name in next(rows, [])]
    yield b"\n"
    for cells in rows:
        row = {
            name: _cell(name, cell)
            for name, cell in zip(names, cells, strict=False)
            if name in litellm_rows.NEEDED
        }
        yield _ENCODE(row) + b"\n"


def _text_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    unread = b""
    for chunk in chunks:
        *lines, unread = (unread + chunk).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace") + "\n"
    if unread:
        yield unread.decode("utf-8", "replace")


def _cell(name: str, cell: str) -> str | int | float | None:
    """A cell as JSON has it; a number that is none stays text, and its row is rejected."""
    if not cell:
        return None
    if name in _NUMBERS:
        try:
            number: int | float = _DECODE_NUMBER(cell)
        except msgspec.MsgspecError:
            return cell
        return number
    return cell


@dataclass(frozen=True)
class SpendLogTable:
    """The table in LiteLLM's own PostgreSQL. It is only read, within one snapshot."""

    url: str

    @property
    def name(self) -> str:
        """What to call it, without the password in its address."""
        return f"{_TABLE} of {self.url.rpartition('@')[2].partition('?')[0]}"

    @functools.cached_property
    def size_bytes(self) -> int:
        """Its rows: progress counts them."""
        with self._connect() as connection, _named_errors(self.name):
            count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(_TABLE))
            row = connection.execute(count).fetchone()
        return int(str(row[0])) if row else 0

    def head(self) -> bytes:
        """Its first rows."""
        head = b""
        for line in itertools.islice(self.chunks(lambda _rows: None), _ROWS_AT_ONCE):
            head += line
            if len(head) >= HEAD_BYTES:
                break
        return head

    def chunks(self, watch: Watch, _offset_bytes: int = 0) -> Iterator[bytes]:
        """All of its rows, each as a line of JSON, fetched some at a time."""
        with self._connect() as connection, _named_errors(self.name):
            columns = _columns_of(connection)
            if not columns:
                raise UsageError(
                    f"there is no table {_TABLE}; name LiteLLM's own database, and a user that may"
                    " read it"
                )
            query = sql.SQL("SELECT row_to_json(r)::text FROM (SELECT {} FROM {}) r").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(_TABLE)
            )
            with connection.cursor(name="spend_logs") as cursor:
                cursor.itersize = _ROWS_AT_ONCE
                for number, (row,) in enumerate(cursor.execute(query), start=1):
                    yield str(row).encode() + b"\n"
                    if number % _ROWS_AT_ONCE == 0:
                        watch(number)

    def _connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        with _named_errors(self.name):
            connection = psycopg.connect(self.url, connect_timeout=5)
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return connection


@contextmanager
def _named_errors(name: str) -> Iterator[None]:
    """Turn the errors of a database into UsageError, one line that names it."""
    try:
        yield
    except psycopg.Error as error:
        reason = (str(error).splitlines() or ["no reason was given"])[0]
        raise UsageError(f"cannot read {name}: {reason}; check its address") from error


def is_address(path: str) -> bool:
    """Whether what was named is a database, not a file."""
    return path.startswith(("postgresql://", "postgres://"))


def _columns_of(connection: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    """The columns that we read and this version of the table has."""
    rows = connection.execute(
        "SELECT DISTINCT attname FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
        (f'"{_TABLE}"',),
    )
    present = {name for (name,) in rows}
    return [name for name in litellm_rows.NEEDED if name in present]
