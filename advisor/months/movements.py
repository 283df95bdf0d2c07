"""What moved a month: its bridge from the month before, and its anomalies. Only reads.

They are computed from the rollups when somebody asks, so not every face has them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlmodel import Session

from advisor import words
from advisor.months import (
    anomalies,
    month_bridge,
    month_explanation,
    pricings,
    statement_store,
)
from advisor.months.anomalies import Anomaly, Place
from advisor.months.day_costs import CalendarDays
from advisor.months.month_bridge import Bridge, BridgeSums, CellKey
from advisor.months.statements import Pricing
from advisor.months.trace import TraceRow
from ledger import clock, money, prose
from ledger.months import Month
from ledger.pricing import prices


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeFigure:
    """Why a finished month cost more or less than the one before; the terms add up exactly.

    Volume is more requests, intensity more tokens a request, mix other models, tiers and kinds of
    token, price other rates; fees are what is billed besides tokens. Unpriced tokens and
    adjustments are in no term.
    """

    before: str
    before_usd: str
    after_usd: str
    change_usd: str
    volume_usd: str
    intensity_usd: str
    mix_usd: str
    price_usd: str
    fees_usd: str
    unpriced_tokens_before: int
    unpriced_tokens_after: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverFigure:
    """A workload and model that cost more on a day than on its usual weekday."""

    workload: str
    model: str
    more_usd: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyFigure:
    """A closed day on which a project cost far more than the mean of the same weekday.

    The drivers are the three largest, priced part only.
    """

    day: str
    project: str
    cost_usd: str
    usual_usd: str
    drivers: tuple[DriverFigure, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementsFigure:
    """What moved a month. The bridge is None while the month is under way or stands alone."""

    bridge: BridgeFigure | None
    anomalies: tuple[AnomalyFigure, ...]


def build(
    session: Session, month: Month, now_us: int, project: str | None = None
) -> MovementsFigure:
    """What moved a month, of all projects or one."""
    pricing = pricings.in_force(session)
    return MovementsFigure(
        bridge=_bridge(session, month, pricing, project) if month.end_us <= now_us else None,
        anomalies=tuple(_anomalies(session, month, pricing, now_us=now_us, project=project)),
    )


def _bridge(
    session: Session, month: Month, pricing: Pricing, project: str | None
) -> BridgeFigure | None:
    earlier, later = (
        statement_store.read_statement(session, period) for period in (month.previous(), month)
    )
    if earlier is None or later is None:
        return None
    rows_before, rows_after = (
        [
            row
            for row in month_explanation.rows_of(session, statement)
            if project in (None, row.project)
        ]
        for statement in (earlier, later)
    )
    before, after = month_bridge.sums_of(rows_before), month_bridge.sums_of(rows_after)
    last_day = month.previous().touched_days.stop - 1
    at_old_prices = _at_old_prices(rows_after, before, pricing.book, last_day)
    return _bridge_figure(
        str(month.previous()), before, after, month_bridge.build(before, after, at_old_prices)
    )


def _at_old_prices(
    rows: Iterable[TraceRow], before: BridgeSums, book: prices.PriceBook, last_day: int
) -> Mapping[CellKey, Fraction]:
    """By new cell, what its tokens would have cost at the last price of the month before.

    A row of a price that was not in force then counts at its own. What multiplies a row's rates,
    such as a faster mode, multiplies those of then.
    """
    costs: dict[CellKey, Fraction] = {}
    for row in rows:
        old, own = (
            book.at(
                row.provider,
                row.model,
                row.priced_tier,
                context_band=row.context_band,
                day=day,
                region=row.region,
            )
            for day in (last_day, row.first_day)
        )
        for meter in row.meters:
            key = month_bridge.key_of(row, meter.meter)
            if meter.cost_femto_usd is None or key in before.cells:
                continue
            cost = Fraction(meter.cost_femto_usd)
            if old is not None and own is not None and not old.backdated:
                old_rate = old.rates.by_meter.get(meter.meter)
                own_rate = own.rates.by_meter.get(meter.meter)
                if old_rate is not None and own_rate:
                    cost *= Fraction(old_rate, own_rate)
            costs[key] = costs.get(key, Fraction(0)) + cost
    return costs


def _bridge_figure(
    name: str, before: BridgeSums, after: BridgeSums, bridge: Bridge
) -> BridgeFigure:
    terms = {
        "volume": bridge.volume_femto_usd,
        "intensity": bridge.intensity_femto_usd,
        "mix": bridge.mix_femto_usd,
        "price": bridge.price_femto_usd,
        "fees": bridge.fees_femto_usd,
    }
    remarks = [f"{term} {_signed(amount)}" for term, amount in terms.items() if amount]
    change = _signed(bridge.change_femto_usd)
    return BridgeFigure(
        before=name,
        before_usd=money.usd_text(before.cost_femto_usd + before.fees_femto_usd),
        after_usd=money.usd_text(after.cost_femto_usd + after.fees_femto_usd),
        change_usd=money.usd_text(bridge.change_femto_usd),
        **{f"{term}_usd": money.usd_text(amount) for term, amount in terms.items()},
        unpriced_tokens_before=before.unpriced_tokens,
        unpriced_tokens_after=after.unpriced_tokens,
        sentence=f"{change} against {name}: {', '.join(remarks) or 'nothing changed'}",
    )


def _signed(amount_femto_usd: int) -> str:
    text = words.femto_dollars(amount_femto_usd)
    return f"+{text}" if amount_femto_usd > 0 else text


def _anomalies(
    session: Session, month: Month, pricing: Pricing, *, now_us: int, project: str | None
) -> Iterable[AnomalyFigure]:
    days = CalendarDays(session, month)
    of_month = month.calendar_days
    closed = range(of_month.start, min(of_month.stop, days.day_of(now_us)))
    history = range(of_month.start - anomalies.HISTORY_DAYS - 1, closed.stop)
    if not len(closed) or not days.can_be_read(history):
        return
    days.read_ahead(history)
    costs: dict[str, dict[int, dict[Place, int]]] = {}
    for day in history:
        for part in days.usage_on(day):
            for series_id, amounts in part.amounts.items():
                labels = pricing.series[series_id].labels
                priced = pricing.resolve(series_id, part.day)
                places = costs.setdefault(labels.project, {}).setdefault(day, {})
                place = (labels.workload, priced.model)
                cost = pricing.cost_of(series_id, part.day, amounts)
                places[place] = places.get(place, 0) + cost.femto_usd
    for name, by_day in sorted(costs.items()):
        if project in (None, name):
            # Its first day may have begun in the middle, so it is no day of the history.
            first_day = min(by_day) + 1
            for anomaly in anomalies.find(closed, by_day, first_day):
                yield _anomaly_figure(name, anomaly)


def _anomaly_figure(project: str, anomaly: Anomaly) -> AnomalyFigure:
    drivers = [
        f"{driver.workload} on {driver.model} +{words.femto_dollars(driver.more_femto_usd)}"
        for driver in anomaly.drivers
    ]
    day = clock.date_of(anomaly.day).isoformat()
    cost, usual = (
        words.femto_dollars(amount) for amount in (anomaly.cost_femto_usd, anomaly.usual_femto_usd)
    )
    because = f", mostly {prose.all_of(drivers)}" if drivers else ""
    return AnomalyFigure(
        day=day,
        project=project,
        cost_usd=money.usd_text(anomaly.cost_femto_usd),
        usual_usd=money.usd_text(anomaly.usual_femto_usd),
        drivers=tuple(
            DriverFigure(
                workload=driver.workload,
                model=driver.model,
                more_usd=money.usd_text(driver.more_femto_usd),
            )
            for driver in anomaly.drivers
        ),
        sentence=f"{project} cost {cost} on {day}, usually {usual}{because}",
    )
