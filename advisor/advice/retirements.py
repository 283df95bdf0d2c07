"""Announced shutdowns of models in use, read from rollups and the price book."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session

from advisor.months import statements
from ledger import clock, readings
from ledger.pricing import names, prices

Place = TypeVar("Place")

IN_USE_DAYS = 14
"""A model without traffic for this long is no longer in use."""
USAGE_DAYS = 30
"""UTC days, with today, over which the use of a retiring model is summed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retiring:
    """A model, or a name of its own as it is sent, whose shutdown is announced.

    `shutdown_day` is the first UTC day that it no longer serves, `days_left` the days until then.
    """

    provider: str
    model: str
    shutdown_day: int
    days_left: int
    successor: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiringUsage:
    """The use of a retiring model by a project and key over the last `USAGE_DAYS` days.

    The cost is None where none of it is priced.
    """

    retiring: Retiring
    project: str
    key: str
    requests: int
    cost_femto_usd: int | None
    unpriced_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiringSlice:
    """The use of a retiring model by a workload over the last `USAGE_DAYS` days.

    `advised_model` is the model that its advice starts at; `retiring` may name a snapshot of it.
    The cost is None where none of it is priced.
    """

    retiring: Retiring
    advised_model: str
    project: str
    workload: str
    requests: int
    cost_femto_usd: int | None


def find_in_use(session: Session, pricing: statements.Pricing, now_us: int) -> list[Retiring]:
    """The retiring models with traffic of the last days, the first to go first."""
    today = clock.day_of(now_us)
    retiring: set[Retiring] = set()
    for series_id in readings.traffic_days(session, today - IN_USE_DAYS, today):
        provider, model, retirement = _of_series(pricing, series_id, today)
        if retirement is not None:
            retiring.add(_retiring(provider, model, retirement, today))
    return sorted(retiring, key=_by_day)


def find_usage(session: Session, pricing: statements.Pricing, now_us: int) -> list[RetiringUsage]:
    """The use of retiring models in the last days by project and key, the most dollars first."""

    def user_of(series_id: int) -> tuple[str, str]:
        labels = pricing.series[series_id].labels
        return labels.project, labels.key

    lines = _sum_lines(session, pricing, now_us, user_of)
    usages = (
        _usage(retiring, project, key, line) for (retiring, (project, key)), line in lines.items()
    )
    return sorted(usages, key=_by_dollars)


def find_slices(session: Session, pricing: statements.Pricing, now_us: int) -> list[RetiringSlice]:
    """The use of retiring models in the last days by workload, the most dollars first."""
    today = clock.day_of(now_us)

    def slice_of(series_id: int) -> tuple[str, str, str]:
        labels = pricing.series[series_id].labels
        return pricing.resolve(series_id, today).model, labels.project, labels.workload

    lines = _sum_lines(session, pricing, now_us, slice_of)
    slices = [
        RetiringSlice(
            retiring=retiring,
            advised_model=model,
            project=project,
            workload=workload,
            requests=line.requests,
            cost_femto_usd=line.cost.femto_usd if line.is_priced else None,
        )
        for (retiring, (model, project, workload)), line in lines.items()
    ]
    return sorted(
        slices,
        key=lambda row: (
            -(row.cost_femto_usd or 0),
            _by_day(row.retiring),
            row.project,
            row.workload,
        ),
    )


def _sum_lines(
    session: Session,
    pricing: statements.Pricing,
    now_us: int,
    place_of: Callable[[int], Place],
) -> dict[tuple[Retiring, Place], statements.Line]:
    """The use of retiring models in the last days by what retires and by the place of a series."""
    today = clock.day_of(now_us)
    lines: dict[tuple[Retiring, Place], statements.Line] = {}
    for day, by_series in readings.sum_days(
        session, range(today - USAGE_DAYS + 1, today + 1)
    ).items():
        for series_id, amounts in by_series.items():
            series = pricing.series[series_id]
            provider, model, retirement = _of_series(pricing, series_id, day)
            if retirement is not None:
                retiring = _retiring(provider, model, retirement, today)
                line = lines.setdefault((retiring, place_of(series_id)), statements.Line())
                line.add(series, amounts, pricing.resolve(series_id, day).price)
    return lines


def _of_series(
    pricing: statements.Pricing, series_id: int, day: int
) -> tuple[str, str, prices.Retirement | None]:
    """The provider of a series, what of it retires, and when: its name as sent, else its model."""
    labels, priced = pricing.series[series_id].labels, pricing.resolve(series_id, day)
    of_name = names.retirement_of_name(pricing.book, labels.provider, labels.model)
    if of_name is not None:
        return labels.provider, labels.model, of_name
    facts = pricing.book.facts_of(priced.provider, priced.model)
    return priced.provider, priced.model, facts.retirement


def _retiring(provider: str, model: str, retirement: prices.Retirement, as_of_day: int) -> Retiring:
    return Retiring(
        provider=provider,
        model=model,
        shutdown_day=retirement.shutdown_day,
        days_left=max(0, retirement.shutdown_day - as_of_day),
        successor=retirement.successor,
        source=retirement.source,
    )


def _usage(retiring: Retiring, project: str, key: str, line: statements.Line) -> RetiringUsage:
    return RetiringUsage(
        retiring=retiring,
        project=project,
        key=key,
        requests=line.requests,
        cost_femto_usd=line.cost.femto_usd if line.is_priced else None,
        unpriced_tokens=line.cost.unpriced_tokens,
    )


def _by_day(row: Retiring) -> tuple[int, str, str]:
    return row.shutdown_day, row.provider, row.model


def _by_dollars(row: RetiringUsage) -> tuple[int, tuple[int, str, str], str, str]:
    return -(row.cost_femto_usd or 0), _by_day(row.retiring), row.project, row.key


def find_announced(
    models: Iterable[tuple[str, str]], book: prices.PriceBook, as_of_day: int
) -> list[Retiring]:
    """Those of the models (provider, canonical model) that retire, the first to go first."""
    retiring = []
    for provider, model in set(models):
        retirement = book.facts_of(provider, model).retirement
        if retirement is not None:
            retiring.append(_retiring(provider, model, retirement, as_of_day))
    return sorted(retiring, key=_by_day)
