"""What other prices or names would change in the months of the ledger, to the femto-USD, before anything is stored."""

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
from advisor.months.statements import Line, LineKey
from ledger import months, readings
from ledger.pricing import in_force, names
from ledger.pricing.overrides import Overrides
from ledger.pricing.prices import PriceBook
from ledger.settings import Settings

Show = Callable[[int, int], None]
"""Takes how many months are done and how many there are."""


def _silent(_done: int, _whole: int) -> None:
    """Shows nothing."""


class CostPlace(NamedTuple):
    """Where cost moves: a project's canonical model at a provider."""

    project: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class UsageCost:
    """What some usage costs, exact: femto-USD of its priced tokens, at contract and at list prices, beside its counts."""

    cost_femto_usd: int = 0
    list_cost_femto_usd: int = 0
    priced_tokens: int = 0
    unpriced_tokens: int = 0
    requests: int = 0

    def __add__(self, other: "UsageCost") -> "UsageCost":
        return UsageCost(
            self.cost_femto_usd + other.cost_femto_usd,
            self.list_cost_femto_usd + other.list_cost_femto_usd,
            self.priced_tokens + other.priced_tokens,
            self.unpriced_tokens + other.unpriced_tokens,
            self.requests + other.requests,
        )


NOTHING = UsageCost()


@dataclass(frozen=True, slots=True)
class Shift:
    """An amount before and after."""

    before: UsageCost = NOTHING
    after: UsageCost = NOTHING

    @property
    def cost_femto_usd(self) -> int:
        """The change of cost. The priced part alone changes: tokens that had no price cost an unknown amount before."""
        return self.after.cost_femto_usd - self.before.cost_femto_usd

    @property
    def unpriced_tokens(self) -> int:
        """The change of tokens without a price."""
        return self.after.unpriced_tokens - self.before.unpriced_tokens


@dataclass(frozen=True, slots=True)
class MonthShift:
    """A month before and after, and the places that differ, the largest change first; their changes add up to the month's.

    A closed month stays as it is: its change is what a correction would book.
    """

    month: str
    closed: bool
    whole: Shift
    places: dict[CostPlace, Shift]

    @property
    def arrived_requests(self) -> int:
        """Requests that came in since the month was published, and are part of the change."""
        return self.whole.after.requests - self.whole.before.requests


def preview_change(
    session: Session, settings: Settings, wanted: in_force.Change, show: Show = _silent
) -> list[MonthShift]:
    """What a change of prices, contracts or names would do to each month with traffic, oldest first.

    Open months are computed twice from the same rollups, so that the difference is the change alone; a closed month is
    compared with what it was closed at and what was booked since. Raises as the change does.
    """
    held, series = in_force.load_overrides(session), readings.all_series(session)
    return _shifts(session, settings, _pricing(series, wanted(held)), _pricing(series, held), show)


def compare_published(
    session: Session, settings: Settings, show: Show = _silent
) -> list[MonthShift]:
    """How what the rollups cost at the prices and names in force now differs from what is published, month by month."""
    return _shifts(
        session,
        settings,
        _pricing(readings.all_series(session), in_force.load_overrides(session)),
        None,
        show,
    )


def preview_book(
    session: Session, settings: Settings, base: PriceBook, show: Show = _silent
) -> list[MonthShift]:
    """What another price book in place of the shipped one would do to each month, under what the operator has said."""
    held, series = in_force.load_overrides(session), readings.all_series(session)
    return _shifts(session, settings, _pricing(series, held, base), _pricing(series, held), show)


def _pricing(
    series: dict[int, readings.StoredSeries], said: Overrides, base: PriceBook | None = None
) -> statements.Pricing:
    book = said.book(base)
    return statements.Pricing(series, book, names.Names(book, said.aliases))


def _shifts(
    session: Session,
    settings: Settings,
    after: statements.Pricing,
    before: statements.Pricing | None,
    show: Show,
) -> list[MonthShift]:
    touched = {
        month
        for day in readings.day_revisions(session)
        for month in months.touching(day, settings.zone)
    }
    found = []
    for done, month in enumerate(sorted(touched), start=1):
        statement = statement_store.read(session, month)
        closed = statement is not None and statement.closing is not None
        # A closed month keeps the zone in which it was closed.
        parts = month_computation.usage_by_day(
            session, statement.month if statement is not None and closed else month
        )
        held = (
            _published(session, statement)
            if before is None or closed
            else statements.lines(parts, before)
        )
        found.append(between(str(month), held, statements.lines(parts, after), closed=closed))
        show(done, len(touched))
    return found


def _published(session: Session, statement: MonthStatement | None) -> Mapping[LineKey, Line]:
    """What a month says today: its statement, and where it is closed everything that was booked since."""
    if statement is None:
        return {}
    return adjustments.apply(statement.lines, adjustment_store.read(session, str(statement.month)))


def between(
    month: str,
    before: Mapping[LineKey, Line],
    after: Mapping[LineKey, Line],
    *,
    closed: bool = False,
) -> MonthShift:
    """A month's lines before and after, by place; places that do not differ are left out."""
    held, wanted = _by_place(before), _by_place(after)
    shifts = {
        place: Shift(held.get(place, NOTHING), wanted.get(place, NOTHING))
        for place in held.keys() | wanted.keys()
    }
    moved = sorted((item for item in shifts.items() if item[1].before != item[1].after), key=_rank)
    whole = Shift(sum(held.values(), NOTHING), sum(wanted.values(), NOTHING))
    return MonthShift(month, closed, whole, dict(moved))


def _rank(item: tuple[CostPlace, Shift]) -> tuple[int, int, CostPlace]:
    place, shift = item
    return -abs(shift.cost_femto_usd), -abs(shift.unpriced_tokens), place


def _by_place(lines: Mapping[LineKey, Line]) -> dict[CostPlace, UsageCost]:
    found: dict[CostPlace, UsageCost] = {}
    for key, line in lines.items():
        place, cost = CostPlace(key.project, key.provider, key.model), line.cost
        amount = UsageCost(
            cost.femto_usd,
            line.list_cost_femto_usd,
            cost.priced_tokens,
            cost.unpriced_tokens,
            line.requests,
        )
        found[place] = found.get(place, NOTHING) + amount
    return found
