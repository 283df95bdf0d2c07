"""Computing a month's statement from the rollups: its lines, its days and its forecast. Reads, never writes."""

import itertools
from datetime import date

from sqlmodel import Session

from advisor import forecast, statements
from advisor.statement_store import HISTORY_DAYS, Basis, DayFigure, ForecastFigure, MonthStatement
from ledger import clock, money, readings, usage
from ledger.months import Month


def compute(session: Session, month: Month, basis: Basis, pricing: statements.Pricing, now_us: int) -> MonthStatement:
    """A month's statement from the rollups as this session sees them."""
    found = parts(session, month)
    lines = statements.lines(found, pricing)
    spent = sum(line.cost.femto_usd for line in lines.values())
    days = tuple(_day_figure(part, pricing) for part in found)
    return MonthStatement(month, basis, 0, now_us, None, lines, days, _forecast(session, month, spent, pricing, now_us))


def parts(session: Session, month: Month) -> list[statements.Part]:
    """The usage of a month by UTC day: its whole days, and the hours of its edge days."""
    found = [statements.Part(day, held) for day, held in readings.by_day(session, month.whole_days).items()]
    found += [statements.Part(edge.start // 24, readings.sums(session, edge)) for edge in month.edge_hours]
    return sorted((part for part in found if part.amounts), key=lambda part: part.day)


def _day_figure(part: statements.Part, pricing: statements.Pricing) -> DayFigure:
    spent = statements.cost_of(part, pricing)
    requests = sum(amounts[usage.INDEX["requests"]] for amounts in part.amounts.values())
    shown = money.usd_text(spent.femto_usd) if spent.priced_tokens else None
    return DayFigure(clock.date_of(part.day).isoformat(), shown, requests)


def _forecast(
    session: Session, month: Month, spent_femto_usd: int, pricing: statements.Pricing, now_us: int
) -> ForecastFigure | None:
    today = clock.day_number(clock.from_us(now_us).astimezone(month.zone).date())
    first_day = clock.day_number(date(month.year, month.month, 1))
    finished = today >= first_day + month.days
    history = [] if finished else _closed_days(session, month, today, pricing)
    today_femto_usd = 0 if finished else cost_of_day(session, month, today, pricing) or 0
    found = forecast.of_month(
        forecast.Month(first_day, month.days, today, spent_femto_usd, today_femto_usd), [cost or 0 for cost in history]
    )
    if found is None:
        return None
    low, high = (None if end is None else money.usd_text(end) for end in (found.low_femto_usd, found.high_femto_usd))
    return ForecastFigure(money.usd_text(found.femto_usd), low, high, found.method)


def _closed_days(session: Session, month: Month, today: int, pricing: statements.Pricing) -> list[int | None]:
    """Cost of the zone's last closed days, oldest first, from the first full day with traffic on."""
    costs = [cost_of_day(session, month, today - age, pricing) for age in range(HISTORY_DAYS, 0, -1)]
    silent = list(itertools.takewhile(lambda cost: cost is None, costs))
    first = today - len(costs) + len(silent)
    began_before = not silent and cost_of_day(session, month, first - 1, pricing) is not None
    costs = costs[len(silent) :]
    if costs and not began_before:
        start = _first_hour(first, month)
        if not readings.sums(session, range(start, start + 1)):
            return costs[1:]
    return costs


def cost_of_day(session: Session, month: Month, local_day: int, pricing: statements.Pricing) -> int | None:
    """Femto-USD of one calendar day of the month's zone; None without any traffic in it."""
    hours = range(_first_hour(local_day, month), _first_hour(local_day + 1, month))
    cuts = sorted({hours.start, hours.stop, *range(-(-hours.start // 24) * 24, hours.stop, 24)})
    found: int | None = None
    for start, stop in itertools.pairwise(cuts):
        part = statements.Part(start // 24, readings.sums(session, range(start, stop)))
        if part.amounts:
            found = (found or 0) + statements.cost_of(part, pricing).femto_usd
    return found


def _first_hour(local_day: int, month: Month) -> int:
    """The UTC hour in which a calendar day (number since 1970-01-01) of the month's zone begins."""
    midnight = clock.from_us(local_day * clock.DAY_US).replace(tzinfo=month.zone)
    return clock.hour_of(clock.to_us(midnight))
