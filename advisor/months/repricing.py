"""What other prices or names would change in each month, exactly, before anything is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlmodel import Session

from advisor.months import (
    adjustment_store,
    adjustments,
    month_computation,
    statement_store,
    statements,
)
from advisor.months.statement_store import MonthStatement
from advisor.months.statements import Line, LineKey, Pricing
from ledger import months, readings
from ledger.months import Month
from ledger.pricing import in_force, names
from ledger.pricing.overrides import Overrides
from ledger.pricing.prices import PriceBook
from ledger.settings import Settings

Progress = Callable[[int, int], None]
"""Takes how many months are done and how many there are."""


def _no_progress(_done: int, _months: int) -> None:
    """Shows nothing."""


class CostPlace(NamedTuple):
    """Where cost moves: a project's canonical model at a provider."""

    project: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCost:
    """What some usage costs at contract and at list prices: its priced tokens, exact."""

    cost_femto_usd: int = 0
    list_cost_femto_usd: int = 0
    priced_tokens: int = 0
    unpriced_tokens: int = 0
    requests: int = 0

    def __add__(self, other: "UsageCost") -> "UsageCost":
        return UsageCost(
            cost_femto_usd=self.cost_femto_usd + other.cost_femto_usd,
            list_cost_femto_usd=self.list_cost_femto_usd + other.list_cost_femto_usd,
            priced_tokens=self.priced_tokens + other.priced_tokens,
            unpriced_tokens=self.unpriced_tokens + other.unpriced_tokens,
            requests=self.requests + other.requests,
        )


NOTHING = UsageCost()


@dataclass(frozen=True, slots=True)
class Shift:
    """The cost of some usage before and after a change."""

    before: UsageCost = NOTHING
    after: UsageCost = NOTHING

    @property
    def cost_femto_usd(self) -> int:
        """The change of cost, of the priced part alone: unpriced tokens cost an unknown amount."""
        return self.after.cost_femto_usd - self.before.cost_femto_usd

    @property
    def unpriced_tokens(self) -> int:
        """The change of tokens without a price."""
        return self.after.unpriced_tokens - self.before.unpriced_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthShift:
    """A month before and after, and the places that differ, the largest change first.

    The changes of the places add up to the total. A closed month stays as it is: its change is what
    a repricing would book.
    """

    month: str
    closed: bool
    total: Shift
    places: dict[CostPlace, Shift]

    @property
    def arrived_requests(self) -> int:
        """Requests that came in since the month was published, and are part of the change."""
        return self.total.after.requests - self.total.before.requests


def preview_change(
    session: Session,
    settings: Settings,
    change: in_force.Change,
    progress: Progress = _no_progress,
) -> list[MonthShift]:
    """What a change of prices, contracts or names would do to each month, oldest first.

    An open month is computed twice from the same rollups, so that the difference is the change
    alone. A closed month is compared with its statement and adjustments. Raises as the change does.
    """
    overrides, series = in_force.load_overrides(session), readings.all_series(session)
    return _shifts(
        session,
        settings,
        after=_pricing(series, change(overrides)),
        before=_pricing(series, overrides),
        progress=progress,
    )


def compare_published(
    session: Session, settings: Settings, progress: Progress = _no_progress
) -> list[MonthShift]:
    """How each month at the prices and names in force differs from what is published of it."""
    overrides, series = in_force.load_overrides(session), readings.all_series(session)
    return _shifts(
        session,
        settings,
        after=_pricing(series, overrides),
        before=None,
        progress=progress,
    )


def preview_book(
    session: Session, settings: Settings, base: PriceBook, progress: Progress = _no_progress
) -> list[MonthShift]:
    """What another price book in place of the shipped one would do to each month.

    The operator's own prices, contracts and names stay.
    """
    overrides, series = in_force.load_overrides(session), readings.all_series(session)
    return _shifts(
        session,
        settings,
        after=_pricing(series, overrides, base),
        before=_pricing(series, overrides),
        progress=progress,
    )


def _pricing(
    series: dict[int, readings.StoredSeries], overrides: Overrides, base: PriceBook | None = None
) -> Pricing:
    book = overrides.book(base)
    return Pricing(series, book, names.Names(book, overrides.aliases))


def _shifts(
    session: Session,
    settings: Settings,
    *,
    after: Pricing,
    before: Pricing | None,
    progress: Progress,
) -> list[MonthShift]:
    """The shift of each month between two pricings; `before` None means what is published."""
    touched = {
        month
        for day in readings.day_revisions(session)
        for month in months.touching(day, settings.zone)
    }
    shifts = []
    for number, month in enumerate(sorted(touched), start=1):
        shifts.append(_shift(session, month, after, before))
        progress(number, len(touched))
    return shifts


def _shift(session: Session, month: Month, after: Pricing, before: Pricing | None) -> MonthShift:
    statement = statement_store.read_statement(session, month)
    closed = statement is not None and statement.closing is not None
    # A closed month keeps the zone in which it was closed.
    days = month_computation.usage_by_day(session, statement.month if statement else month)
    lines_before = (
        _published_lines(session, statement)
        if before is None or closed
        else statements.lines(days, before)
    )
    return compare(str(month), lines_before, statements.lines(days, after), closed=closed)


def _published_lines(session: Session, statement: MonthStatement | None) -> Mapping[LineKey, Line]:
    """What is published of a month: its statement, with its adjustments where it is closed."""
    if statement is None:
        return {}
    return adjustments.apply(
        statement.lines, adjustment_store.read_month(session, str(statement.month))
    )


def compare(
    month: str,
    before: Mapping[LineKey, Line],
    after: Mapping[LineKey, Line],
    *,
    closed: bool = False,
) -> MonthShift:
    """A month's lines before and after, by place; places that do not differ are left out."""
    costs_before, costs_after = _by_place(before), _by_place(after)
    shifts = {
        place: Shift(costs_before.get(place, NOTHING), costs_after.get(place, NOTHING))
        for place in costs_before.keys() | costs_after.keys()
    }
    changed = [(place, shift) for place, shift in shifts.items() if shift.before != shift.after]
    return MonthShift(
        month=month,
        closed=closed,
        total=Shift(sum(costs_before.values(), NOTHING), sum(costs_after.values(), NOTHING)),
        places=dict(sorted(changed, key=_rank)),
    )


def _rank(entry: tuple[CostPlace, Shift]) -> tuple[int, int, CostPlace]:
    place, shift = entry
    return -abs(shift.cost_femto_usd), -abs(shift.unpriced_tokens), place


def _by_place(lines: Mapping[LineKey, Line]) -> dict[CostPlace, UsageCost]:
    costs: dict[CostPlace, UsageCost] = {}
    for key, line in lines.items():
        place = CostPlace(key.project, key.provider, key.model)
        cost = UsageCost(
            cost_femto_usd=line.cost.femto_usd,
            list_cost_femto_usd=line.list_cost_femto_usd,
            priced_tokens=line.cost.priced_tokens,
            unpriced_tokens=line.cost.unpriced_tokens,
            requests=line.requests,
        )
        costs[place] = costs.get(place, NOTHING) + cost
    return costs
