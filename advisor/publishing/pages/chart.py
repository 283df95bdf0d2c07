"""The daily spend of a month as bars: integers on a fixed scale, for any drawing to stretch.

Pure; it draws nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from advisor import words
from advisor.months import figures as month_figures
from advisor.months.figures import DayFigure, UsageFigure
from advisor.months.statement_store import DayCost
from ledger import clock, money

HEIGHT = 1_000
_STEPS = (10, 12, 16, 20, 30, 40, 50, 60, 80, 100)
"""Tops of a scale whose halves are round, too."""


@dataclass(frozen=True, slots=True)
class DayBar:
    """A UTC day: its height out of HEIGHT, and its figures (None: no traffic that day)."""

    day: str
    height: int
    figure: DayFigure | None
    open: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of a month's UTC days in order, and the labels of the scale from the top down."""

    bars: tuple[DayBar, ...]
    scale: tuple[str, ...]


def for_days(costs: Iterable[DayCost], days: range, today: int) -> Chart:
    """The bars of these UTC days; the one of today is still open."""
    by_day = {cost.day: cost for cost in costs}
    top = scale_top(max((cost.cost_femto_usd or 0 for cost in by_day.values()), default=0))
    bars = tuple(_bar(day, by_day.get(day), top, is_open=day == today) for day in days)
    return Chart(bars, tuple(words.whole_dollars(amount) for amount in (top, top // 2, 0)))


def _bar(day: int, cost: DayCost | None, top_femto_usd: int, *, is_open: bool) -> DayBar:
    femto_usd = (cost.cost_femto_usd or 0) if cost else 0
    return DayBar(
        day=clock.date_of(day).isoformat(),
        height=max(0, -(-femto_usd * HEIGHT // top_femto_usd)),
        figure=month_figures.day_figure(cost) if cost else None,
        open=is_open,
    )


def scale_top(largest_femto_usd: int) -> int:
    """The least round amount that is not below the largest one; a cent at least."""
    unit = money.FEMTO_PER_USD // 1_000
    while unit * _STEPS[-1] < largest_femto_usd:
        unit *= 10
    return next(unit * step for step in _STEPS if unit * step >= largest_femto_usd)


def share_width(part_usd: str | None, usages: Sequence[UsageFigure]) -> int:
    """The length of a bar, in thousandths of the longest one."""
    costs = (Decimal(usage.cost_usd) for usage in usages if usage.cost_usd is not None)
    longest = max(costs, default=Decimal(0))
    if part_usd is None or longest <= 0:
        return 0
    return max(0, int(Decimal(part_usd) * 1000 / longest))
