"""What each lever of a move adds to its saving: another model, another service tier. Pure; the parts add up exactly."""

from dataclasses import dataclass, replace

from advisor import pairs
from advisor.switching import candidates, factors, shapley
from ledger import prices


@dataclass(frozen=True, slots=True)
class Part:
    """What a lever adds to a saving, and what it would save alone (None: it has no price alone)."""

    saving: candidates.Estimate
    alone: candidates.Estimate | None


def split(found: candidates.Alternative, book: prices.PriceBook, as_of_day: int) -> dict[str, Part]:
    """The saving of an alternative by lever, at the low, point and high end; empty where there is no saving to split.

    A lever alone is priced as a state of its own, at the same share: the model at each request's own tier with the
    factors of the move, the tier on the slice's own model with none.
    """
    if found.estimate is None:
        return {}
    pulled = _alone(found)
    if len(pulled) == 1:
        return {lever: Part(found.estimate, found.estimate) for lever in pulled}
    # The share that a rate limit leaves is in the factors already.
    slice_ = replace(found.slice, headroom={})
    alone = {
        lever: candidates.assess(slice_, pair, book, as_of_day, band).estimate for lever, (pair, band) in pulled.items()
    }
    states: dict[shapley.Levers, candidates.Estimate | None] = {
        frozenset({lever}): estimate for lever, estimate in alone.items()
    }
    states[frozenset(alone)] = found.estimate
    ends = [
        shapley.split({levers: _end(estimate, end) for levers, estimate in states.items()})
        for end in ("low_femto_usd", "point_femto_usd", "high_femto_usd")
    ]
    return {
        lever: Part(candidates.Estimate(*(parts[lever] for parts in ends)), estimate)
        for lever, estimate in alone.items()
        if lever in ends[0]
    }


def _alone(found: candidates.Alternative) -> dict[str, tuple[pairs.Pair, factors.Band]]:
    """The levers of an alternative, each as the pair and the factors that pull it alone."""
    pair, levers = found.pair, dict[str, tuple[pairs.Pair, factors.Band]]()
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
