"""What each month's statement gives to the metrics, remembered while the statement stays as it is."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from advisor import figures, report, statement_store
from advisor.statements import LineKey
from ledger import months, tables
from ledger.settings import Settings

_STATEMENT = tables.metadata.tables["statement"]


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """A month by model and by project, as its report shows them, and the femto-USD of its priced lines."""

    models: tuple[figures.UsageFigure, ...]
    projects: tuple[figures.UsageFigure, ...]
    lines_femto_usd: dict[LineKey, int]


class Memory:
    """The months read so far. A cache: it may be thrown away at any time, and a changed statement is read again."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[tuple[int, ...], MonthFigures]] = {}

    def read(self, session: Session, settings: Settings) -> dict[str, MonthFigures]:
        """Every month that has a statement, oldest first."""
        columns = (_STATEMENT.c.month, _STATEMENT.c.revision, _STATEMENT.c.computed_at)
        found: dict[str, tuple[tuple[int, ...], MonthFigures]] = {}
        for name, *stamp in session.execute(select(*columns).order_by(_STATEMENT.c.month)):
            held = self._held.get(name)
            known = held is not None and held[0] == tuple(stamp)
            found[name] = held if held is not None and known else (tuple(stamp), _read(session, settings, name))
        self._held = found
        return {name: held[1] for name, held in found.items()}


def _read(session: Session, settings: Settings, name: str) -> MonthFigures:
    statement = statement_store.read(session, months.parse(name, settings.zone))
    lines = statement.lines if statement else {}
    return MonthFigures(
        report.grouped_by(lines, ("provider", "model")),
        report.grouped_by(lines, ("project",)),
        {key: line.cost.femto_usd for key, line in lines.items() if line.cost.priced_tokens},
    )
