"""Statements as rows: which months are out of date, writing one, and reading it back. Computes no figure."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import delete, select
from sqlmodel import Session

from advisor import forecast, statements
from ledger import money, months, prices, readings, tables, tokens
from ledger.months import Month
from ledger.settings import Settings

_STATEMENT = tables.metadata.tables["statement"]
_LINE = tables.metadata.tables["statement_line"]
HISTORY_DAYS = forecast.FULL_HISTORY_DAYS
"""Closed days that a forecast looks back on."""
_COUNTS = (
    "requests", "avoided_tokens", "tier_unknown_tokens", "backdated_tokens", "successes", "provider_usage_successes",
    "estimated_requests", "missing_requests", "detail_unknown_requests", "folded_requests", "paid_retry_requests",
    "tier_mismatch_requests",
)  # fmt: skip


class DayFigure(msgspec.Struct, frozen=True):
    """A UTC day of a month: the cost of its priced tokens as decimal USD text (None if none is priced), and its requests."""

    day: str
    cost_usd: str | None
    requests: int


class ForecastFigure(msgspec.Struct, frozen=True):
    """A month's forecast as decimal USD text; low and high are the 80 % band, None for a run rate."""

    cost_usd: str
    low_usd: str | None
    high_usd: str | None
    method: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What a statement was computed from. Two statements of a month with the same basis are equal."""

    zone: str
    days_revision: int
    price_book_version: str
    names_version: str
    through_day: int


@dataclass(frozen=True, slots=True)
class MonthStatement:
    """A month's statement as every face reads it."""

    month: Month
    basis: Basis
    revision: int
    computed_at: int
    closed_at: int | None
    lines: dict[statements.LineKey, statements.Line]
    days: tuple[DayFigure, ...]
    forecast: ForecastFigure | None


def stale_months(session: Session, settings: Settings, basis_of: Basis) -> list[tuple[Month, Basis]]:
    """The open months whose statement no longer follows from the rollups, prices, names or zone, newest last."""
    zone, today = settings.zone, basis_of.through_day
    by_day = readings.day_revisions(session)
    revisions: dict[Month, int] = {}
    for day, revision in by_day.items():
        for month in months.touching(day, zone):
            revisions[month] = revisions.get(month, 0) + revision
    for month in revisions:
        if today in month.touched_days:
            # The forecast of a month under way rests on closed days that may lie in the month before.
            before = range(today - HISTORY_DAYS - 1, month.touched_days.start)
            revisions[month] += sum(by_day.get(day, 0) for day in before)
    held = {row.month: row for row in session.execute(select(_STATEMENT))}
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


def write(session: Session, statement: MonthStatement) -> bool:
    """Replace an open month's statement, unless a newer or a closed one is there; whether it was written."""
    name, basis = str(statement.month), statement.basis
    held = session.execute(select(_STATEMENT).where(_STATEMENT.c.month == name)).first()
    newer = held is not None and (held.through_day, held.days_revision) > (basis.through_day, basis.days_revision)
    if held is not None and (newer or held.closed_at is not None):
        return False
    session.execute(delete(_LINE).where(_LINE.c.month == name))
    session.execute(delete(_STATEMENT).where(_STATEMENT.c.month == name))
    session.execute(
        _STATEMENT.insert().values(
            month=name, zone=basis.zone, revision=held.revision + 1 if held else 1, days_revision=basis.days_revision,
            price_book_version=basis.price_book_version, names_version=basis.names_version,
            through_day=basis.through_day, computed_at=statement.computed_at,
            days=msgspec.json.encode(statement.days).decode(),
            forecast=msgspec.json.encode(statement.forecast).decode() if statement.forecast else None,
        )
    )  # fmt: skip
    if statement.lines:
        session.execute(_LINE.insert(), [_row(name, key, line) for key, line in sorted(statement.lines.items())])
    return True


def read(session: Session, month: Month) -> MonthStatement | None:
    """A month's statement; None where there is no traffic."""
    row = session.execute(select(_STATEMENT).where(_STATEMENT.c.month == str(month))).first()
    if row is None:
        return None
    rows = session.execute(select(_LINE).where(_LINE.c.month == str(month)))
    lines = {
        statements.LineKey(*(line[name] for name in statements.LineKey._fields)): _line(line)
        for line in rows.mappings()
    }
    return MonthStatement(
        month, _basis(row), row.revision, row.computed_at, row.closed_at, lines,
        msgspec.json.decode(row.days, type=tuple[DayFigure, ...]),
        msgspec.json.decode(row.forecast, type=ForecastFigure) if row.forecast else None,
    )  # fmt: skip


def month_names(session: Session) -> list[str]:
    """The months that have a statement, oldest first."""
    return list(session.execute(select(_STATEMENT.c.month).order_by(_STATEMENT.c.month)).scalars())


def _basis(row: Any) -> Basis:
    return Basis(row.zone, row.days_revision, row.price_book_version, row.names_version, row.through_day)


def _row(month: str, key: statements.LineKey, line: statements.Line) -> dict[str, object]:
    counts = {name: getattr(line.counts, name) for name in tokens.FIELDS}
    priced = line.cost.priced_tokens > 0
    return {
        "month": month, **key._asdict(), **counts, **{name: getattr(line, name) for name in _COUNTS},
        "priced_tokens": line.cost.priced_tokens, "unpriced_tokens": line.cost.unpriced_tokens,
        "cost_usd": money.usd_text(line.cost.femto_usd) if priced else None,
        "list_cost_usd": money.usd_text(line.list_cost_femto_usd) if priced else None,
    }  # fmt: skip


def _line(row: Any) -> statements.Line:
    cost = prices.Cost(
        money.femto_usd(row["cost_usd"]) if row["cost_usd"] is not None else 0,
        row["priced_tokens"],
        row["unpriced_tokens"],
    )
    return statements.Line(
        tokens.TokenCounts(**{name: row[name] for name in tokens.FIELDS}),
        cost,
        money.femto_usd(row["list_cost_usd"]) if row["list_cost_usd"] is not None else 0,
        **{name: row[name] for name in _COUNTS},
    )
