"""Computing a month's statement from the rollups: lines, days, waste and forecast. Only reads."""

from collections.abc import Sequence

from sqlmodel import Session

from advisor.months import month_forecast, sender_costs, statements, waste
from advisor.months.day_costs import CalendarDays
from advisor.months.silent_senders import SilentSender
from advisor.months.statement_store import Basis, DayCost, MonthStatement
from advisor.months.statements import DayUsage, Pricing
from ledger import readings, slots, usage
from ledger.months import Month


def compute(
    session: Session,
    month: Month,
    *,
    basis: Basis,
    pricing: Pricing,
    now_us: int,
    silent: Sequence[SilentSender] = (),
    day_costs: dict[int, int | None] | None = None,
) -> MonthStatement:
    """A month's statement from the rollups as this session sees them.

    `silent` are the senders whose events the month may lack. `day_costs` are those that are known
    by calendar day of its zone; it takes new ones.
    """
    days = usage_by_day(session, month)
    lines = statements.lines(days, pricing)
    spent = sum(line.cost.femto_usd for line in lines.values())
    outlook = month_forecast.look_ahead(
        CalendarDays(session, month),
        pricing,
        silent,
        day_costs=day_costs,
        spent_femto_usd=spent,
        now_us=now_us,
    )
    return MonthStatement(
        month=month,
        basis=basis,
        revision=0,
        computed_at=now_us,
        closing=None,
        lines=lines,
        days=tuple(_day_cost(day, pricing) for day in days),
        waste=waste.from_usage(days, pricing),
        sender_costs=sender_costs.from_usage(days, pricing),
        forecast=outlook.forecast,
        backtest=outlook.backtest,
        missed=outlook.missed,
    )


def usage_by_day(session: Session, month: Month) -> list[DayUsage]:
    """The usage of a month by UTC day: its whole days, and the parts of its edge days."""
    whole_days = readings.sum_days(session, month.whole_days)
    days = [DayUsage(day, amounts) for day, amounts in whole_days.items()]
    days += [
        DayUsage(edge.start // slots.PER_DAY, readings.sum_span(session, edge))
        for edge in month.edges
    ]
    return sorted((day for day in days if day.amounts), key=lambda day: day.day)


def _day_cost(day: DayUsage, pricing: Pricing) -> DayCost:
    cost = statements.cost_of(day, pricing)
    requests = sum(amounts[usage.INDEX["requests"]] for amounts in day.amounts.values())
    is_priced = cost.priced_tokens or cost.femto_usd
    return DayCost(day.day, cost.femto_usd if is_priced else None, requests)
