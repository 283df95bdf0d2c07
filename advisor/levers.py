"""What each lever of a move adds to its saving: another model, another service tier. Pure; the parts add up exactly."""

from dataclasses import replace
from typing import Literal

from advisor import candidates, factors, pairs, shapley
from ledger import prices

Lever = Literal["model", "tier"]


def split(found: candidates.Alternative, book: prices.PriceBook, as_of_day: int) -> dict[str, candidates.Estimate]:
    """The saving of an alternative by lever, at the low, point and high end; empty where there is no saving to split.

    A lever alone is priced as a state of its own, at the same share: the model at each request's own tier with the
    factors of the move, the tier on the slice's own model with none.
    """
    if found.estimate is None:
        return {}
    states: dict[shapley.Levers, candidates.Estimate | None] = {
        frozenset({lever}): candidates.assess(found.slice, pair, book, as_of_day, band).estimate
        for lever, (pair, band) in _alone(found).items()
    }
    states[frozenset().union(*states)] = found.estimate
    ends = [
        shapley.split({levers: _end(estimate, end) for levers, estimate in states.items()})
        for end in ("low_femto_usd", "point_femto_usd", "high_femto_usd")
    ]
    return {lever: candidates.Estimate(*(parts[lever] for parts in ends)) for lever in ends[0]}


def _alone(found: candidates.Alternative) -> dict[Lever, tuple[pairs.Pair, factors.Band]]:
    """The levers of an alternative, each as the pair and the factors that pull it alone."""
    pair, levers = found.pair, dict[Lever, tuple[pairs.Pair, factors.Band]]()
    if (found.provider, found.model) != (found.slice.provider, found.slice.model):
        levers["model"] = pairs.Pair(pair.source, replace(pair.target, service_tier=None)), found.factors
    if found.service_tier is not None:
        stays = pairs.Side(found.slice.provider, found.slice.model, found.service_tier)
        levers["tier"] = (
            pairs.Pair(pair.source, stays, pair.tier_from),
            factors.TIER_ALONE.with_share(found.factors.point.share),
        )
    return levers


def _end(estimate: candidates.Estimate | None, name: str) -> int | None:
    amount: int | None = getattr(estimate, name, None)
    return amount
