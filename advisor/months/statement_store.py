"""Statements as rows: which are out of date, writing one, and reading it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import delete, select
from sqlmodel import Session

from advisor.months import day_costs, line_rows, silent_senders, waste
from advisor.months.backtest import Backtest
from advisor.months.forecast import Forecast
from advisor.months.missed_spend import MissedSpend
from advisor.months.sender_costs import SenderCost
from advisor.months.silent_senders import SilentSender
from advisor.months.statements import Line, LineKey
from ledger import closed_statements, exact_json, months, prose, readings, tables
from ledger.errors import NotFound
from ledger.months import Month
from ledger.settings import Settings

_STATEMENT = tables.STATEMENT
_LINE = tables.STATEMENT_LINE
_COLUMNS = [column for column in _STATEMENT.columns if column.name != "document"]
"""All of a statement but its document, which only explanations and exports read."""
HISTORY_DAYS = day_costs.HISTORY_DAYS + day_costs.BREAK_DAYS
"""Days before today that a forecast may depend on."""


@dataclass(frozen=True, slots=True)
class DayCost:
    """The requests of a UTC day (number since 1970-01-01) and the cost of its priced tokens.

    The cost is None where nothing is priced.
    """

    day: int
    cost_femto_usd: int | None
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a statement was computed from: with the same basis it comes out the same.

    `through_day` is the day that it was in the month's zone, or the day after the month.
    """

    zone: str
    days_revision: int
    price_book_version: str
    names_version: str
    through_day: int
    silence: str = ""
    """The version of the silences that the month is read with."""


@dataclass(frozen=True, slots=True)
class Closing:
    """When (UTC epoch microseconds) and by whom a month was closed; its document's hash."""

    closed_at: int
    closed_by: str
    content_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthStatement:
    """A month's statement; `closing` is None while it is open.

    `computed_at` is in UTC epoch microseconds. The forecast of a finished month is its actual;
    `backtest` then judges the forecasts of its days. `missed` is what silent senders would have
    spent as usual.
    """

    month: Month
    basis: Basis
    revision: int
    computed_at: int
    closing: Closing | None
    lines: dict[LineKey, Line]
    days: tuple[DayCost, ...]
    waste: waste.Waste
    sender_costs: tuple[SenderCost, ...]
    forecast: Forecast | None
    backtest: Backtest | None
    missed: tuple[MissedSpend, ...] = ()


@dataclass(frozen=True, slots=True)
class _Forecasts:
    """What the column `forecast` holds; it is NULL where there is no history to forecast from."""

    forecast: Forecast
    backtest: Backtest | None
    missed: tuple[MissedSpend, ...] = ()


def find_stale(
    session: Session, settings: Settings, basis: Basis, silent: Sequence[SilentSender]
) -> list[tuple[Month, Basis]]:
    """The open months whose statement no longer follows from its basis, each with the one it needs.

    `basis` has the zone, prices, names and the day of now in that zone; `silent` are the senders
    that are silent now. The newest month comes last.
    """
    by_day = readings.day_revisions(session)
    rows = {row.month: row for row in session.execute(select(*_COLUMNS))}
    touched = {month for day in by_day for month in months.touching(day, settings.zone)}
    # In another zone a month may have had traffic that now lies in its neighbour.
    touched |= {
        months.parse(name, settings.zone) for name, row in rows.items() if row.zone != basis.zone
    }
    stale = []
    for month in sorted(touched):
        current = Basis(
            zone=basis.zone,
            days_revision=revision_of(by_day, month, basis.through_day),
            price_book_version=basis.price_book_version,
            names_version=basis.names_version,
            through_day=min(basis.through_day, month.calendar_days.stop),
            silence=silent_senders.version(silent_senders.missed_in(month, silent)),
        )
        row = rows.get(str(month))
        if row is None or (row.closed_at is None and _basis(row) != current):
            stale.append((month, current))
    return stale


def revision_of(by_day: Mapping[int, int], month: Month, today: int) -> int:
    """How often rollups have written into the days that a month's statement rests on.

    `by_day` has the revisions by UTC day, `today` is a day of the month's zone. A month's forecasts
    look back on closed days that may lie in the month before: on those before today while it is
    under way, else on those before its first day, as its back-test does.
    """
    days = month.calendar_days
    forecast_on = today if today in days else days.start
    # The day before the history says whether it is whole. East of UTC it begins a UTC day earlier.
    first = min(month.touched_days.start, forecast_on - HISTORY_DAYS - 2)
    return sum(by_day.get(day, 0) for day in range(first, month.touched_days.stop))


def write(session: Session, statement: MonthStatement) -> bool:
    """Replace an open month's statement, and return whether it was written.

    It is not where the stored one is newer or closed.
    """
    basis = statement.basis
    row = session.execute(
        select(*_COLUMNS).where(_STATEMENT.c.month == str(statement.month))
    ).first()
    if row is not None:
        stored_is_newer = row.zone == basis.zone and (row.through_day, row.days_revision) > (
            basis.through_day,
            basis.days_revision,
        )
        if stored_is_newer or row.closed_at is not None:
            return False
    _replace(session, statement, row.revision + 1 if row else 1)
    return True


def freeze(
    session: Session,
    statement: MonthStatement,
    arithmetic: object,
    *,
    closed_at: int,
    closed_by: str,
) -> None:
    """Write a month's statement for the last time, with its document and the document's hash.

    The caller has checked that it is not closed yet.
    """
    revision = session.execute(
        select(_STATEMENT.c.revision).where(_STATEMENT.c.month == str(statement.month))
    ).scalar()
    closing = {
        "month": str(statement.month),
        "zone": statement.basis.zone,
        "closed_at": closed_at,
        "closed_by": closed_by,
        "price_book_version": statement.basis.price_book_version,
        "names_version": statement.basis.names_version,
    }
    content = closed_statements.encode_document(
        closing,
        line_rows.rows_of(statement.lines),
        days=statement.days,
        waste=statement.waste,
        sender_costs=statement.sender_costs,
        arithmetic=arithmetic,
    )
    _replace(
        session,
        statement,
        (revision or 0) + 1,
        closed_at=closed_at,
        closed_by=closed_by,
        content_sha256=closed_statements.hash_document(content),
        document=closed_statements.pack_document(content),
    )


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
            silence=basis.silence,
            computed_at=statement.computed_at,
            days=_encode(statement.days),
            waste=_encode(statement.waste),
            sender_costs=_encode(statement.sender_costs),
            forecast=(
                _encode(_Forecasts(statement.forecast, statement.backtest, statement.missed))
                if statement.forecast
                else None
            ),
            **closing,
        )
    )
    if statement.lines:
        session.execute(_LINE.insert(), line_rows.rows_of(statement.lines, month=name))


def _encode(value: object) -> str:
    """JSON of integers of any size, which msgspec writes and reads exactly, and of fractions."""
    return msgspec.json.encode(value, enc_hook=exact_json.encode_fraction).decode()


def _decode_forecasts(column: str) -> _Forecasts:
    return msgspec.json.decode(column, type=_Forecasts, dec_hook=exact_json.decode_fraction)


def read_statement(session: Session, month: Month) -> MonthStatement | None:
    """A month's statement; None where there is no traffic.

    A closed month is that of the zone in which it was closed.
    """
    row = session.execute(select(*_COLUMNS).where(_STATEMENT.c.month == str(month))).first()
    if row is None:
        return None
    closing = (
        None if row.closed_at is None else Closing(row.closed_at, row.closed_by, row.content_sha256)
    )
    lines = session.execute(select(_LINE).where(_LINE.c.month == str(month))).mappings()
    forecasts = _decode_forecasts(row.forecast) if row.forecast else None
    return MonthStatement(
        month=months.parse(row.month, ZoneInfo(row.zone)) if closing else month,
        basis=_basis(row),
        revision=row.revision,
        computed_at=row.computed_at,
        closing=closing,
        lines={line_rows.key_of(line): line_rows.line_of(line) for line in lines},
        days=msgspec.json.decode(row.days, type=tuple[DayCost, ...]),
        waste=msgspec.json.decode(row.waste, type=waste.Waste),
        sender_costs=msgspec.json.decode(row.sender_costs, type=tuple[SenderCost, ...]),
        forecast=forecasts.forecast if forecasts else None,
        backtest=forecasts.backtest if forecasts else None,
        missed=forecasts.missed if forecasts else (),
    )


def read_backtests(session: Session, through: Month, most: int) -> dict[str, Backtest]:
    """By month, how the forecasts of the latest finished months up to one did, latest first."""
    query = (
        select(_STATEMENT.c.month, _STATEMENT.c.forecast)
        .where(_STATEMENT.c.month <= str(through), _STATEMENT.c.forecast.is_not(None))
        .order_by(_STATEMENT.c.month.desc())
        .limit(most + 1)
    )
    backtests = {
        row.month: _decode_forecasts(row.forecast).backtest for row in session.execute(query)
    }
    tested = [(month, backtest) for month, backtest in backtests.items() if backtest is not None]
    return dict(tested[:most])


def month_names(session: Session) -> list[str]:
    """The months that have a statement, oldest first."""
    return list(session.execute(select(_STATEMENT.c.month).order_by(_STATEMENT.c.month)).scalars())


def refuse_without_traffic(session: Session, month: Month) -> NoReturn:
    """Raise NotFound for a month without traffic; it names the months that have some."""
    others = prose.all_of([name for name in month_names(session) if name != str(month)])
    remedy = f"there is some in {others}" if others else "import some first"
    raise NotFound(f"no traffic in {month}; {remedy}")


def _basis(row: Any) -> Basis:
    return Basis(
        zone=row.zone,
        days_revision=row.days_revision,
        price_book_version=row.price_book_version,
        names_version=row.names_version,
        through_day=row.through_day,
        silence=row.silence,
    )
