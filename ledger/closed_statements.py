"""Closed statements: the document that freezes each, and checks that nothing under it has changed.

A closed statement never changes. What comes later is stored as late usage and dated adjustments.
"""

import zlib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, FromClause, Table, func, select
from sqlmodel import Session

from ledger import clock, exact_json, late_usage, readings, rollups, tables, tokens, usage

_STATEMENT = tables.STATEMENT
_LINE = tables.STATEMENT_LINE
_ADJUSTMENT = tables.ADJUSTMENT
_ADJUSTMENT_LINE = tables.ADJUSTMENT_LINE
_SERIES = tables.SERIES
_IS_CLOSED = _STATEMENT.c.closed_at.is_not(None)

FORMAT = 1
"""The format of the documents written now. Older documents keep their format and their hash."""
_STATEMENT_COLUMNS = ("month", "zone", "closed_by", "price_book_version", "names_version")
_COMPARED = ("requests", *tokens.FIELDS)
_GROUPED = ("service_tier", "project", "workload")
"""The columns of a line that no price book and no alias can change."""

_Usage = dict[tuple[str, ...], list[int]]


def encode_document(
    closing: Mapping[str, object],
    lines: list[dict[str, object]],
    *,
    days: object,
    waste: object,
    sender_costs: object,
    arithmetic: object,
) -> bytes:
    """The document of a closed statement, as JSON text.

    `closing` holds the statement's own columns, `lines` its rows. In `days`, `waste` and
    `arithmetic` money becomes decimal text of USD, and a day its date. Equal statements give equal
    bytes. Their SHA-256 is the statement's `content_sha256`, so a file of them proves itself.
    """
    content = {
        "format": FORMAT,
        "currency": "USD",
        **{name: closing[name] for name in _STATEMENT_COLUMNS},
        "closed_at": clock.rfc3339(int(str(closing["closed_at"]))),
        "days": exact_json.render(days),
        "waste": exact_json.render(waste),
        "sender_costs": exact_json.render(sender_costs),
        "lines": [
            {name: value for name, value in line.items() if name != "month"} for line in lines
        ],
        "arithmetic": exact_json.render(arithmetic),
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def hash_document(content: bytes) -> str:
    """The hash by which a document is identified."""
    return sha256(content).hexdigest()


def pack_document(content: bytes) -> bytes:
    """The bytes of a document as its column stores them."""
    return zlib.compress(content)


def unpack_document(column: bytes) -> bytes:
    """The document of a column's bytes."""
    return zlib.decompress(column)


def load_document(session: Session, month: str) -> bytes | None:
    """The document of a closed month; None where the month is not closed."""
    column = session.execute(
        select(_STATEMENT.c.document).where(_STATEMENT.c.month == month)
    ).scalar()
    return None if column is None else unpack_document(column)


def find_changes(session: Session) -> Iterator[str]:
    """Closed statements that differ from what they were when they were closed, one line each."""
    for row in (
        session.execute(select(_STATEMENT).where(_IS_CLOSED).order_by(_STATEMENT.c.month))
        .mappings()
        .all()
    ):
        month, remedy = row["month"], "bring it back from a backup"
        try:
            content = unpack_document(row["document"] or b"")
        except zlib.error:
            content = b""
        if hash_document(content) != row["content_sha256"]:
            yield (
                f"{month}: its document no longer has the hash {row['content_sha256']}"
                f" it was closed with; {remedy}"
            )
            continue
        document = msgspec.json.decode(content)
        columns = {name: row[name] for name in _STATEMENT_COLUMNS}
        columns["closed_at"] = clock.rfc3339(row["closed_at"])
        if any(document[name] != text for name, text in columns.items()):
            changes = "when, by whom or at which prices it was closed has been changed"
            yield f"{month}: {changes}; {remedy}"
        elif not _same_columns(document, row) or not _same_lines(session, month, document["lines"]):
            yield f"{month}: its figures are no longer those it was closed with; {remedy}"


def _same_columns(document: Mapping[str, object], row: Mapping[Any, Any]) -> bool:
    return all(
        document[name] == exact_json.render(msgspec.json.decode(row[name]))
        for name in ("days", "waste", "sender_costs")
    )


def _same_lines(session: Session, month: str, document_lines: list[dict[str, object]]) -> bool:
    """Compared by the document's own columns: a column that a later version added is no change."""
    stored_lines = [
        dict(line)
        for line in session.execute(select(_LINE).where(_LINE.c.month == month)).mappings()
    ]
    names = list(document_lines[0]) if document_lines else []
    return sorted(_key([line[name] for name in names]) for line in stored_lines) == sorted(
        _key(list(line.values())) for line in document_lines
    )


def _key(values: list[object]) -> str:
    return msgspec.json.encode(values).decode()


def find_imbalances(session: Session) -> Iterator[str]:
    """Closed months whose statement, late usage and repricings do not add up to their rollups."""
    for month in late_usage.closed_months(session):
        from_books = _usage_of_lines(session, _LINE, _LINE.c.month == month.name)
        for part in (_late_usage(session, month.name), _usage_of_repricings(session, month.name)):
            _add(from_books, part)
        from_rollups = _usage_of_rollups(session, month.slots)
        nothing = [0] * len(_COMPARED)
        for group in sorted(from_books.keys() | from_rollups.keys()):
            for name, in_books, in_rollups in zip(
                _COMPARED,
                from_books.get(group, nothing),
                from_rollups.get(group, nothing),
                strict=True,
            ):
                if in_books != in_rollups:
                    yield (
                        f"{month.name} {' / '.join(group)} {name}:"
                        f" closed, late and repriced {in_books}, rollups {in_rollups};"
                        f" if the rollups are right, book it with: switchwise reprice {month.name}"
                    )


def _usage_of_repricings(session: Session, month: str) -> _Usage:
    """The usage of a month's repricings, which also book what a repair of rollups has changed."""
    of_kind = select(_ADJUSTMENT.c.number).where(
        _ADJUSTMENT.c.month == month, _ADJUSTMENT.c.kind == late_usage.REPRICING
    )
    line = _ADJUSTMENT_LINE.c
    return _usage_of_lines(
        session, _ADJUSTMENT_LINE, (line.month == month) & line.number.in_(of_kind)
    )


def _usage_of_lines(session: Session, table: Table, where: ColumnElement[bool]) -> _Usage:
    return _sum_rows(session, table, where)


def _late_usage(session: Session, month: str) -> _Usage:
    table = rollups.LATE
    joined = table.join(_SERIES, table.c.series_id == _SERIES.c.id)
    return _sum_rows(session, table, table.c.month == month, source=joined, labels=_SERIES)


def _sum_rows(
    session: Session,
    table: Table,
    where: ColumnElement[bool],
    *,
    source: FromClause | None = None,
    labels: Table | None = None,
) -> _Usage:
    """The sums of a table's rows by the labels of `_GROUP`, its own or those of a joined table."""
    owner = table if labels is None else labels
    groups: list[ColumnElement[Any]] = [owner.c[name] for name in _GROUPED]
    amounts = [func.sum(table.c[name]) for name in _COMPARED]
    query = select(*groups, *amounts).select_from(table if source is None else source)
    rows = session.execute(query.where(where).group_by(*groups))
    return {
        tuple(row[: len(_GROUPED)]): [int(amount) for amount in row[len(_GROUPED) :]]
        for row in rows
    }


def _usage_of_rollups(session: Session, slots: range) -> _Usage:
    groups = {
        row[0]: tuple(row[1:])
        for row in session.execute(select(_SERIES.c.id, *(_SERIES.c[n] for n in _GROUPED)))
    }
    amounts_by_group: _Usage = {}
    for series_id, amounts in readings.sum_span(session, slots).items():
        _add(
            amounts_by_group,
            {groups[series_id]: [amounts[usage.INDEX[name]] for name in _COMPARED]},
        )
    return amounts_by_group


def _add(sums_by_group: _Usage, part: _Usage) -> None:
    for group, amounts in part.items():
        sums = sums_by_group.get(group, [0] * len(_COMPARED))
        sums_by_group[group] = [a + b for a, b in zip(sums, amounts, strict=True)]
