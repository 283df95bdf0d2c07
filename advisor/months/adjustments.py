"""Dated adjustments: what changes a closed month's money without changing its statement. Each keeps its own arithmetic.

Late usage becomes one adjustment for each UTC day on which it was rolled up, and grows only while that usage does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, func, select
from sqlmodel import Session

from advisor.months import line_rows, statements, trace
from advisor.months.statements import Line, LineKey, Part, Pricing
from ledger import clock, closed_statements, rollups, tables, usage
from ledger.late_usage import LATE

_ADJUSTMENT = tables.ADJUSTMENT
_LINE = tables.ADJUSTMENT_LINE
BY_THE_LEDGER = "the ledger"
"""Who makes the adjustments that nobody asked for."""


class Booked(msgspec.Struct, frozen=True):
    """What a line said before a repricing: in the closed statement (number 0) or an earlier adjustment. USD as exact text."""

    number: int
    provider: str
    model: str
    service_tier: str
    project: str
    workload: str
    requests: int
    tokens: int
    unpriced_tokens: int
    cost_usd: str | None
    list_cost_usd: str | None

    @property
    def key(self) -> LineKey:
        """The line."""
        return LineKey(self.provider, self.model, self.service_tier, self.project, self.workload)


class Arithmetic(msgspec.Struct, frozen=True):
    """How an adjustment comes about: what its rows cost together, less what its lines said before."""

    rows: tuple[trace.Row, ...]
    less: tuple[Booked, ...] = ()


@dataclass(frozen=True, slots=True)
class Bucket:
    """Late usage that one adjustment holds: of a closed month, rolled up on a UTC day, after its repricing of that number."""

    month: str
    recorded_day: int
    after_number: int


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An adjustment as it is booked. Its lines add to the closed statement's; a repricing's may be below 0."""

    month: str
    kind: str
    dated_day: int
    after_number: int
    reason: str
    made_by: str
    price_book_version: str
    names_version: str
    created_at: int
    lines: Mapping[LineKey, Line]


def unbooked(session: Session, month: str | None = None) -> list[Bucket]:
    """The late usage, of one month or all, that no adjustment holds whole. Every event counts a request, so requests tell."""
    late, line = rollups.LATE.c, _LINE.c
    bucket = (late.month, late.recorded_day, late.after_number)
    found = select(*bucket, func.sum(late.requests)).group_by(*bucket)
    of_line = (line.month == _ADJUSTMENT.c.month) & (line.number == _ADJUSTMENT.c.number)
    adjusted = (_ADJUSTMENT.c.month, _ADJUSTMENT.c.dated_day, _ADJUSTMENT.c.after_number)
    held = select(*adjusted, func.sum(line.requests)).join_from(_ADJUSTMENT, _LINE, of_line)
    booked = {
        tuple(row[:3]): row[3]
        for row in session.execute(held.where(_ADJUSTMENT.c.kind == LATE).group_by(*adjusted))
    }
    return [
        Bucket(*row[:3])
        for row in session.execute(found.order_by(*bucket))
        if month in (None, row[0]) and row[3] > booked.get(tuple(row[:3]), 0)
    ]


def of_late_usage(
    session: Session, bucket: Bucket, pricing: Pricing, now_us: int
) -> tuple[Adjustment, Arithmetic]:
    """The adjustment for late usage, each day of use priced as the price book now has it."""
    parts = _late_parts(session, bucket)
    lines = statements.lines(parts, pricing)
    requests = sum(line.requests for line in lines.values())
    first, last = clock.date_of(parts[0].day), clock.date_of(parts[-1].day)
    used = f"{first}" if first == last else f"{first} to {last}"
    reason = f"{requests:,} {'request' if requests == 1 else 'requests'} of {used} came after the month was closed"
    made = Adjustment(
        bucket.month,
        LATE,
        bucket.recorded_day,
        bucket.after_number,
        reason,
        BY_THE_LEDGER,
        pricing.book.version,
        pricing.names_version,
        now_us,
        lines,
    )
    return made, Arithmetic(trace.rows(parts, pricing))


def book(session: Session, made: Adjustment, arithmetic: Arithmetic) -> int | None:
    """Write an adjustment under its number, which is the answer; None for late usage that is booked as whole already.

    The caller holds the lock "refresh", so that numbers are given once.
    """
    number = _number_of_late_usage(session, made) if made.kind == LATE else None
    if number is not None:
        if _requests(session, made.month, number) >= sum(
            line.requests for line in made.lines.values()
        ):
            return None
        for table in (_LINE, _ADJUSTMENT):
            session.execute(
                delete(table).where(table.c.month == made.month, table.c.number == number)
            )
    else:
        number = 1 + last_number(session, made.month)
    session.execute(
        _ADJUSTMENT.insert().values(
            month=made.month,
            number=number,
            kind=made.kind,
            dated_day=made.dated_day,
            after_number=made.after_number,
            reason=made.reason,
            made_by=made.made_by,
            price_book_version=made.price_book_version,
            names_version=made.names_version,
            created_at=made.created_at,
            trace=closed_statements.pack_document(msgspec.json.encode(arithmetic)),
        )
    )
    session.execute(_LINE.insert(), line_rows.rows_of(made.lines, month=made.month, number=number))
    return number


def last_number(session: Session, month: str, kind: str | None = None) -> int:
    """The number of a month's last adjustment, of one kind or any; 0 without one."""
    of_month = select(func.coalesce(func.max(_ADJUSTMENT.c.number), 0)).where(
        _ADJUSTMENT.c.month == month
    )
    found: int = session.execute(
        of_month if kind is None else of_month.where(_ADJUSTMENT.c.kind == kind)
    ).scalar_one()
    return found


def read(session: Session, month: str) -> dict[int, Adjustment]:
    """The adjustments of a month by number, in the order in which they were booked."""
    lines: dict[int, dict[LineKey, Line]] = {}
    for row in session.execute(select(_LINE).where(_LINE.c.month == month)).mappings():
        lines.setdefault(row["number"], {})[line_rows.key_of(row)] = line_rows.line_of(row)
    heads = [column for column in _ADJUSTMENT.columns if column.name != "trace"]
    rows = session.execute(
        select(*heads).where(_ADJUSTMENT.c.month == month).order_by(_ADJUSTMENT.c.number)
    ).mappings()
    return {
        row["number"]: Adjustment(
            row["month"],
            row["kind"],
            row["dated_day"],
            row["after_number"],
            row["reason"],
            row["made_by"],
            row["price_book_version"],
            row["names_version"],
            row["created_at"],
            lines[row["number"]],
        )
        for row in rows
    }


def arithmetic_of(session: Session, month: str, number: int) -> Arithmetic:
    """The stored arithmetic of an adjustment."""
    held = select(_ADJUSTMENT.c.trace).where(
        _ADJUSTMENT.c.month == month, _ADJUSTMENT.c.number == number
    )
    return msgspec.json.decode(
        closed_statements.unpack_document(session.execute(held).scalar_one()), type=Arithmetic
    )


def _late_parts(session: Session, bucket: Bucket) -> list[Part]:
    table = rollups.LATE.c
    of_bucket = (
        table.month == bucket.month,
        table.recorded_day == bucket.recorded_day,
        table.after_number == bucket.after_number,
    )
    columns = (table.hour, table.series_id, *(table[name] for name in usage.COLUMNS))
    days: dict[int, dict[int, list[int]]] = {}
    for hour, series_id, *amounts in session.execute(select(*columns).where(*of_bucket)):
        of_day = days.setdefault(hour // 24, {})
        of_day[series_id] = (
            usage.combine(of_day[series_id], amounts) if series_id in of_day else amounts
        )
    return [Part(day, amounts) for day, amounts in sorted(days.items())]


def _number_of_late_usage(session: Session, made: Adjustment) -> int | None:
    held = _ADJUSTMENT.c
    same = (held.month == made.month, held.kind == LATE, held.dated_day == made.dated_day)
    found: int | None = session.execute(
        select(held.number).where(*same, held.after_number == made.after_number)
    ).scalar()
    return found


def _requests(session: Session, month: str, number: int) -> int:
    of_adjustment = (_LINE.c.month == month, _LINE.c.number == number)
    return int(
        session.execute(select(func.sum(_LINE.c.requests)).where(*of_adjustment)).scalar_one()
    )
