"""The unit of pricing: the tokens of one tier, context band and region of a slice."""

from dataclasses import dataclass

from ledger.pricing import prices
from ledger.tokens import TokenCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The tokens of one service tier, context band and region of a slice, summed over its window.

    `detail_unknown_input_tokens` is the input of requests whose cached part nobody reported;
    `features` are those that decide whether the requests can move. `largest_input_tokens` is the
    largest input seen, 0 where only the band is known.
    """

    service_tier: str
    context_band: int
    counts: TokenCounts
    requests: int
    detail_unknown_input_tokens: int = 0
    region: str = ""
    features: int = 0
    largest_input_tokens: int = 0

    @property
    def largest_prompt_tokens(self) -> int:
        """The largest input seen; where only its band is known, one token more than the band."""
        return max(self.largest_input_tokens, self.context_band + 1 if self.context_band else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterUse:
    """What a tier, context band and region of a slice used of a meter that no token count holds.

    `requests` are those that used it.
    """

    service_tier: str
    context_band: int
    region: str
    meter: str
    quantity: int
    requests: int


def at_price(cell: Cell, price: prices.Price | None) -> prices.Cost:
    """What a cell costs at a price, exact; without a price its tokens are unpriced, never free."""
    return prices.cost(cell.counts, price.rates if price else None)
