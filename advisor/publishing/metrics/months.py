"""What the metrics need of each month, cached while its statement does not change."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import func, select
from sqlmodel import Session

from advisor.months import (
    adjustment_store,
    adjustments,
    sender_costs,
    statement_store,
    statements,
)
from advisor.months.adjustments import ByNumber
from advisor.months.meter_sums import MeterSums
from advisor.months.sender_costs import SenderCost
from advisor.months.statements import Line, LineKey
from advisor.months.waste import Waste
from ledger import months, tables
from ledger.settings import Settings

_STATEMENT = tables.STATEMENT
_ADJUSTMENT_LINE = tables.ADJUSTMENT_LINE

K = TypeVar("K", bound=Hashable)

ModelKey = tuple[str, str]
"""Provider and canonical model."""
Stamp = tuple[int, ...]
"""Changes whenever a month's statement or its adjustments change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSums:
    """What a month came to. Costs are femto-USD of priced usage; what has no price has no entry.

    A closed month's adjustments are separate from its sums, but included in the cost of its lines.
    """

    model_requests: dict[ModelKey, int]
    model_femto_usd: dict[ModelKey, int]
    project_femto_usd: dict[str, int]
    adjustment_femto_usd: dict[ModelKey, int]
    line_femto_usd: dict[LineKey, int]
    model_meters: dict[ModelKey, MeterSums]
    sender_costs: tuple[SenderCost, ...]
    waste: Waste | None


class MonthCache:
    """The months read so far.

    It may be thrown away at any time, and a changed statement is read again.
    """

    def __init__(self) -> None:
        self._months: dict[str, tuple[Stamp, MonthSums]] = {}

    def load_months(self, session: Session, settings: Settings) -> dict[str, MonthSums]:
        """Every month that has a statement, oldest first."""
        adjustment_stamps = _adjustment_stamps(session)
        columns = (_STATEMENT.c.month, _STATEMENT.c.revision, _STATEMENT.c.computed_at)
        fresh: dict[str, tuple[Stamp, MonthSums]] = {}
        for name, *stamps in session.execute(select(*columns).order_by(_STATEMENT.c.month)):
            stamp = (*stamps, *adjustment_stamps.get(name, ()))
            cached = self._months.get(name)
            if cached is None or cached[0] != stamp:
                cached = (stamp, _load_month(session, settings, name))
            fresh[name] = cached
        self._months = fresh
        return {name: sums for name, (_, sums) in fresh.items()}


def _adjustment_stamps(session: Session) -> dict[str, Stamp]:
    """By month, what changes with every new adjustment and with each that grows.

    Late usage adds requests to an adjustment.
    """
    line = _ADJUSTMENT_LINE.c
    rows = session.execute(
        select(line.month, func.max(line.number), func.sum(line.requests)).group_by(line.month)
    )
    return {month: (number, int(requests)) for month, number, requests in rows}


def _load_month(session: Session, settings: Settings, name: str) -> MonthSums:
    statement = statement_store.read_statement(session, months.parse(name, settings.zone))
    lines = statement.lines if statement else {}
    month_adjustments = adjustment_store.read_month(session, name)
    return MonthSums(
        model_requests=_sum_requests(lines),
        model_femto_usd=_sum_costs(lines, lambda key: (key.provider, key.model)),
        project_femto_usd=_sum_costs(lines, lambda key: key.project),
        adjustment_femto_usd=_sum_adjustments(month_adjustments),
        line_femto_usd={
            key: line.cost.femto_usd
            for key, line in adjustments.apply(lines, month_adjustments).items()
            if line.is_priced
        },
        model_meters=statements.meters_by_model(lines),
        sender_costs=sender_costs.by_model(statement.sender_costs) if statement else (),
        waste=statement.waste if statement else None,
    )


def _sum_requests(lines: Mapping[LineKey, Line]) -> dict[ModelKey, int]:
    sums: dict[ModelKey, int] = {}
    for key, line in lines.items():
        model = (key.provider, key.model)
        sums[model] = sums.get(model, 0) + line.requests
    return sums


def _sum_costs(lines: Mapping[LineKey, Line], group_of: Callable[[LineKey], K]) -> dict[K, int]:
    sums: dict[K, int] = {}
    for key, line in lines.items():
        if line.is_priced:
            group = group_of(key)
            sums[group] = sums.get(group, 0) + line.cost.femto_usd
    return sums


def _sum_adjustments(month_adjustments: ByNumber) -> dict[ModelKey, int]:
    sums: dict[ModelKey, int] = {}
    for adjustment in month_adjustments.values():
        for key, line in adjustment.lines.items():
            if line.is_priced:
                model = (key.provider, key.model)
                sums[model] = sums.get(model, 0) + line.cost.femto_usd
    return sums
