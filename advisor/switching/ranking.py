"""Models without a decision: the source's successor first, then the cheapest that fit.

They carry no decision and enter no total: nothing is assumed about how they answer, only their
prices are compared.
"""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.switching import candidates, cost, factors, life
from advisor.switching.market import Market
from ledger import pairs
from ledger.pricing import prices

MOST_OTHERS = 3
NEUTRAL_BAND = factors.Band(
    low=factors.NEUTRAL, expected=factors.NEUTRAL, high=factors.NEUTRAL, label="neutral"
)
CAVEAT = (
    "at the slice's own tokens: the target's tokenizer and any reasoning output of its own are"
    " unknown"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherModel:
    """A priced model without a decision. `pair` is the text that would add it to the pairs."""

    model: str
    is_successor: bool
    price_gap: Fraction
    month_femto_usd: int
    """What the price list alone would save per average month; negative where it costs more."""
    target_days_left: int | None
    blocks: tuple[str, ...]
    pair: str


def other_models(
    slice_: candidates.Slice, market: Market, decided: Collection[str]
) -> list[OtherModel]:
    """The named successor with its sign and blocks, then up to three cheaper models.

    All are of the same provider, and outlive the source by a year. Not in the list: models that
    are decided on (`decided`), fine-tuned ones, those of another kind or of unknown context window,
    and those that cannot take every token the slice sends.
    """
    retirement = market.facts_of(slice_.provider, slice_.model).retirement
    source_days_left = market.days_left(slice_.provider, slice_.model)
    successor_name = retirement.successor if retirement else None
    sold = market.book.models.get(slice_.provider, frozenset()) - {slice_.model} - set(decided)
    successor = (
        _other_model(slice_, market, successor_name, is_successor=True)
        if successor_name in sold
        else None
    )
    cheaper = (
        other
        for model in _cheapest_first(slice_, market, sold - {successor_name})
        if (other := _other_model(slice_, market, model, is_successor=False))
        and other.price_gap > 0
        and not other.blocks
        and _outlives(other, source_days_left)
    )
    lasting = [successor] if successor and _outlives(successor, source_days_left) else []
    return [*lasting, *itertools.islice(cheaper, MOST_OTHERS)]


def _outlives(other: OtherModel, source_days_left: int | None) -> bool:
    """Whether a model lasts a year longer than the source, as far as its end is announced.

    A source without an announced end is taken to end today, at the earliest.
    """
    days = other.target_days_left
    return days is None or days >= (source_days_left or 0) + life.DAYS_PER_YEAR


def _cheapest_first(
    slice_: candidates.Slice, market: Market, models: Collection[str]
) -> Iterator[str]:
    """The models that price every token of a slice, the cheapest first.

    Most of them are never assessed, which takes long.
    """
    cells = [_with_writes(cell, slice_, market) for cell in slice_.cells]
    costs = {
        model: market.cost_of(cells, slice_.provider, model)
        for model in models
        if not model.startswith("ft:") and _could_fit(slice_, market, model)
    }
    priced = (model for model, cost in costs.items() if not cost.unpriced_tokens)
    yield from sorted(priced, key=lambda model: (costs[model].femto_usd, model))


def _could_fit(slice_: candidates.Slice, market: Market, model: str) -> bool:
    """Whether a model lasts and takes the largest prompt; most do not, and need no assessment."""
    window_tokens = market.facts_of(slice_.provider, model).context_window
    days_left = market.days_left(slice_.provider, model)
    lasts = days_left is None or days_left > life.TARGET_BLOCK_DAYS
    return window_tokens is not None and slice_.largest_prompt_tokens <= window_tokens and lasts


def _with_writes(cell: cost.Cell, slice_: candidates.Slice, market: Market) -> cost.Cell:
    """A cell as a model that bills cache writes is compared: all that is not read is written.

    A model without that rate takes written tokens as input, so its cost stays the same.
    """
    now = market.price_of(cell, slice_.provider, slice_.model)
    if now is not None and now.rates.cache_write_input is not None:
        return cell
    counts = cell.counts
    written = counts.input_tokens - counts.input_audio_tokens - counts.cached_input_tokens
    return replace(cell, counts=replace(counts, cache_write_input_tokens=max(0, written)))


def _other_model(
    slice_: candidates.Slice, market: Market, model: str, *, is_successor: bool
) -> OtherModel | None:
    if not is_successor and not _is_same_kind(slice_, market, model):
        return None
    pair = pairs.Pair(pairs.Side(None, slice_.model), pairs.Side(None, model))
    alternative = candidates.assess(slice_, pair, market, NEUTRAL_BAND)
    price_gap, estimate = alternative.price_gap, alternative.estimate
    if alternative.stuck_tokens or price_gap is None or estimate is None:
        return None
    return OtherModel(
        model=model,
        is_successor=is_successor,
        price_gap=price_gap,
        month_femto_usd=estimate.low_femto_usd,
        target_days_left=alternative.target_days_left,
        blocks=alternative.blocks,
        pair=str(pair),
    )


def _is_same_kind(slice_: candidates.Slice, market: Market, model: str) -> bool:
    """Whether the price lists say that both models are of one kind, where they have a price."""
    priced = (
        (
            market.price_of(cell, slice_.provider, slice_.model),
            market.price_of(cell, slice_.provider, model),
        )
        for cell in slice_.cells
    )
    return all(
        _kind(now.rates) == _kind(instead.rates) for now, instead in priced if now and instead
    )


def _kind(rates: prices.Rates) -> tuple[bool, bool, bool]:
    """What a price list says of a model's kind.

    An embedding model sells no output, an audio model sells audio.
    """
    return rates.output is not None, rates.input_audio is not None, rates.output_audio is not None
