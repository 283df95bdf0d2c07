"""Fixed costs as rows: what is agreed, added and ended. Never commits.

A closed month never changes, so nothing is agreed or ended in its days.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from sqlalchemy import delete, select, update
from sqlmodel import Session

from ledger import clock, late_usage, tables
from ledger.errors import NotAllowed, NotFound, UsageError
from ledger.pricing import fixed_costs
from ledger.pricing.fixed_costs import FixedCost

_FIXED_COST = tables.FIXED_COST


def load_all(session: Session) -> list[FixedCost]:
    """Every fixed cost, by provider, model and first day."""
    order = (_FIXED_COST.c.provider, _FIXED_COST.c.model, _FIXED_COST.c.effective_from)
    return [
        FixedCost(
            kind=row.kind,
            provider=row.provider,
            model=row.model,
            amount_nano_usd=row.amount_nano_usd,
            per=row.per,
            effective_from=row.effective_from,
            effective_until=row.effective_until,
            source=row.source,
            shares_ppm=json.loads(row.shares_ppm),
            tokens_a_minute=row.tokens_a_minute,
        )
        for row in session.execute(select(_FIXED_COST).order_by(*order, _FIXED_COST.c.id))
    ]


def revision(session: Session) -> list[str]:
    """What changes whenever a fixed cost does."""
    return [f"{cost.id}/{cost.effective_until}" for cost in load_all(session)]


def add(session: Session, cost: FixedCost, now_us: int) -> None:
    """Agree a fixed cost. Raises UsageError for one that cannot be counted, NotAllowed."""
    fixed_costs.check(cost, load_all(session))
    _refuse_closed(session, cost)
    session.execute(
        _FIXED_COST.insert().values(
            id=cost.id,
            kind=cost.kind,
            provider=cost.provider,
            model=cost.model,
            amount_nano_usd=cost.amount_nano_usd,
            per=cost.per,
            effective_from=cost.effective_from,
            effective_until=cost.effective_until,
            source=cost.source,
            shares_ppm=json.dumps(dict(cost.shares_ppm)),
            tokens_a_minute=cost.tokens_a_minute,
            created_at=now_us,
        )
    )


def end(session: Session, cost_id: str, day: int) -> FixedCost:
    """End a fixed cost on a day; one that has not begun by then is removed.

    Raises NotFound, NotAllowed, and UsageError for one that is over by then or is a total, which is
    owed whatever happens.
    """
    cost = next((cost for cost in load_all(session) if cost.id == cost_id), None)
    if cost is None:
        raise NotFound(
            f"no contract has the id {cost_id!r}; list them with: switchwise contracts list"
        )
    if cost.effective_until is not None and cost.effective_until <= day:
        raise UsageError(f"{cost} is over by then")
    of_cost = _FIXED_COST.c.id == cost_id
    if day <= cost.effective_from:
        _refuse_closed(session, cost)
        session.execute(delete(_FIXED_COST).where(of_cost))
    elif cost.per == "total":
        raise UsageError(
            f"{cost} is owed in all, so it cannot end early; remove it with --on its first day"
        )
    else:
        _refuse_closed(session, replace(cost, effective_from=day))
        session.execute(update(_FIXED_COST).where(of_cost).values(effective_until=day))
    return cost


def find_capacity(
    costs: Iterable[FixedCost], provider: str, model: str, day: int
) -> FixedCost | None:
    """The capacity paid ahead that serves a model on a day; None without any."""
    covering = (
        cost
        for cost in costs
        if cost.kind == "capacity"
        and cost.covers(provider, model)
        and len(cost.days_in(range(day, day + 1)))
    )
    return next(covering, None)


def _refuse_closed(session: Session, cost: FixedCost) -> None:
    for month in late_usage.closed_months(session):
        first_day = clock.day_number(date.fromisoformat(f"{month.name}-01"))
        if len(cost.days_in(fixed_costs.month_days(first_day))):
            raise NotAllowed(
                f"{month.name} is closed, and its figures never change; name a later first day"
            )
