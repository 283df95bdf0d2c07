"""The price book on one UTC day: advice prices every token on the day that it is given."""

from collections.abc import Iterable
from dataclasses import dataclass

from advisor.switching import cost, life
from ledger.pricing import prices


@dataclass(frozen=True, slots=True)
class Market:
    """Prices, facts and announced shutdowns of all models, as of a UTC day number."""

    book: prices.PriceBook
    day: int

    def facts_of(self, provider: str, model: str) -> prices.ModelFacts:
        """What is known of a model; empty facts when nothing is."""
        return self.book.facts_of(provider, model)

    def shutdown_day(self, provider: str, model: str) -> int | None:
        """The first UTC day on which a model no longer serves; None with none announced."""
        retirement = self.facts_of(provider, model).retirement
        return None if retirement is None else retirement.shutdown_day

    def days_left(self, provider: str, model: str) -> int | None:
        """Days that a model still serves, without its shutdown day; None with none announced."""
        return life.count_days(self.shutdown_day(provider, model), self.day)

    def price_of(
        self, cell: cost.Cell, provider: str, model: str, service_tier: str | None = None
    ) -> prices.Price | None:
        """The price of a cell's tokens on a model, at the cell's own tier unless one is named."""
        return self.book.at(
            provider,
            model,
            service_tier or cell.service_tier,
            context_band=cell.context_band,
            day=self.day,
            region=cell.region,
        )

    def cost_of(self, cells: Iterable[cost.Cell], provider: str, model: str) -> prices.Cost:
        """What cells cost on a model: exact femto-USD, and the tokens that have no rate."""
        return prices.sum_costs(
            cost.at_price(cell, self.price_of(cell, provider, model)) for cell in cells
        )
