"""Computing a month's statement from the rollups: lines, days, waste and forecast. Only reads."""

import functools
import itertools
from collections.abc import Callable
from datetime import date

from sqlmodel import Session

from advisor.months import backtest, forecast, statements, waste
from advisor.months.backtest import Backtest
from advisor.months.forecast import Forecast
from advisor.months.statement_store import HISTORY_DAYS, Basis, DayCost, MonthStatement
from advisor.months.statements import DayUsage, Pricing
from ledger import clock, readings, usage
from ledger.months import Month


def compute(
    session: Session, month: Month, *, basis: Basis, pricing: Pricing, now_us: int
) -> MonthStatement:
    """A month's statement from the rollups as this session sees them."""
    days = usage_by_day(session, month)
    lines = statements.lines(days, pricing)
    spent = sum(line.cost.femto_usd for line in lines.values())
    expected, tested = _forecast(_DayCosts(session, month, pricing), spent, now_us)
    return MonthStatement(
        month=month,
        basis=basis,
        revision=0,
        computed_at=now_us,
        closing=None,
        lines=lines,
        days=tuple(_day_cost(day, pricing) for day in days),
        waste=waste.from_usage(days, pricing),
        forecast=expected,
        backtest=tested,
    )


def usage_by_day(session: Session, month: Month) -> list[DayUsage]:
    """The usage of a month by UTC day: its whole days, and the hours of its edge days."""
    whole_days = readings.sum_days(session, month.whole_days)
    days = [DayUsage(day, amounts) for day, amounts in whole_days.items()]
    days += [
        DayUsage(edge.start // 24, readings.sum_span(session, edge)) for edge in month.edge_hours
    ]
    return sorted((day for day in days if day.amounts), key=lambda day: day.day)


def _day_cost(day: DayUsage, pricing: Pricing) -> DayCost:
    cost = statements.cost_of(day, pricing)
    requests = sum(amounts[usage.INDEX["requests"]] for amounts in day.amounts.values())
    return DayCost(day.day, cost.femto_usd if cost.priced_tokens else None, requests)


class _DayCosts:
    """The costs of calendar days of a month's zone in femto-USD, each read once."""

    def __init__(self, session: Session, month: Month, pricing: Pricing) -> None:
        self.session, self.month = session, month
        self.on: Callable[[int], int | None] = functools.cache(
            lambda day: cost_of_day(session, month, day, pricing)
        )

    def closed_before(self, today: int) -> list[int]:
        """The last closed days, oldest first, from the first full day with traffic on."""
        costs = [self.on(today - age) for age in range(HISTORY_DAYS, 0, -1)]
        silent = list(itertools.takewhile(lambda cost: cost is None, costs))
        first = today - len(costs) + len(silent)
        began_before = not silent and self.on(first - 1) is not None
        full = [cost or 0 for cost in costs[len(silent) :]]
        if full and not began_before:
            start = _first_hour(first, self.month)
            if not readings.sum_span(self.session, range(start, start + 1)):
                return full[1:]
        return full


def _forecast(
    costs: _DayCosts, spent_femto_usd: int, now_us: int
) -> tuple[Forecast | None, Backtest | None]:
    month = costs.month
    today = clock.day_number(clock.from_us(now_us).astimezone(month.zone).date())
    first_day = clock.day_number(date(month.year, month.month, 1))
    if today >= first_day + month.days:
        return forecast.actual(spent_femto_usd), _backtest(costs, first_day)
    so_far = forecast.MonthSoFar(
        first_day=first_day,
        days=month.days,
        today=today,
        spent_femto_usd=spent_femto_usd,
        today_femto_usd=costs.on(today) or 0,
    )
    return forecast.for_month(so_far, costs.closed_before(today)), None


def _backtest(costs: _DayCosts, first_day: int) -> Backtest | None:
    """The forecasts of a finished month, made again from the rollups as they are now.

    What came late counts as if it had come in time.
    """
    days = range(first_day, first_day + costs.month.days)
    return backtest.run(
        first_day,
        costs_femto_usd=[costs.on(day) or 0 for day in days],
        histories_femto_usd=[costs.closed_before(day) for day in days],
    )


def cost_of_day(session: Session, month: Month, local_day: int, pricing: Pricing) -> int | None:
    """Femto-USD of one calendar day of the month's zone; None without any traffic in it."""
    hours = range(_first_hour(local_day, month), _first_hour(local_day + 1, month))
    cuts = sorted({hours.start, hours.stop, *range(-(-hours.start // 24) * 24, hours.stop, 24)})
    cost_femto_usd: int | None = None
    for start, stop in itertools.pairwise(cuts):
        day = DayUsage(start // 24, readings.sum_span(session, range(start, stop)))
        if day.amounts:
            cost_femto_usd = (cost_femto_usd or 0) + statements.cost_of(day, pricing).femto_usd
    return cost_femto_usd


def _first_hour(local_day: int, month: Month) -> int:
    """The UTC hour in which a calendar day (number since 1970-01-01) of the month's zone begins."""
    midnight = clock.from_us(local_day * clock.DAY_US).replace(tzinfo=month.zone)
    return clock.hour_of(clock.to_us(midnight))
