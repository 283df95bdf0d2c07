"""A month explained: the arithmetic behind its figure and behind each adjustment, whole or of one project or model.

A closed month and its adjustments show what was stored with them; an open month is worked out as it stands now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlmodel import Session

from advisor.months import (
    adjustment_store,
    month_computation,
    pricings,
    statement_store,
    trace,
)
from advisor.months.adjustments import Adjustment, BookedLine
from advisor.months.statement_store import MonthStatement
from advisor.months.trace import Row
from ledger import clock, closed_statements, money, months
from ledger.errors import NotFound
from ledger.settings import Settings


@dataclass(frozen=True, slots=True)
class Sum:
    """What rows come to: the cost of their priced part in USD (None when nothing is priced), requests, tokens without a price."""

    cost_usd: str | None
    requests: int
    unpriced_tokens: int


@dataclass(frozen=True, slots=True)
class ExplainedAdjustment:
    """An adjustment: what its rows come to, less what its lines said before (only a repricing has any of that)."""

    number: int
    dated: str
    kind: str
    reason: str
    made_by: str
    price_book_version: str
    rows: tuple[Row, ...]
    less: tuple[BookedLine, ...]
    sum: Sum


@dataclass(frozen=True, slots=True)
class ExplainedMonth:
    """The rows of a month and their sum; then the adjustments, and the sum with them.

    `reported_usd` is what the report shows of the same rows: of an open month it may lag behind them for some seconds.
    """

    month: str
    zone: str
    state: str
    closed_at: str | None
    closed_by: str | None
    content_sha256: str | None
    price_book_version: str
    names_version: str
    project: str | None
    model: str | None
    rows: tuple[Row, ...]
    sum: Sum
    reported_usd: str | None
    adjustments: tuple[ExplainedAdjustment, ...]
    adjusted: Sum


@dataclass(frozen=True, slots=True)
class _Chosen:
    project: str | None
    model: str | None

    def rows(self, found: Iterable[Row]) -> tuple[Row, ...]:
        return tuple(row for row in found if self.has(row))

    def has(self, row: Row | BookedLine) -> bool:
        return self.project in (None, row.project) and self.model in (None, row.model)


def explain(
    session: Session,
    settings: Settings,
    now_us: int,
    month_text: str,
    project: str | None = None,
    model: str | None = None,
) -> ExplainedMonth:
    """A month, or one project's or canonical model's part of it.

    Raises UsageError for no month or one that lies ahead, NotFound where there is no such traffic.
    """
    chosen = _Chosen(project, model)
    asked = months.parse_or_current(month_text, settings.zone, now_us)
    statement = statement_store.read(session, asked)
    if statement is None:
        raise NotFound(
            f"no traffic in {asked}; for the latest month with traffic see: switchwise report"
        )
    rows = chosen.rows(_rows(session, statement))
    booked = adjustment_store.read(session, str(asked)) if statement.closing else {}
    explained = [
        each
        for number, made in booked.items()
        if (each := _adjustment(session, number, made, chosen)) is not None
    ]
    if not rows and not explained:
        wanted = " of ".join(word for word in (model, project and f"project {project!r}") if word)
        raise NotFound(
            f"no traffic of {wanted} in {asked}; list what there is with: switchwise explain {asked}"
        )
    closing, basis = statement.closing, statement.basis
    return ExplainedMonth(
        month=str(asked),
        zone=str(statement.month.zone),
        state="closed" if closing else "open",
        closed_at=clock.rfc3339(closing.closed_at) if closing else None,
        closed_by=closing.closed_by if closing else None,
        content_sha256=closing.content_sha256 if closing else None,
        price_book_version=basis.price_book_version,
        names_version=basis.names_version,
        project=project,
        model=model,
        rows=rows,
        sum=sum_rows(rows),
        reported_usd=_reported(statement, chosen),
        adjustments=tuple(explained),
        adjusted=_together([sum_rows(rows), *(each.sum for each in explained)]),
    )


def sum_rows(rows: Sequence[Row], less: Sequence[BookedLine] = ()) -> Sum:
    """What rows come to, less what was booked before."""
    now = _known_femto_usd(row.cost_usd for row in rows)
    before = _known_femto_usd(each.cost_usd for each in less)
    return Sum(
        money.usd_text(sum(now) - sum(before)) if now or before else None,
        sum(row.requests for row in rows) - sum(each.requests for each in less),
        sum(row.unpriced_tokens for row in rows) - sum(each.unpriced_tokens for each in less),
    )


def _together(sums: Sequence[Sum]) -> Sum:
    known = _known_femto_usd(each.cost_usd for each in sums)
    return Sum(
        money.usd_text(sum(known)) if known else None,
        sum(each.requests for each in sums),
        sum(each.unpriced_tokens for each in sums),
    )


def _known_femto_usd(amounts: Iterable[str | None]) -> list[int]:
    return [money.femto_usd(amount) for amount in amounts if amount is not None]


def _rows(session: Session, statement: MonthStatement) -> tuple[Row, ...]:
    if statement.closing is None:
        return trace.rows(
            month_computation.usage_by_day(session, statement.month), pricings.in_force(session)
        )
    told = msgspec.json.decode(
        closed_statements.load_document(session, str(statement.month)) or b"", type=_Document
    )
    return told.arithmetic


class _Document(msgspec.Struct):
    """What is read of a closed statement's document."""

    arithmetic: tuple[Row, ...]


def _adjustment(
    session: Session, number: int, made: Adjustment, chosen: _Chosen
) -> ExplainedAdjustment | None:
    arithmetic = adjustment_store.read_arithmetic(session, made.month, number)
    rows, less = (
        chosen.rows(arithmetic.rows),
        tuple(each for each in arithmetic.less if chosen.has(each)),
    )
    if not rows and not less:
        return None
    dated = clock.date_of(made.dated_day).isoformat()
    return ExplainedAdjustment(
        number,
        dated,
        made.kind,
        made.reason,
        made.made_by,
        made.price_book_version,
        rows,
        less,
        sum_rows(rows, less),
    )


def _reported(statement: MonthStatement, chosen: _Chosen) -> str | None:
    """The same lines as the report adds them up, so that a reader can compare."""
    lines = [
        line
        for key, line in statement.lines.items()
        if chosen.project in (None, key.project) and chosen.model in (None, key.model)
    ]
    return (
        money.usd_text(sum(line.cost.femto_usd for line in lines))
        if any(line.is_priced for line in lines)
        else None
    )
