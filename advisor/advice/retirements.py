"""Announced shutdowns of models in use: one line a model. Reads rollups and the price book; decides nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session

from advisor.months import statements
from advisor.switching import life
from ledger import clock, readings
from ledger.pricing import prices

IN_USE_DAYS = 14
"""A model without traffic for this long is no longer in use."""


@dataclass(frozen=True, slots=True)
class Retiring:
    """A model whose shutdown is announced: the first UTC day that it no longer serves, and the days until then."""

    provider: str
    model: str
    shutdown_day: int
    days_left: int
    successor: str | None
    source: str


def in_use(session: Session, pricing: statements.Pricing, now_us: int) -> list[Retiring]:
    """The models with traffic of the last days whose shutdown is announced, the first to go first."""
    today = clock.day_of(now_us)
    used = readings.traffic_days(session, today - IN_USE_DAYS, today)
    return of_models(
        (pricing.resolve(series_id, today)[:2] for series_id in used), pricing.book, today
    )


def of_models(
    models: Iterable[tuple[str, str]], book: prices.PriceBook, as_of_day: int
) -> list[Retiring]:
    """Those of these (provider, canonical model) whose shutdown is announced, the first to go first."""
    found = []
    for provider, model in set(models):
        retirement = book.facts_of(provider, model).retirement
        days_left = life.days_left(book, provider, model, as_of_day)
        if retirement is not None and days_left is not None:
            found.append(
                Retiring(
                    provider,
                    model,
                    retirement.shutdown_day,
                    days_left,
                    retirement.successor,
                    retirement.source,
                )
            )
    return sorted(found, key=lambda each: (each.shutdown_day, each.provider, each.model))
