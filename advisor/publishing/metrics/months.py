"""What each month's statement gives to the metrics, remembered while the statement stays as it is."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session

from advisor.months import adjustment_store, adjustments, statement_store
from advisor.months import figures as month_figures
from advisor.months.statements import LineKey
from advisor.report import report
from ledger import months, tables
from ledger.settings import Settings

_STATEMENT = tables.STATEMENT
_ADJUSTMENT_LINE = tables.ADJUSTMENT_LINE


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """A month by model and by project, as its report shows them, and the femto-USD of its priced lines.

    A closed month's adjustments stand beside its figures; what its lines cost includes them.
    """

    models: tuple[month_figures.UsageFigure, ...]
    projects: tuple[month_figures.UsageFigure, ...]
    adjustments: tuple[month_figures.AdjustmentFigure, ...]
    lines_femto_usd: dict[LineKey, int]
    waste: month_figures.Waste | None


class Memory:
    """The months read so far. A cache: it may be thrown away at any time, and a changed statement is read again."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[tuple[int, ...], MonthFigures]] = {}

    def read(self, session: Session, settings: Settings) -> dict[str, MonthFigures]:
        """Every month that has a statement, oldest first."""
        booked = _booked(session)
        columns = (_STATEMENT.c.month, _STATEMENT.c.revision, _STATEMENT.c.computed_at)
        found: dict[str, tuple[tuple[int, ...], MonthFigures]] = {}
        for name, *stamps in session.execute(select(*columns).order_by(_STATEMENT.c.month)):
            stamp = (*stamps, *booked.get(name, ()))
            held = self._held.get(name)
            known = held is not None and held[0] == stamp
            found[name] = (
                held if held is not None and known else (stamp, _read(session, settings, name))
            )
        self._held = found
        return {name: held[1] for name, held in found.items()}


def _booked(session: Session) -> dict[str, tuple[int, ...]]:
    """By month, what changes with every adjustment and with each that grows: late usage adds requests."""
    line = _ADJUSTMENT_LINE.c
    rows = session.execute(
        select(line.month, func.max(line.number), func.sum(line.requests)).group_by(line.month)
    )
    return {month: (number, int(requests)) for month, number, requests in rows}


def _read(session: Session, settings: Settings, name: str) -> MonthFigures:
    statement = statement_store.read(session, months.parse(name, settings.zone))
    lines = statement.lines if statement else {}
    booked = adjustment_store.read(session, name)
    return MonthFigures(
        report.grouped_by(lines, ("provider", "model")),
        report.grouped_by(lines, ("project",)),
        month_figures.adjustment_figures(booked),
        {
            key: line.cost.femto_usd
            for key, line in adjustments.apply(lines, booked).items()
            if line.is_priced
        },
        statement.waste if statement else None,
    )
