"""Announced shutdowns of models in use, read from rollups and the price book."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session

from advisor.months import statements
from advisor.switching.market import Market
from ledger import clock, readings
from ledger.pricing import prices

IN_USE_DAYS = 14
"""A model without traffic for this long is no longer in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retiring:
    """A model whose shutdown is announced.

    `shutdown_day` is the first UTC day that it no longer serves, `days_left` the days until then.
    """

    provider: str
    model: str
    shutdown_day: int
    days_left: int
    successor: str | None
    source: str


def find_in_use(session: Session, pricing: statements.Pricing, now_us: int) -> list[Retiring]:
    """The retiring models with traffic of the last days, the first to go first."""
    today = clock.day_of(now_us)
    series_ids = readings.traffic_days(session, today - IN_USE_DAYS, today)
    models = (pricing.resolve(series_id, today)[:2] for series_id in series_ids)
    return find_announced(models, pricing.book, today)


def find_announced(
    models: Iterable[tuple[str, str]], book: prices.PriceBook, as_of_day: int
) -> list[Retiring]:
    """Those of the models (provider, canonical model) that retire, the first to go first."""
    market = Market(book, as_of_day)
    retiring = []
    for provider, model in set(models):
        retirement = market.facts_of(provider, model).retirement
        days_left = market.days_left(provider, model)
        if retirement is not None and days_left is not None:
            retiring.append(
                Retiring(
                    provider=provider,
                    model=model,
                    shutdown_day=retirement.shutdown_day,
                    days_left=days_left,
                    successor=retirement.successor,
                    source=retirement.source,
                )
            )
    return sorted(retiring, key=lambda row: (row.shutdown_day, row.provider, row.model))
