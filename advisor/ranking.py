"""Other models beside the configured pairs: the source's named successor first, then the cheapest that fit. Pure.

They carry no decision and enter no total: nothing is assumed about how they answer, only their prices are compared.
"""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from advisor import candidates, factors, pairs
from ledger import prices

MOST_OTHERS = 3
NEUTRAL_BAND = factors.Band(factors.NEUTRAL, factors.NEUTRAL, factors.NEUTRAL, "neutral")
CAVEAT = "at the slice's own tokens: the target's tokenizer and any reasoning output of its own are unknown"


@dataclass(frozen=True, slots=True)
class OtherModel:
    """A priced model that no pair names. `pair` is the text that would add it to the pairs."""

    model: str
    is_successor: bool
    price_gap: Fraction
    month_femto_usd: int
    """What the price list alone would save per average month, in femto-USD; negative where it is dearer."""
    target_days_left: int | None
    blocks: tuple[str, ...]
    pair: str


def others(
    slice_: candidates.Slice, book: prices.PriceBook, as_of_day: int, configured: Collection[str]
) -> list[OtherModel]:
    """The named successor with its sign and its blocks, then up to three cheaper models of the same provider.

    Left out: models already in a pair, fine-tuned ones, those of another kind or of unknown context window, and those that
    cannot take every token the slice sends.
    """
    retirement = book.facts_of(slice_.provider, slice_.model).retirement
    successor = retirement.successor if retirement else None
    known = {key.model for key in book.prices if key.provider == slice_.provider}
    found = [
        other
        for model in sorted(known - {slice_.model} - set(configured))
        if (other := _other(slice_, book, as_of_day, model, model == successor)) is not None
    ]
    named = [other for other in found if other.is_successor]
    cheaper = [other for other in found if not other.is_successor and other.price_gap > 0 and not other.blocks]
    cheaper.sort(key=lambda other: (-other.month_femto_usd, other.model))
    return named + cheaper[:MOST_OTHERS]


def _other(
    slice_: candidates.Slice, book: prices.PriceBook, as_of_day: int, model: str, is_successor: bool
) -> OtherModel | None:
    window_unknown = book.facts_of(slice_.provider, model).context_window is None
    if not is_successor and (model.startswith("ft:") or window_unknown):
        return None
    pair = pairs.Pair(pairs.Side(None, slice_.model), pairs.Side(None, model))
    found = candidates.assess(slice_, pair, book, as_of_day, NEUTRAL_BAND)
    if found.stuck_tokens or found.price_gap is None or found.estimate is None:
        return None
    if not is_successor and any(_kind(item.now.rates) != _kind(item.instead.rates) for item in found.cells):
        return None
    return OtherModel(
        model, is_successor, found.price_gap, found.estimate.point_femto_usd, found.target_days_left, found.blocks,
        str(pair),
    )  # fmt: skip


def _kind(rates: prices.Rates) -> tuple[bool, bool, bool]:
    """What a price list tells of a model's kind: an embedding model sells no output, an audio model sells audio."""
    return rates.output is not None, rates.input_audio is not None, rates.output_audio is not None
