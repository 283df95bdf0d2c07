"""Whether one cell of a slice can move along a pair, and why not.

A fact that the catalogue does not give stops nothing.
"""

from dataclasses import replace

from advisor.switching import cost, counterfactual, factors
from ledger import events, pairs
from ledger.errors import PriceUnknown
from ledger.pricing import prices

# In the order in which one of them becomes the single reason of a blocked alternative.
BLOCKS = (
    "opted_out",
    "target_retires",
    "context_too_small",
    "output_too_small",
    "unsupported_feature",
    "committed_capacity",
    "cannot_wait",
    "no_headroom",
    "not_sold_here",
    "not_in_region",
    "target_unpriced",
)
COMMITTED_TIER, WAITING_TIERS = "scale", ("batch", "flex")
_MODALITIES = {events.FEATURE_IMAGE: "image", events.FEATURE_AUDIO: "audio"}
_ABILITIES = {events.FEATURE_TOOLS: "tools", events.FEATURE_JSON_SCHEMA: "json_schema"}
_WITHOUT_CACHE = replace(factors.NEUTRAL, cached_share=factors.ZERO)
DECISIVE_FEATURES = sum(_MODALITIES) + sum(_ABILITIES) + events.FEATURE_CAN_WAIT
"""The features that decide whether a request can move, so that a slice's cells differ by them."""


def reason_to_stay(
    cell: cost.Cell,
    pair: pairs.Pair,
    facts: prices.ModelFacts,
    *,
    now: prices.Price | None,
    instead: prices.Price | None,
    slice_can_wait: bool,
    is_paid_ahead: bool = False,
) -> str | None:
    """The code of why a cell cannot move, with its price on either side; None when it can."""
    if pair.source.service_tier not in (None, cell.service_tier):
        return "other_tier"
    if is_paid_ahead or cell.service_tier == COMMITTED_TIER:
        return "committed_capacity"
    if facts.context_window is not None and cell.largest_prompt_tokens > facts.context_window:
        # Cells are cut at context windows, so the others of the slice have none of these prompts.
        return "context_too_small"
    if not _supports(facts, cell.features):
        return "unsupported_feature"
    can_wait = (
        slice_can_wait
        or cell.features & events.FEATURE_CAN_WAIT
        or cell.service_tier in WAITING_TIERS
    )
    if pair.tier_of(cell.service_tier) in WAITING_TIERS and not can_wait:
        return "cannot_wait"
    if now is None or cost.at_price(cell, now).unpriced_tokens:
        return "source_unpriced"
    return None if instead is not None and _prices_all(cell, now, instead) else "target_unpriced"


def _supports(facts: prices.ModelFacts, features: int) -> bool:
    """Whether a model takes what requests send: images and audio, tools and answer schemas."""
    modalities = {word for bit, word in _MODALITIES.items() if features & bit}
    abilities = {word for bit, word in _ABILITIES.items() if features & bit}
    takes_modalities = not facts.modalities or modalities <= facts.modalities
    return takes_modalities and abilities.isdisjoint(facts.lacks)


def _prices_all(cell: cost.Cell, now: prices.Price, instead: prices.Price) -> bool:
    """Whether the target has a rate for every token, with today's cached share and with none."""
    priced = [counterfactual.PricedCell(cell, now, instead)]
    try:
        for neutral in (factors.NEUTRAL, _WITHOUT_CACHE):
            counterfactual.legs(priced, neutral)
    except PriceUnknown:
        return False
    return True
