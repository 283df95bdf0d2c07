"""Statements as rows: which months are out of date, writing one, and reading it back. Computes no figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import delete, select
from sqlmodel import Session

from advisor.months import figures as month_figures
from advisor.months import forecast, line_rows, statements
from ledger import closed_statements, months, readings, tables
from ledger.months import Month
from ledger.settings import Settings

_STATEMENT = tables.STATEMENT
_LINE = tables.STATEMENT_LINE
_FIGURES = [column for column in _STATEMENT.columns if column.name != "document"]
"""All of a statement but its document, which only explanations and exports read."""
HISTORY_DAYS = forecast.FULL_HISTORY_DAYS
"""Closed days that a forecast looks back on."""


class DayFigure(msgspec.Struct, frozen=True):
    """A UTC day of a month: the cost of its priced tokens as decimal USD text (None if none is priced), and its requests."""

    day: str
    cost_usd: str | None
    requests: int


class ForecastFigure(msgspec.Struct, frozen=True):
    """A month's forecast as decimal USD text; low and high are the 80 % band, None for a run rate.

    A finished month's is its actual, beside how the forecasts of its days did.
    """

    cost_usd: str
    low_usd: str | None
    high_usd: str | None
    method: str
    backtest: month_figures.BacktestFigure | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a statement was computed from. Two statements of a month with the same basis are equal."""

    zone: str
    days_revision: int
    price_book_version: str
    names_version: str
    through_day: int


@dataclass(frozen=True, slots=True)
class Closing:
    """When (UTC epoch microseconds) and by whom a month was closed, and the hash of its document."""

    closed_at: int
    closed_by: str
    content_sha256: str


@dataclass(frozen=True, slots=True)
class MonthStatement:
    """A month's statement as every face reads it; `closing` is None while it is open."""

    month: Month
    basis: Basis
    revision: int
    computed_at: int
    closing: Closing | None
    lines: dict[statements.LineKey, statements.Line]
    days: tuple[DayFigure, ...]
    waste: month_figures.Waste
    forecast: ForecastFigure | None


def stale_months(
    session: Session, settings: Settings, basis_of: Basis
) -> list[tuple[Month, Basis]]:
    """The open months whose statement no longer follows from the rollups, prices, names or zone, newest last."""
    zone, today = settings.zone, basis_of.through_day
    by_day = readings.day_revisions(session)
    touched = {month for day in by_day for month in months.touching(day, zone)}
    revisions = {month: revision_of(by_day, month, today) for month in touched}
    held = {row.month: row for row in session.execute(select(*_FIGURES))}
    stale = []
    for month, revision in sorted(revisions.items()):
        end_day = month.touched_days.stop
        wanted = Basis(
            basis_of.zone,
            revision,
            basis_of.price_book_version,
            basis_of.names_version,
            min(basis_of.through_day, end_day),
        )
        row = held.get(str(month))
        if row is None or (row.closed_at is None and _basis(row) != wanted):
            stale.append((month, wanted))
    return stale


def revision_of(by_day: Mapping[int, int], month: Month, today: int) -> int:
    """How often rollups have written into the days that a month's statement rests on, of all revisions by day.

    Its forecasts look back on closed days that may lie in the month before: today's where it is under way, else all of
    those that its back-test makes again.
    """
    days = month.touched_days
    forecast_on = today if today in days else days.start
    first = min(days.start, forecast_on - HISTORY_DAYS - 1)
    return sum(by_day.get(day, 0) for day in range(first, days.stop))


def write(session: Session, statement: MonthStatement) -> bool:
    """Replace an open month's statement, unless a newer or a closed one is there; whether it was written."""
    basis = statement.basis
    held = session.execute(
        select(*_FIGURES).where(_STATEMENT.c.month == str(statement.month))
    ).first()
    newer = held is not None and (held.through_day, held.days_revision) > (
        basis.through_day,
        basis.days_revision,
    )
    if held is not None and (newer or held.closed_at is not None):
        return False
    _replace(session, statement, held.revision + 1 if held else 1)
    return True


def freeze(
    session: Session, statement: MonthStatement, arithmetic: object, closed_at: int, closed_by: str
) -> Closing:
    """Write a month's statement for the last time, with its document. The caller has seen that it is not closed yet."""
    held = session.execute(
        select(_STATEMENT.c.revision).where(_STATEMENT.c.month == str(statement.month))
    ).scalar()
    lines = line_rows.rows_of(statement.lines)
    closing = {
        "month": str(statement.month),
        "zone": statement.basis.zone,
        "closed_at": closed_at,
        "closed_by": closed_by,
        "price_book_version": statement.basis.price_book_version,
        "names_version": statement.basis.names_version,
    }
    content = closed_statements.encode_document(
        closing, lines, days=statement.days, waste=statement.waste, arithmetic=arithmetic
    )
    made = Closing(closed_at, closed_by, closed_statements.hash_document(content))
    stamps = {"closed_at": closed_at, "closed_by": closed_by, "content_sha256": made.content_sha256}
    _replace(
        session,
        statement,
        (held or 0) + 1,
        **stamps,
        document=closed_statements.pack_document(content),
    )
    return made


def _replace(session: Session, statement: MonthStatement, revision: int, **closing: object) -> None:
    name, basis = str(statement.month), statement.basis
    session.execute(delete(_LINE).where(_LINE.c.month == name))
    session.execute(delete(_STATEMENT).where(_STATEMENT.c.month == name))
    session.execute(
        _STATEMENT.insert().values(
            month=name,
            zone=basis.zone,
            revision=revision,
            days_revision=basis.days_revision,
            price_book_version=basis.price_book_version,
            names_version=basis.names_version,
            through_day=basis.through_day,
            computed_at=statement.computed_at,
            days=msgspec.json.encode(statement.days).decode(),
            waste=msgspec.json.encode(statement.waste).decode(),
            forecast=msgspec.json.encode(statement.forecast).decode()
            if statement.forecast
            else None,
            **closing,
        )
    )
    if statement.lines:
        session.execute(_LINE.insert(), line_rows.rows_of(statement.lines, month=name))


def read(session: Session, month: Month) -> MonthStatement | None:
    """A month's statement; None where there is no traffic. A closed month is the one of the zone it was closed in."""
    row = session.execute(select(*_FIGURES).where(_STATEMENT.c.month == str(month))).first()
    if row is None:
        return None
    closing = (
        None if row.closed_at is None else Closing(row.closed_at, row.closed_by, row.content_sha256)
    )
    rows = session.execute(select(_LINE).where(_LINE.c.month == str(month))).mappings()
    return MonthStatement(
        months.parse(row.month, ZoneInfo(row.zone)) if closing else month,
        _basis(row),
        row.revision,
        row.computed_at,
        closing,
        {line_rows.key_of(line): line_rows.line_of(line) for line in rows},
        msgspec.json.decode(row.days, type=tuple[DayFigure, ...]),
        msgspec.json.decode(row.waste, type=month_figures.Waste),
        msgspec.json.decode(row.forecast, type=ForecastFigure) if row.forecast else None,
    )


def backtests(session: Session, through: Month, most: int) -> list[month_figures.BacktestFigure]:
    """How the forecasts of the latest finished months did, as stored, through a month; the latest first."""
    told = select(_STATEMENT.c.forecast).where(
        _STATEMENT.c.month <= str(through), _STATEMENT.c.forecast.is_not(None)
    )
    rows = session.execute(told.order_by(_STATEMENT.c.month.desc()).limit(most + 1)).scalars()
    found = (msgspec.json.decode(text, type=ForecastFigure).backtest for text in rows)
    return [each for each in found if each is not None][:most]


def month_names(session: Session) -> list[str]:
    """The months that have a statement, oldest first."""
    return list(session.execute(select(_STATEMENT.c.month).order_by(_STATEMENT.c.month)).scalars())


def _basis(row: Any) -> Basis:
    return Basis(
        row.zone, row.days_revision, row.price_book_version, row.names_version, row.through_day
    )
