"""What a slice's tokens cost at one day's prices, cell by cell. Pure: no session, no clock, no float on money."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.pricing import prices
from ledger.tokens import TokenCounts


@dataclass(frozen=True, slots=True)
class Cell:
    """The tokens of one service tier, context band and region of a slice over its window: the unit of pricing.

    The days of the window are already summed, because advice prices every token on one day, the day it is given.
    `detail_unknown_input_tokens` is the input of requests whose cached part nobody reported; `features` are those that
    decide whether the requests can move.
    """

    service_tier: str
    context_band: int
    counts: TokenCounts
    requests: int
    detail_unknown_input_tokens: int = 0
    region: str = ""
    features: int = 0


def price_of(
    book: prices.PriceBook,
    provider: str,
    model: str,
    cell: Cell,
    day: int,
    service_tier: str | None = None,
) -> prices.Price | None:
    """The price of a cell's tokens on a model at a UTC day, at the cell's own tier unless another one is named."""
    return book.at(
        provider,
        model,
        service_tier or cell.service_tier,
        context_band=cell.context_band,
        day=day,
        region=cell.region,
    )


def at(cell: Cell, price: prices.Price | None) -> prices.Cost:
    """What a cell costs at a price, exact; without a price all its tokens are unpriced, never free."""
    return prices.cost(cell.counts, price.rates if price else None)


def of_model(
    cells: Iterable[Cell], book: prices.PriceBook, provider: str, model: str, day: int
) -> prices.Cost:
    """What cells cost on a model at the prices of a UTC day: exact femto-USD, and the tokens that found no rate."""
    return prices.sum_costs(at(cell, price_of(book, provider, model, cell, day)) for cell in cells)


def requests_of(cells: Sequence[Cell]) -> int:
    """The requests of all cells."""
    return sum(cell.requests for cell in cells)
