"""What another price book would make of usage that is already stored: the same tokens at both, month by month. Writes nothing."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session

from advisor import cost, monthly, statement_store, statements
from ledger import months, prices
from ledger.months import Month
from ledger.settings import Settings

SHOWN_MONTHS = 2
"""A change of price touches every open month; the last ones tell what it is worth."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One model of a provider, at one tier, that would cost another amount or have another part priced."""

    provider: str
    model: str
    service_tier: str
    before: prices.Cost
    after: prices.Cost


@dataclass(frozen=True, slots=True)
class MonthChange:
    """An open month at both books: its whole cost, and what differs, the largest change first."""

    month: Month
    before: prices.Cost
    after: prices.Cost
    differences: tuple[Difference, ...]


def of_open_months(
    session: Session, settings: Settings, before: statements.Pricing, after: statements.Pricing
) -> list[MonthChange]:
    """The last open months with traffic at two pricings, the newest first. A closed month keeps its figures, whatever changes."""
    open_months = itertools.islice(_open_months(session, settings), SHOWN_MONTHS)
    return [of_month(session, month, before, after) for month in open_months]


def of_month(session: Session, month: Month, before: statements.Pricing, after: statements.Pricing) -> MonthChange:
    """A month's usage at two pricings: exact femto-USD of the priced tokens, and the tokens that find no rate."""
    parts = monthly.parts(session, month)
    old, new = _by_model(statements.lines(parts, before)), _by_model(statements.lines(parts, after))
    found = (Difference(*key, old.get(key, prices.Cost()), new.get(key, prices.Cost())) for key in sorted(old | new))
    differences = sorted((each for each in found if each.before != each.after), key=_size, reverse=True)
    return MonthChange(month, cost.total(old.values()), cost.total(new.values()), tuple(differences))


def _open_months(session: Session, settings: Settings) -> Iterator[Month]:
    for name in reversed(statement_store.month_names(session)):
        statement = statement_store.read(session, months.parse(name, settings.zone))
        if statement is not None and statement.closed_at is None:
            yield statement.month


def _by_model(lines: dict[statements.LineKey, statements.Line]) -> dict[tuple[str, str, str], prices.Cost]:
    found: dict[tuple[str, str, str], list[prices.Cost]] = {}
    for key, line in lines.items():
        found.setdefault((key.provider, key.model, key.service_tier), []).append(line.cost)
    return {key: cost.total(costs) for key, costs in found.items()}


def _size(difference: Difference) -> tuple[int, int]:
    """What a difference is worth: first money, then tokens that gain or lose a price."""
    money = abs(difference.after.femto_usd - difference.before.femto_usd)
    return money, abs(difference.after.unpriced_tokens - difference.before.unpriced_tokens)
