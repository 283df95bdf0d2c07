"""What the metrics need of each month, cached while its statement does not change."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session

from advisor.months import adjustment_store, adjustments, statement_store
from advisor.months import figures as month_figures
from advisor.months.figures import AdjustmentFigure, UsageFigure, Waste
from advisor.months.statements import LineKey
from advisor.report import report
from ledger import months, tables
from ledger.settings import Settings

_STATEMENT = tables.STATEMENT
_ADJUSTMENT_LINE = tables.ADJUSTMENT_LINE

Stamp = tuple[int, ...]
"""Changes whenever a month's statement or its adjustments change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """A month by model and by project, and the femto-USD of its priced lines.

    A closed month's adjustments are separate from its figures, but included in the cost of its
    lines.
    """

    models: tuple[UsageFigure, ...]
    projects: tuple[UsageFigure, ...]
    adjustments: tuple[AdjustmentFigure, ...]
    lines_femto_usd: dict[LineKey, int]
    waste: Waste | None


class MonthCache:
    """The months read so far.

    It may be thrown away at any time, and a changed statement is read again.
    """

    def __init__(self) -> None:
        self._months: dict[str, tuple[Stamp, MonthFigures]] = {}

    def load_months(self, session: Session, settings: Settings) -> dict[str, MonthFigures]:
        """Every month that has a statement, oldest first."""
        adjustment_stamps = _adjustment_stamps(session)
        columns = (_STATEMENT.c.month, _STATEMENT.c.revision, _STATEMENT.c.computed_at)
        fresh: dict[str, tuple[Stamp, MonthFigures]] = {}
        for name, *stamps in session.execute(select(*columns).order_by(_STATEMENT.c.month)):
            stamp = (*stamps, *adjustment_stamps.get(name, ()))
            cached = self._months.get(name)
            if cached is None or cached[0] != stamp:
                cached = (stamp, _load_month(session, settings, name))
            fresh[name] = cached
        self._months = fresh
        return {name: figures for name, (_, figures) in fresh.items()}


def _adjustment_stamps(session: Session) -> dict[str, Stamp]:
    """By month, what changes with every new adjustment and with each that grows.

    Late usage adds requests to an adjustment.
    """
    line = _ADJUSTMENT_LINE.c
    rows = session.execute(
        select(line.month, func.max(line.number), func.sum(line.requests)).group_by(line.month)
    )
    return {month: (number, int(requests)) for month, number, requests in rows}


def _load_month(session: Session, settings: Settings, name: str) -> MonthFigures:
    statement = statement_store.read(session, months.parse(name, settings.zone))
    lines = statement.lines if statement else {}
    month_adjustments = adjustment_store.read(session, name)
    return MonthFigures(
        models=report.grouped_by(lines, ("provider", "model")),
        projects=report.grouped_by(lines, ("project",)),
        adjustments=month_figures.adjustment_figures(month_adjustments),
        lines_femto_usd={
            key: line.cost.femto_usd
            for key, line in adjustments.apply(lines, month_adjustments).items()
            if line.is_priced
        },
        waste=statement.waste if statement else None,
    )
