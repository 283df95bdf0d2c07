"""Late usage: what a rollup adds to the hours of a month that is closed already.

The closed statement stays as it is. What came late is stored a second time, by month and day, for a
dated adjustment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session

from ledger import months, tables, usage

_STATEMENT = tables.STATEMENT
_ADJUSTMENT = tables.ADJUSTMENT

LATE, REPRICING = "late", "repricing"
"""The kinds of adjustment: usage that came after the close, and a correction by a person."""

LateKey = tuple[str, int, int, int, int]
"""Month, UTC day of the rollup, number of the month's last repricing, slot, series id."""


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A closed month: its slots in the zone of its close, and its last repricing (0: none)."""

    name: str
    slots: range
    after_number: int


def closed_months(session: Session) -> list[ClosedMonth]:
    """Every closed month, oldest first. Zones may differ, so usage may lie in two of them."""
    repriced = (
        select(func.coalesce(func.max(_ADJUSTMENT.c.number), 0))
        .where(_ADJUSTMENT.c.month == _STATEMENT.c.month, _ADJUSTMENT.c.kind == REPRICING)
        .scalar_subquery()
    )
    query = select(_STATEMENT.c.month, _STATEMENT.c.zone, repriced).where(
        _STATEMENT.c.closed_at.is_not(None)
    )
    closed = []
    for name, zone, number in session.execute(query.order_by(_STATEMENT.c.month)):
        month = months.parse(name, ZoneInfo(zone))
        closed.append(ClosedMonth(name, month.slots, number))
    return closed


def extract(
    sums: usage.Sums, closed: Iterable[ClosedMonth], recorded_day: int
) -> dict[LateKey, list[int]]:
    """The part of these sums that is late for each closed month, recorded on a UTC day."""
    return {
        (month.name, recorded_day, month.after_number, slot, series_id): amounts
        for month in closed
        for (slot, series_id), amounts in sums.hours.items()
        if slot in month.slots
    }
