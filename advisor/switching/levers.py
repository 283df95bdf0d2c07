"""What each lever of a move adds to its saving: another model, another tier, a better cache.

The parts add up exactly. What a cache would hit cannot be known without the prompts, so that lever
is pulled only in a scenario, with the share that it names.
"""

from dataclasses import dataclass, replace

from advisor.switching import candidates, factors, shapley
from advisor.switching.market import Market
from ledger import pairs

MODEL, TIER, CACHE = "model", "tier", "cache"


@dataclass(frozen=True, slots=True)
class Part:
    """What a lever adds to a saving, and what the move would save with it alone and without it.

    None where such a state has no price.
    """

    saving: candidates.Estimate
    alone: candidates.Estimate | None
    without: candidates.Estimate | None = None


def split(
    alternative: candidates.Alternative, market: Market, own_band: factors.Band | None = None
) -> dict[str, Part]:
    """The saving of an alternative by lever; empty where there is no saving to split.

    Each set of levers is priced as a state of its own, at the same share: with the model, the
    factors of the move count; without it, none. `own_band` has the target's cached share as it is
    without the one that a scenario gives.
    """
    levers = _levers(alternative)
    if alternative.estimate is None or not levers:
        return {}
    all_levers = frozenset(levers)
    states: dict[shapley.Levers, candidates.Estimate | None] = {
        pulled: _state(alternative, pulled, market, own_band)
        for pulled in shapley.subsets(levers)
        if pulled and pulled != all_levers
    }
    states[all_levers] = alternative.estimate
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
            states.get(all_levers - {lever}),
        )
        for lever in levers
    }


def _levers(alternative: candidates.Alternative) -> list[str]:
    slice_ = alternative.slice
    is_pulled = {
        MODEL: (alternative.provider, alternative.model) != (slice_.provider, slice_.model),
        TIER: alternative.service_tier is not None,
        CACHE: "cached_share" in alternative.factors.given_factors,
    }
    return [lever for lever, pulled in is_pulled.items() if pulled]


def _state(
    alternative: candidates.Alternative,
    pulled: shapley.Levers,
    market: Market,
    own_band: factors.Band | None,
) -> candidates.Estimate | None:
    """What some of the levers save without the others."""
    slice_, pair, moves_model = alternative.slice, alternative.pair, MODEL in pulled
    side = pair.target if moves_model else pairs.Side(slice_.provider, slice_.model)
    target = replace(side, service_tier=alternative.service_tier if TIER in pulled else None)
    share = alternative.factors.expected.share
    band = alternative.factors if moves_model else factors.TIER_ALONE.with_share(share)
    if CACHE in pulled:
        band = band.with_cache_of(alternative.factors)
    elif moves_model and own_band is not None:
        band = band.with_cache_of(own_band)
    # The share that a rate limit leaves is in the factors already.
    unlimited = replace(slice_, headroom={})
    move = pairs.Pair(pair.source, target, pair.tier_from if TIER in pulled else None)
    return candidates.assess(unlimited, move, market, band).estimate
