"""Other models beside the configured pairs: the source's named successor first, then the cheapest that fit. Pure.

They carry no decision and enter no total: nothing is assumed about how they answer, only their prices are compared.
"""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction

from advisor.switching import candidates, cost, factors
from ledger import pairs
from ledger.pricing import prices

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
    known = book.models.get(slice_.provider, frozenset()) - {slice_.model} - set(configured)
    named = _other(slice_, book, as_of_day, successor, True) if successor in known else None
    cheaper = (
        other
        for model in _cheapest_first(slice_, book, as_of_day, known - {successor})
        if (other := _other(slice_, book, as_of_day, model, False))
        and other.price_gap > 0
        and not other.blocks
    )
    return [*([named] if named else []), *itertools.islice(cheaper, MOST_OTHERS)]


def _cheapest_first(
    slice_: candidates.Slice, book: prices.PriceBook, as_of_day: int, models: Collection[str]
) -> Iterator[str]:
    """The models that could price every token of a slice, the cheapest first: most are never assessed, which is dear."""
    costs = {
        model: cost.of_model(slice_.cells, book, slice_.provider, model, as_of_day)
        for model in models
        if not model.startswith("ft:")
        and book.facts_of(slice_.provider, model).context_window is not None
    }
    priced = (model for model, found in costs.items() if not found.unpriced_tokens)
    yield from sorted(priced, key=lambda model: (costs[model].femto_usd, model))


def _other(
    slice_: candidates.Slice, book: prices.PriceBook, as_of_day: int, model: str, is_successor: bool
) -> OtherModel | None:
    pair = pairs.Pair(pairs.Side(None, slice_.model), pairs.Side(None, model))
    found = candidates.assess(slice_, pair, book, as_of_day, NEUTRAL_BAND)
    if found.stuck_tokens or found.price_gap is None or found.estimate is None:
        return None
    if not is_successor and any(
        _kind(item.now.rates) != _kind(item.instead.rates) for item in found.cells
    ):
        return None
    return OtherModel(
        model,
        is_successor,
        found.price_gap,
        found.estimate.expected_femto_usd,
        found.target_days_left,
        found.blocks,
        str(pair),
    )


def _kind(rates: prices.Rates) -> tuple[bool, bool, bool]:
    """What a price list tells of a model's kind: an embedding model sells no output, an audio model sells audio."""
    return rates.output is not None, rates.input_audio is not None, rates.output_audio is not None
