"""Computing a month's statement from the rollups: its lines, its days and its forecast. Reads, never writes."""

import functools
import itertools
from collections.abc import Callable
from datetime import date

from sqlmodel import Session

from advisor.months import backtest, forecast, statements, waste
from advisor.months import figures as month_figures
from advisor.months.statement_store import (
    HISTORY_DAYS,
    Basis,
    DayFigure,
    ForecastFigure,
    MonthStatement,
)
from advisor.months.statements import DayUsage, Pricing
from ledger import clock, money, readings, usage
from ledger.months import Month


def compute(
    session: Session, month: Month, basis: Basis, pricing: Pricing, now_us: int
) -> MonthStatement:
    """A month's statement from the rollups as this session sees them."""
    days = usage_by_day(session, month)
    lines = statements.lines(days, pricing)
    spent = sum(line.cost.femto_usd for line in lines.values())
    return MonthStatement(
        month=month,
        basis=basis,
        revision=0,
        computed_at=now_us,
        closing=None,
        lines=lines,
        days=tuple(_day_figure(day, pricing) for day in days),
        waste=waste.from_usage(days, pricing),
        forecast=_forecast(session, month, spent, pricing, now_us),
    )


def usage_by_day(session: Session, month: Month) -> list[DayUsage]:
    """The usage of a month by UTC day: its whole days, and the hours of its edge days."""
    whole_days = readings.sum_days(session, month.whole_days)
    days = [DayUsage(day, amounts) for day, amounts in whole_days.items()]
    days += [
        DayUsage(edge.start // 24, readings.sum_span(session, edge)) for edge in month.edge_hours
    ]
    return sorted((day for day in days if day.amounts), key=lambda day: day.day)


def _day_figure(day: DayUsage, pricing: Pricing) -> DayFigure:
    cost = statements.cost_of(day, pricing)
    requests = sum(amounts[usage.INDEX["requests"]] for amounts in day.amounts.values())
    cost_usd = money.usd_text(cost.femto_usd) if cost.priced_tokens else None
    return DayFigure(clock.date_of(day.day).isoformat(), cost_usd, requests)


def _forecast(
    session: Session, month: Month, spent_femto_usd: int, pricing: Pricing, now_us: int
) -> ForecastFigure | None:
    today = clock.day_number(clock.from_us(now_us).astimezone(month.zone).date())
    first_day = clock.day_number(date(month.year, month.month, 1))
    cost_on = functools.cache(lambda day: cost_of_day(session, month, day, pricing))
    closed_before = functools.partial(_closed_days, session, month, cost_on)
    if today >= first_day + month.days:
        actual = money.usd_text(spent_femto_usd)
        tested = _backtest(month, first_day, cost_on, closed_before)
        return ForecastFigure(actual, actual, actual, "actual", tested)
    so_far = forecast.MonthSoFar(first_day, month.days, today, spent_femto_usd, cost_on(today) or 0)
    found = forecast.for_month(so_far, closed_before(today))
    if found is None:
        return None
    low, high = (
        None if end is None else money.usd_text(end)
        for end in (found.low_femto_usd, found.high_femto_usd)
    )
    return ForecastFigure(money.usd_text(found.femto_usd), low, high, found.method)


def _backtest(
    month: Month,
    first_day: int,
    cost_on: Callable[[int], int | None],
    closed_before: Callable[[int], list[int]],
) -> month_figures.BacktestFigure | None:
    """The forecasts of a finished month made again from the rollups as they are: what came late counts as if in time."""
    days = range(first_day, first_day + month.days)
    found = backtest.run(
        first_day, [cost_on(day) or 0 for day in days], [closed_before(day) for day in days]
    )
    if found is None:
        return None
    return month_figures.BacktestFigure(
        str(month),
        money.usd_text(found.actual_femto_usd),
        found.forecasts,
        money.ratio_text(found.error_ratio),
        money.ratio_text(found.bias_ratio),
        found.banded,
        found.covered,
    )


def _closed_days(
    session: Session, month: Month, cost_on: Callable[[int], int | None], today: int
) -> list[int]:
    """Femto-USD of the zone's last closed days, oldest first, from the first full day with traffic on."""
    costs = [cost_on(today - age) for age in range(HISTORY_DAYS, 0, -1)]
    silent = list(itertools.takewhile(lambda cost: cost is None, costs))
    first = today - len(costs) + len(silent)
    began_before = not silent and cost_on(first - 1) is not None
    full = [cost or 0 for cost in costs[len(silent) :]]
    if full and not began_before:
        start = _first_hour(first, month)
        if not readings.sum_span(session, range(start, start + 1)):
            return full[1:]
    return full


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
