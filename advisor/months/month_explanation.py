"""A month explained: the arithmetic behind its figure and its adjustments, or behind a part.

A closed month and its adjustments have the rows that were stored with them. An open month's rows
are computed as it stands now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlmodel import Session

from advisor.months import (
    adjustment_store,
    forecast_figures,
    month_computation,
    pricings,
    statement_store,
    trace,
)
from advisor.months.adjustments import Adjustment, BookedLine
from advisor.months.forecast_figures import ForecastFigure
from advisor.months.statement_store import MonthStatement
from advisor.months.trace import TraceRow
from ledger import clock, closed_statements, exact_json, months
from ledger.errors import NotFound
from ledger.settings import Settings


@dataclass(frozen=True, slots=True)
class RowSum:
    """What rows come to. The cost is that of their priced part, None without any."""

    cost_femto_usd: int | None
    requests: int
    unpriced_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedAdjustment:
    """An adjustment: what its rows come to, less what was booked before.

    Only a repricing has `less`. `dated` is a UTC day number.
    """

    number: int
    dated: int
    kind: str
    reason: str
    made_by: str
    price_book_version: str
    rows: tuple[TraceRow, ...]
    less: tuple[BookedLine, ...]
    sum: RowSum


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedMonth:
    """The rows of a month and their sum; then the adjustments, and the sum with them.

    `reported_femto_usd` is what the report has for the same rows. For an open month it may lag some
    seconds behind them. `forecast` is that of the whole month: None for a part and a closed month.
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
    rows: tuple[TraceRow, ...]
    sum: RowSum
    reported_femto_usd: int | None
    forecast: ForecastFigure | None
    adjustments: tuple[ExplainedAdjustment, ...]
    adjusted: RowSum


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of a month that is explained; None means any."""

    project: str | None
    model: str | None

    @property
    def is_all(self) -> bool:
        return self.project is None and self.model is None

    def rows(self, rows: Iterable[TraceRow]) -> tuple[TraceRow, ...]:
        return tuple(row for row in rows if self.has(row.project, row.model))

    def booked_lines(self, lines: Iterable[BookedLine]) -> tuple[BookedLine, ...]:
        return tuple(line for line in lines if self.has(line.project, line.model))

    def has(self, project: str, model: str) -> bool:
        return self.project in (None, project) and self.model in (None, model)


def explain(
    session: Session,
    settings: Settings,
    now_us: int,
    month_text: str,
    *,
    project: str | None = None,
    model: str | None = None,
) -> ExplainedMonth:
    """A month, or one project's or canonical model's part of it.

    Raises UsageError for a text that is no month or a month in the future, NotFound where there is
    no such traffic.
    """
    part = _Part(project, model)
    month = months.parse_or_current(month_text, settings.zone, now_us)
    statement = statement_store.read_statement(session, month)
    if statement is None:
        statement_store.refuse_without_traffic(session, month)
    closing, basis = statement.closing, statement.basis
    rows = part.rows(rows_of(session, statement))
    adjustments = tuple(_adjustments(session, str(month), part)) if closing else ()
    if not rows and not adjustments:
        _raise_no_traffic(str(month), part)
    rows_sum = sum_rows(rows)
    return ExplainedMonth(
        month=str(month),
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
        sum=rows_sum,
        reported_femto_usd=_reported_femto_usd(statement, part),
        forecast=forecast_figures.known_forecast_figure(statement)
        if part.is_all and not closing
        else None,
        adjustments=adjustments,
        adjusted=_add([rows_sum, *(adjustment.sum for adjustment in adjustments)]),
    )


def sum_rows(rows: Sequence[TraceRow], less: Sequence[BookedLine] = ()) -> RowSum:
    """What rows come to, less what was booked before."""
    costs = [row.cost_femto_usd for row in rows if row.cost_femto_usd is not None]
    booked_costs = [line.cost_femto_usd for line in less if line.cost_femto_usd is not None]
    return RowSum(
        cost_femto_usd=sum(costs) - sum(booked_costs) if costs or booked_costs else None,
        requests=sum(row.requests for row in rows) - sum(line.requests for line in less),
        unpriced_tokens=(
            sum(row.unpriced_tokens for row in rows) - sum(line.unpriced_tokens for line in less)
        ),
    )


def _add(sums: Sequence[RowSum]) -> RowSum:
    costs = [row_sum.cost_femto_usd for row_sum in sums if row_sum.cost_femto_usd is not None]
    return RowSum(
        cost_femto_usd=sum(costs) if costs else None,
        requests=sum(row_sum.requests for row_sum in sums),
        unpriced_tokens=sum(row_sum.unpriced_tokens for row_sum in sums),
    )


def rows_of(session: Session, statement: MonthStatement) -> tuple[TraceRow, ...]:
    """The rows of a month: as they were closed, or as they are now. They add up to its lines."""
    if statement.closing is None:
        days = month_computation.usage_by_day(session, statement.month)
        return trace.rows(days, pricings.in_force(session))
    content = closed_statements.load_document(session, str(statement.month)) or b""
    arithmetic = msgspec.json.decode(content, type=_Document).arithmetic
    return exact_json.parse(arithmetic, tuple[TraceRow, ...])


class _Document(msgspec.Struct):
    """The part of a closed statement's document that is read here."""

    arithmetic: list[object]


def _adjustments(session: Session, month: str, part: _Part) -> Iterable[ExplainedAdjustment]:
    for number, adjustment in adjustment_store.read_month(session, month).items():
        arithmetic = adjustment_store.read_arithmetic(session, month, number)
        rows, less = part.rows(arithmetic.rows), part.booked_lines(arithmetic.less)
        if rows or less:
            yield _adjustment(number, adjustment, rows, less)


def _adjustment(
    number: int,
    adjustment: Adjustment,
    rows: tuple[TraceRow, ...],
    less: tuple[BookedLine, ...],
) -> ExplainedAdjustment:
    return ExplainedAdjustment(
        number=number,
        dated=adjustment.dated_day,
        kind=adjustment.kind,
        reason=adjustment.reason,
        made_by=adjustment.made_by,
        price_book_version=adjustment.price_book_version,
        rows=rows,
        less=less,
        sum=sum_rows(rows, less),
    )


def _raise_no_traffic(month: str, part: _Part) -> None:
    project = f"project {part.project!r}" if part.project else None
    names = " of ".join(filter(None, (part.model, project)))
    raise NotFound(
        f"no traffic of {names} in {month}; list what there is with: switchwise explain {month}"
    )


def _reported_femto_usd(statement: MonthStatement, part: _Part) -> int | None:
    """The same lines as the report adds them up, so that a reader can compare."""
    lines = [line for key, line in statement.lines.items() if part.has(key.project, key.model)]
    if not any(line.is_priced for line in lines):
        return None
    return sum(line.cost.femto_usd for line in lines)
