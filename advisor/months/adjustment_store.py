"""Adjustments as rows: which late usage needs one, booking one, and reading them back."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, func, select
from sqlmodel import Session

from advisor.months import line_rows, statements, trace
from advisor.months.adjustments import BY_THE_LEDGER, Adjustment, Arithmetic
from advisor.months.statements import DayUsage, Line, LineKey, Pricing
from ledger import clock, closed_statements, rollups, slots, tables, usage
from ledger.late_usage import LATE

_ADJUSTMENT = tables.ADJUSTMENT
_LINE = tables.ADJUSTMENT_LINE


@dataclass(frozen=True, slots=True)
class LateBucket:
    """Late usage that one adjustment covers: of a closed month, rolled up on one UTC day.

    `after_number` is the number of the month's last repricing by then, 0 without one.
    """

    month: str
    recorded_day: int
    after_number: int


def find_unbooked(session: Session, month: str | None = None) -> list[LateBucket]:
    """The late usage, of one month or all, that is not wholly in an adjustment.

    Every event counts as a request, so it is enough to compare requests.
    """
    late, line = rollups.LATE.c, _LINE.c
    bucket = (late.month, late.recorded_day, late.after_number)
    usage_query = select(*bucket, func.sum(late.requests)).group_by(*bucket)
    of_line = (line.month == _ADJUSTMENT.c.month) & (line.number == _ADJUSTMENT.c.number)
    adjusted = (_ADJUSTMENT.c.month, _ADJUSTMENT.c.dated_day, _ADJUSTMENT.c.after_number)
    booked_query = select(*adjusted, func.sum(line.requests)).join_from(_ADJUSTMENT, _LINE, of_line)
    booked_requests = {
        tuple(row[:3]): row[3]
        for row in session.execute(
            booked_query.where(_ADJUSTMENT.c.kind == LATE).group_by(*adjusted)
        )
    }
    return [
        LateBucket(*row[:3])
        for row in session.execute(usage_query.order_by(*bucket))
        if month in (None, row[0]) and row[3] > booked_requests.get(tuple(row[:3]), 0)
    ]


def draft_late_adjustment(
    session: Session, bucket: LateBucket, pricing: Pricing, now_us: int
) -> tuple[Adjustment, Arithmetic]:
    """The adjustment for late usage, each day of use at the price it has in the price book now."""
    days = _late_days(session, bucket)
    lines = statements.lines(days, pricing)
    adjustment = Adjustment(
        month=bucket.month,
        kind=LATE,
        dated_day=bucket.recorded_day,
        after_number=bucket.after_number,
        reason=_reason(days, sum(line.requests for line in lines.values())),
        made_by=BY_THE_LEDGER,
        price_book_version=pricing.book.version,
        names_version=pricing.names_version,
        created_at=now_us,
        lines=lines,
    )
    return adjustment, Arithmetic(trace.rows(days, pricing))


def _reason(days: list[DayUsage], requests: int) -> str:
    first, last = clock.date_of(days[0].day), clock.date_of(days[-1].day)
    used = f"{first}" if first == last else f"{first} to {last}"
    noun = "request" if requests == 1 else "requests"
    return f"{requests:,} {noun} of {used} came after the month was closed"


def book(session: Session, adjustment: Adjustment, arithmetic: Arithmetic) -> int | None:
    """Write an adjustment and return its number; None for late usage that is booked already.

    The caller holds the lock "refresh", so that each number is used once.
    """
    month = adjustment.month
    number = _number_of_late_usage(session, adjustment) if adjustment.kind == LATE else None
    if number is None:
        number = 1 + last_number(session, month)
    elif _requests(session, month, number) >= adjustment.requests:
        return None
    else:
        for table in (_LINE, _ADJUSTMENT):
            session.execute(delete(table).where(table.c.month == month, table.c.number == number))
    session.execute(
        _ADJUSTMENT.insert().values(
            month=month,
            number=number,
            kind=adjustment.kind,
            dated_day=adjustment.dated_day,
            after_number=adjustment.after_number,
            reason=adjustment.reason,
            made_by=adjustment.made_by,
            price_book_version=adjustment.price_book_version,
            names_version=adjustment.names_version,
            created_at=adjustment.created_at,
            trace=closed_statements.pack_document(msgspec.json.encode(arithmetic)),
        )
    )
    session.execute(_LINE.insert(), line_rows.rows_of(adjustment.lines, month=month, number=number))
    return number


def last_number(session: Session, month: str, kind: str | None = None) -> int:
    """The number of a month's last adjustment, of one kind or any; 0 without one."""
    query = select(func.coalesce(func.max(_ADJUSTMENT.c.number), 0)).where(
        _ADJUSTMENT.c.month == month
    )
    number: int = session.execute(
        query if kind is None else query.where(_ADJUSTMENT.c.kind == kind)
    ).scalar_one()
    return number


def read_month(session: Session, month: str) -> dict[int, Adjustment]:
    """The adjustments of a month by number, in the order in which they were booked."""
    lines: dict[int, dict[LineKey, Line]] = {}
    for row in session.execute(select(_LINE).where(_LINE.c.month == month)).mappings():
        lines.setdefault(row["number"], {})[line_rows.key_of(row)] = line_rows.line_of(row)
    heads = [column for column in _ADJUSTMENT.columns if column.name != "trace"]
    rows = session.execute(
        select(*heads).where(_ADJUSTMENT.c.month == month).order_by(_ADJUSTMENT.c.number)
    )
    return {
        row.number: Adjustment(
            month=row.month,
            kind=row.kind,
            dated_day=row.dated_day,
            after_number=row.after_number,
            reason=row.reason,
            made_by=row.made_by,
            price_book_version=row.price_book_version,
            names_version=row.names_version,
            created_at=row.created_at,
            lines=lines[row.number],
        )
        for row in rows
    }


def read_arithmetic(session: Session, month: str, number: int) -> Arithmetic:
    """The stored arithmetic of an adjustment."""
    query = select(_ADJUSTMENT.c.trace).where(
        _ADJUSTMENT.c.month == month, _ADJUSTMENT.c.number == number
    )
    content = closed_statements.unpack_document(session.execute(query).scalar_one())
    return msgspec.json.decode(content, type=Arithmetic)


def _late_days(session: Session, bucket: LateBucket) -> list[DayUsage]:
    table = rollups.LATE.c
    of_bucket = (
        table.month == bucket.month,
        table.recorded_day == bucket.recorded_day,
        table.after_number == bucket.after_number,
    )
    columns = (table.slot, table.series_id, *(table[name] for name in usage.COLUMNS))
    days: dict[int, dict[int, list[int]]] = {}
    for slot, series_id, *amounts in session.execute(select(*columns).where(*of_bucket)):
        by_series = days.setdefault(slot // slots.PER_DAY, {})
        by_series[series_id] = (
            usage.combine(by_series[series_id], amounts) if series_id in by_series else amounts
        )
    return [DayUsage(day, by_series) for day, by_series in sorted(days.items())]


def _number_of_late_usage(session: Session, adjustment: Adjustment) -> int | None:
    """The number under which the same late usage is booked already."""
    column = _ADJUSTMENT.c
    number: int | None = session.execute(
        select(column.number).where(
            column.month == adjustment.month,
            column.kind == LATE,
            column.dated_day == adjustment.dated_day,
            column.after_number == adjustment.after_number,
        )
    ).scalar()
    return number


def _requests(session: Session, month: str, number: int) -> int:
    of_adjustment = (_LINE.c.month == month, _LINE.c.number == number)
    return int(
        session.execute(select(func.sum(_LINE.c.requests)).where(*of_adjustment)).scalar_one()
    )
