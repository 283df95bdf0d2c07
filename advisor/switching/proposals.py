"""The moves that facts of the price book propose for a slice, where the user's policy says `auto`.

A model's named successor, its next smaller sibling, and the tiers of work that can wait. Pure.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence

from advisor.switching import candidates, fit, life
from advisor.switching.market import Market
from ledger import events, pairs
from ledger.pricing import prices

MOST_DECIDED = 4
"""The most alternatives of a slice that get a decision, unless more are named or bound."""
SUCCESSOR_DAYS = 180
"""A source that retires within so many days has its successor decided on, whatever else is."""


def find_named(
    slice_: candidates.Slice, named: Iterable[pairs.Pair], book: prices.PriceBook
) -> list[pairs.Pair]:
    """The pairs that the user names and that start at a slice, with the price book's ids."""
    canonical = (pairs.canonicalise(pair, slice_.provider, book) for pair in named)
    return [pair for pair in canonical if candidates.applies(pair, slice_)]


def find_states(
    slice_: candidates.Slice, named: Iterable[pairs.Pair], market: Market, *, proposes: bool
) -> tuple[pairs.Pair, ...]:
    """The states that a slice may move to: those of the pairs that start at it, and proposals.

    Where none of the named models outlasts a source in its last days, its successor is proposed,
    whatever the policy: something has to be done.
    """
    starting = find_named(slice_, named, market.book)
    is_urgent = bool(starting) and is_stranded(slice_, starting, market)
    proposed = propose(slice_, market) if proposes or is_urgent else ()
    return pairs.join_moves((*starting, *proposed), slice_.provider)


def propose(slice_: candidates.Slice, market: Market) -> tuple[pairs.Pair, ...]:
    """The moves of a slice that facts propose: to other models, then to other tiers.

    None for capacity that is paid ahead: what moves off it saves nothing.
    """
    if slice_.is_paid_ahead:
        return ()
    source = pairs.Side(None, slice_.model)
    models = (
        pairs.Pair(source, pairs.Side(None, model))
        for model in propose_models(slice_.provider, slice_.model, market)
    )
    return (*models, *_tier_moves(slice_, market))


def propose_models(provider: str, model: str, market: Market) -> tuple[str, ...]:
    """The named successor and the next smaller sibling of a model, of those that last.

    A model that is gone within 30 days gives its place to its own successor, else to its own
    smaller sibling.
    """
    facts = market.facts_of(provider, model)
    successor = facts.retirement.successor if facts.retirement else None
    lasting = (_lasting(provider, name, market) for name in (successor, facts.smaller))
    return tuple(dict.fromkeys(name for name in lasting if name not in (None, model)))


def is_stranded(slice_: candidates.Slice, named: Iterable[pairs.Pair], market: Market) -> bool:
    """Whether the source is gone within 30 days, and every named target with it."""
    targets = [(slice_.provider, slice_.model)]
    targets += [(pair.target.provider or slice_.provider, pair.target.model) for pair in named]
    days_left = [market.days_left(provider, model) for provider, model in targets]
    return all(days is not None and days <= life.TARGET_BLOCK_DAYS for days in days_left)


def choose(
    alternatives: Sequence[candidates.Alternative],
    bound: Collection[pairs.Pair],
    market: Market,
) -> list[candidates.Alternative]:
    """The alternatives of a slice that are decided on: the bound ones, and the best proposals.

    At most four in all, unless more are bound. First of the proposals comes the safe step (the
    same model at a tier that costs less), then the successor, then the best low end: for each
    model the better of batch and flex. A successor is never left out where the source retires
    within 180 days. Another proposal that is blocked is: nobody asked for it.
    """
    decided = [alternative for alternative in alternatives if alternative.pair in bound]
    proposed = [alternative for alternative in alternatives if alternative.pair not in bound]
    must = [alternative for alternative in proposed if _is_urgent(alternative, market)]
    safe = sorted((each for each in proposed if _is_safe(each)), key=_low_first)[:1]
    successors = [each for each in proposed if _is_successor(each, market) and not each.blocks]
    others = _one_a_tier(sorted((each for each in proposed if not each.blocks), key=_low_first))
    places = max(MOST_DECIDED - len(decided), len(must))
    ranked = _without_repeats([*must, *safe, *successors, *others])
    return [*decided, *itertools.islice(ranked, places)]


def _lasting(provider: str, name: str | None, market: Market) -> str | None:
    """A model, or what takes its place where it is gone; None where nothing does."""
    passed: set[str] = set()
    while name is not None and name not in passed:
        passed.add(name)
        facts = market.facts_of(provider, name)
        days_left = market.days_left(provider, name)
        if days_left is None or days_left > life.TARGET_BLOCK_DAYS:
            return name if name in market.book.models.get(provider, ()) else None
        successor = facts.retirement.successor if facts.retirement else None
        name = successor or facts.smaller
    return None


def _tier_moves(slice_: candidates.Slice, market: Market) -> Iterator[pairs.Pair]:
    """The tiers for work that can wait, where they are sold; a request in batch stays in batch."""
    tiers = {cell.service_tier for cell in slice_.cells}
    waiting = [cell for cell in slice_.cells if slice_.can_wait or _can_wait(cell.features)]
    for tier in fit.WAITING_TIERS:
        sold = any(
            market.price_of(cell, slice_.provider, slice_.model, tier) is not None
            for cell in waiting
            if cell.service_tier not in fit.WAITING_TIERS
        )
        if sold:
            from_tier = "standard" if tiers & set(fit.WAITING_TIERS) else None
            yield pairs.Pair(
                pairs.Side(None, slice_.model, from_tier), pairs.Side(None, slice_.model, tier)
            )


def _can_wait(features: int) -> bool:
    return bool(features & events.FEATURE_CAN_WAIT)


def _is_successor(alternative: candidates.Alternative, market: Market) -> bool:
    """Whether it moves to the source's named successor, and each request keeps its tier."""
    slice_ = alternative.slice
    retirement = market.facts_of(slice_.provider, slice_.model).retirement
    successor = retirement.successor if retirement else None
    return (
        alternative.model == _lasting(slice_.provider, successor, market)
        and alternative.service_tier is None
    )


def _is_urgent(alternative: candidates.Alternative, market: Market) -> bool:
    days_left = market.days_left(alternative.slice.provider, alternative.slice.model)
    is_soon = days_left is not None and days_left <= SUCCESSOR_DAYS
    return is_soon and _is_successor(alternative, market)


def _is_safe(alternative: candidates.Alternative) -> bool:
    """Whether the same model answers, at the same seller, and it costs less."""
    return (
        alternative.keeps_model
        and alternative.provider == alternative.slice.provider
        and not alternative.blocks
        and _low(alternative) > 0
    )


def _low(alternative: candidates.Alternative) -> int:
    return alternative.estimate.low_femto_usd if alternative.estimate else 0


def _low_first(alternative: candidates.Alternative) -> tuple[bool, int, str]:
    return alternative.estimate is None, -_low(alternative), str(alternative.pair)


def _one_a_tier(
    ranked: Sequence[candidates.Alternative],
) -> Iterator[candidates.Alternative]:
    """The first of each model that waits and the first that does not: batch and flex are alike."""
    listed: set[tuple[str, bool]] = set()
    for alternative in ranked:
        place = alternative.model, alternative.service_tier in fit.WAITING_TIERS
        if place not in listed:
            listed.add(place)
            yield alternative


def _without_repeats(
    alternatives: Sequence[candidates.Alternative],
) -> Iterator[candidates.Alternative]:
    listed: set[pairs.Pair] = set()
    for alternative in alternatives:
        if alternative.pair not in listed:
            listed.add(alternative.pair)
            yield alternative
