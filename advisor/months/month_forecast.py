"""A month's forecast and back-test from its days, with both readings of a silence. Only reads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from advisor.months import backtest, forecast, missed_spend, statement_store
from advisor.months.backtest import Backtest
from advisor.months.day_costs import CalendarDays, DayCosts
from advisor.months.forecast import Forecast, MonthSoFar
from advisor.months.missed_spend import MissedSpend, UsualDays
from advisor.months.silent_senders import SilentSender
from advisor.months.statements import Pricing
from ledger import clock, money, senders


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a month is expected to come to, how its forecasts did, and what silence leaves out."""

    forecast: Forecast | None
    backtest: Backtest | None
    missed: tuple[MissedSpend, ...]


@dataclass(frozen=True, slots=True)
class _Silence:
    """The silent senders of a month: their usual days, and the costs of all other senders."""

    usual: Sequence[UsualDays]
    others: DayCosts

    def missed_femto_usd(self, day: int) -> int:
        """What the silent senders' usual cost of a day leaves missing."""
        missed = sum((usual.missed_on(day) for usual in self.usual), Fraction(0))
        return money.round_to_nano_usd(missed)


def look_ahead(
    days: CalendarDays,
    pricing: Pricing,
    silent: Sequence[SilentSender],
    *,
    day_costs: dict[int, int | None] | None = None,
    spent_femto_usd: int,
    now_us: int,
) -> Outlook:
    """The outlook of a month that has cost so much. That of a finished month is its actual.

    `day_costs` are those that are known by calendar day of its zone; it takes new ones.
    """
    costs, month = DayCosts(days, pricing, costs=day_costs), days.month
    today = days.day_of(now_us)
    first_day = clock.day_number(date(month.year, month.month, 1))
    so_far = MonthSoFar(
        first_day=first_day,
        days=month.days,
        today=today,
        spent_femto_usd=spent_femto_usd,
        today_femto_usd=costs.on(today) or 0,
    )
    is_over = not so_far.days_left
    expected = forecast.for_month(so_far, [] if is_over else costs.closed_before(today))
    missed = []
    if silent:
        series = {sender: senders.series_of(days.session, sender.sender) for sender in silent}
        own = {sender: DayCosts(days, pricing, ids.__contains__) for sender, ids in series.items()}
        silent_ids = frozenset[int]().union(*series.values())
        silence = _Silence(
            [missed_spend.missed_costs(own[sender], sender) for sender in silent],
            DayCosts(days, pricing, lambda series_id: series_id not in silent_ids),
        )
        expected = _both_readings(costs, so_far, silence)
        missed = [missed_spend.measure(own[sender], sender, now_us) for sender in silent]
    return Outlook(
        forecast=expected,
        backtest=_backtest(costs, first_day) if is_over else None,
        missed=tuple(missed),
    )


def _both_readings(costs: DayCosts, so_far: MonthSoFar, silence: _Silence) -> Forecast | None:
    """The forecast if the silent senders broke, and if their traffic ended."""
    until = min(so_far.today, so_far.first_day + so_far.days)
    missed = sum(silence.missed_femto_usd(day) for day in range(so_far.first_day, until))
    closed = costs.closed_before(so_far.today)
    first_closed = so_far.today - len(closed)
    if_broken = forecast.for_month(
        replace(so_far, spent_femto_usd=so_far.spent_femto_usd + missed),
        [cost + silence.missed_femto_usd(first_closed + age) for age, cost in enumerate(closed)],
    )
    others = silence.others
    if_ended = forecast.for_month(
        replace(so_far, today_femto_usd=others.on(so_far.today) or 0),
        others.closed_before(so_far.today),
    )
    return forecast.combine(if_broken, if_ended or forecast.actual(so_far.spent_femto_usd))


def _backtest(costs: DayCosts, first_day: int) -> Backtest | None:
    """The forecasts of a finished month, made again from the rollups as they are now.

    What came late counts as if it had come in time. None where the days cannot be told any more.
    """
    days = costs.days.month.calendar_days
    looked_at = range(days.start - statement_store.HISTORY_DAYS - 1, days.stop)
    if not costs.days.can_be_read(looked_at):
        return None
    costs.read_ahead(looked_at)
    return backtest.run(
        first_day,
        costs_femto_usd=[costs.on(day) or 0 for day in days],
        histories_femto_usd=[costs.closed_before(day) for day in days],
    )
