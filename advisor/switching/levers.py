"""What each lever of a move adds to its saving: another model, another service tier, a better cache. The parts add up exactly.

Pure. What a cache would hit cannot be told without prompts, so that lever is pulled only by a share that somebody asks for.
"""

from dataclasses import dataclass, replace

from advisor.switching import candidates, factors, shapley
from ledger import pairs
from ledger.pricing import prices

MODEL, TIER, CACHE = "model", "tier", "cache"


@dataclass(frozen=True, slots=True)
class Part:
    """What a lever adds to a saving, and what the move would save with it alone and without it (None: there is no price)."""

    saving: candidates.Estimate
    alone: candidates.Estimate | None
    without: candidates.Estimate | None = None


def split(
    found: candidates.Alternative,
    book: prices.PriceBook,
    as_of_day: int,
    unasked: factors.Band | None = None,
) -> dict[str, Part]:
    """The saving of an alternative by lever, at the low, expected and high end; empty where there is no saving to split.

    Each set of levers is priced as a state of its own, at the same share: with the model, the factors of the move count;
    without it, none. `unasked` has the target's cached share as it is without the one that was asked for.
    """
    levers = _levers(found)
    if found.estimate is None or not levers:
        return {}
    whole = frozenset(levers)
    states: dict[shapley.Levers, candidates.Estimate | None] = {
        pulled: found.estimate
        if pulled == whole
        else _state(found, pulled, book, as_of_day, unasked)
        for pulled in shapley.subsets(levers)
        if pulled
    }
    ends = [
        shapley.split(
            {pulled: state.at(end) if state else None for pulled, state in states.items()}
        )
        for end in candidates.ENDS
    ]
    return {
        lever: Part(
            candidates.Estimate(*(parts[lever] for parts in ends)),
            states[frozenset({lever})],
            states.get(whole - {lever}),
        )
        for lever in levers
    }


def _levers(found: candidates.Alternative) -> list[str]:
    slice_, asked = found.slice, "cached_share" in found.factors.given
    moves_model = (found.provider, found.model) != (slice_.provider, slice_.model)
    pulled = {MODEL: moves_model, TIER: found.service_tier is not None, CACHE: asked}
    return [lever for lever, is_pulled in pulled.items() if is_pulled]


def _state(
    found: candidates.Alternative,
    pulled: shapley.Levers,
    book: prices.PriceBook,
    as_of_day: int,
    unasked: factors.Band | None,
) -> candidates.Estimate | None:
    """What some of the levers save without the others."""
    pair, moves = found.pair, MODEL in pulled
    side = pair.target if moves else pairs.Side(found.slice.provider, found.slice.model)
    target = replace(side, service_tier=found.service_tier if TIER in pulled else None)
    own = found.factors if moves else factors.TIER_ALONE.with_share(found.factors.expected.share)
    if CACHE in pulled:
        own = own.with_cache_of(found.factors)
    elif moves and unasked is not None:
        own = own.with_cache_of(unasked)
    # The share that a rate limit leaves is in the factors already.
    slice_ = replace(found.slice, headroom={})
    moved = pairs.Pair(pair.source, target, pair.tier_from if TIER in pulled else None)
    return candidates.assess(slice_, moved, book, as_of_day, own).estimate
