"""The states a slice could move to: which pairs apply to it, which of its cells can go, and what blocks the rest. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor import cost, counterfactual, factors, life, pairs, window
from ledger import events, money, prices
from ledger.errors import PriceUnknown

# In the order in which one of them becomes the single reason of a blocked alternative.
BLOCKS = (
    "target_retires", "context_too_small", "output_too_small", "unsupported_feature", "committed_capacity",
    "cannot_wait", "not_sold_here", "target_unpriced",
)  # fmt: skip
COMMITTED_TIER, WAITING_TIERS = "scale", ("batch", "flex")
_MODALITIES = {events.FEATURE_IMAGE: "image", events.FEATURE_AUDIO: "audio"}


@dataclass(frozen=True, slots=True)
class Slice:
    """The unit of advice over its window: provider x project x workload x canonical model, with its cells."""

    provider: str
    project: str
    workload: str
    model: str
    cells: tuple[cost.Cell, ...]
    days: int
    largest_input_tokens: int = 0
    largest_output_tokens: int = 0
    features: int = 0
    can_wait: bool = False

    @property
    def requests(self) -> int:
        """Billable requests of the window."""
        return cost.requests_of(self.cells)

    @property
    def largest_prompt_tokens(self) -> int:
        """The largest input seen; where only its band is known, one token more than the band."""
        return max(self.largest_input_tokens, *(cell.context_band + 1 for cell in self.cells), 0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A saving in femto-USD, per average month (730 h) unless said otherwise; negative where the target is dearer.

    Each end is rounded once, from the exact amount of the window, to 9 decimals of a USD.
    """

    low_femto_usd: int
    point_femto_usd: int
    high_femto_usd: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """One reachable state of a slice: a model and a tier (None: each request keeps its own).

    `cells` are those that can move, `stuck_tokens` the tokens of the others by reason, `blocks` the reasons against the
    whole move in order. `estimate` is None with nothing to move or no closed day.
    """

    slice: Slice
    pair: pairs.Pair
    provider: str
    model: str
    service_tier: str | None
    cells: tuple[counterfactual.PricedCell, ...]
    stuck_tokens: dict[str, int]
    blocks: tuple[str, ...]
    factors: factors.Band
    estimate: Estimate | None
    price_gap: Fraction | None
    target_days_left: int | None

    @property
    def keeps_model(self) -> bool:
        """Whether the same model answers, at another tier or provider: nothing about its answers has to be proven."""
        return self.model == self.slice.model


def applies(pair: pairs.Pair, slice_: Slice) -> bool:
    """Whether a pair starts at a slice: its model, and its provider and a tier of its traffic where it names them."""
    source = pair.source
    tiers = {cell.service_tier for cell in slice_.cells}
    provider_fits = source.provider in (None, slice_.provider)
    return (
        source.model == slice_.model and provider_fits and (source.service_tier is None or source.service_tier in tiers)
    )


def assess(
    slice_: Slice, pair: pairs.Pair, book: prices.PriceBook, as_of_day: int, band: factors.Band | None = None
) -> Alternative:
    """What moving a slice along a pair saves at the prices of a day, and what stands against it.

    `band` defaults to the shipped assumptions, or to neutral factors where the model stays and only the tier moves.
    """
    provider, model = pair.target.provider or slice_.provider, pair.target.model
    movable, stuck = _divided(slice_, pair, provider, book, as_of_day)
    if band is None:
        band = factors.TIER_ALONE if model == slice_.model else factors.ASSUMED
    days_left = life.days_left(book, provider, model, as_of_day)
    blocks = _blocks(slice_, pair.target, book.facts_of(provider, model), days_left)
    if "target_unpriced" in stuck and not movable:
        blocks.add("target_unpriced" if _sold_here_or_nowhere(book, pair.target, provider) else "not_sold_here")
    elif "committed_capacity" in stuck and not movable:
        blocks.add("committed_capacity")
    return Alternative(
        slice=slice_,
        pair=pair,
        provider=provider,
        model=model,
        service_tier=pair.target.service_tier,
        cells=tuple(movable),
        stuck_tokens=stuck,
        blocks=tuple(code for code in BLOCKS if code in blocks),
        factors=band,
        estimate=estimate(movable, band, slice_.days),
        price_gap=counterfactual.price_gap(movable),
        target_days_left=days_left,
    )


def estimate(
    cells: Sequence[counterfactual.PricedCell], band: factors.Band, days: int, months: Fraction = factors.ONE
) -> Estimate | None:
    """The saving of average months at the three ends of a band; None without a cell that can move or a closed day."""
    if not cells or not days:
        return None
    ends = (band.low, band.point, band.high)
    savings = {end: counterfactual.saving(cells, end) for end in dict.fromkeys(ends)}
    return Estimate(*(money.rounded(window.per_average_month(savings[end], days) * months) for end in ends))


def slice_cost(slice_: Slice, book: prices.PriceBook, as_of_day: int) -> prices.Cost:
    """K_A: what the slice's tokens cost where they are, at the prices of a day; over its window, not scaled."""
    return cost.of_model(slice_.cells, book, slice_.provider, slice_.model, as_of_day)


def _divided(
    slice_: Slice, pair: pairs.Pair, provider: str, book: prices.PriceBook, as_of_day: int
) -> tuple[list[counterfactual.PricedCell], dict[str, int]]:
    """The cells that can move, and the tokens of the others by reason."""
    target = pair.target
    facts = book.facts_of(provider, target.model)
    movable, stuck = [], dict[str, int]()
    for cell in slice_.cells:
        now = cost.price_of(book, slice_.provider, slice_.model, cell, as_of_day)
        there = cell if provider == slice_.provider else replace(cell, region="")
        instead = cost.price_of(book, provider, target.model, there, as_of_day, pair.tier_of(cell.service_tier))
        reason = _stays_because(cell, pair.source.service_tier, now, instead, facts)
        if now is not None and instead is not None and reason is None:
            movable.append(counterfactual.PricedCell(cell, now, instead))
        elif reason is not None:
            stuck[reason] = stuck.get(reason, 0) + cell.counts.total_tokens
    return movable, stuck


def _stays_because(
    cell: cost.Cell,
    source_tier: str | None,
    now: prices.Price | None,
    instead: prices.Price | None,
    facts: prices.ModelFacts,
) -> str | None:
    """Why a cell cannot move; None when it can."""
    if source_tier not in (None, cell.service_tier):
        return "other_tier"
    if cell.service_tier == COMMITTED_TIER:
        return "committed_capacity"
    if facts.context_window is not None and cell.context_band >= facts.context_window:
        return "context_too_small"
    if now is None or cost.at(cell, now).unpriced_tokens:
        return "source_unpriced"
    return None if instead is not None and _prices_all(cell, now, instead) else "target_unpriced"


def _prices_all(cell: cost.Cell, now: prices.Price, instead: prices.Price) -> bool:
    """Whether the target has a rate for every token of a cell, with today's cached share and with none."""
    priced = [counterfactual.PricedCell(cell, now, instead)]
    try:
        for cached_share in (None, factors.ZERO):
            counterfactual.legs(priced, replace(factors.NEUTRAL, cached_share=cached_share))
    except PriceUnknown:
        return False
    return True


def _blocks(slice_: Slice, target: pairs.Side, facts: prices.ModelFacts, days_left: int | None) -> set[str]:
    """What speaks against the whole move, prices aside. A fact that the catalogue does not give blocks nothing."""
    missing = [name for bit, name in _MODALITIES.items() if slice_.features & bit and name not in facts.modalities]
    found = {
        "target_retires": days_left is not None and days_left <= life.TARGET_BLOCK_DAYS,
        "context_too_small": facts.context_window is not None and slice_.largest_prompt_tokens > facts.context_window,
        "output_too_small": facts.max_output_tokens is not None
        and slice_.largest_output_tokens > facts.max_output_tokens,
        "unsupported_feature": bool(facts.modalities and missing),
        "cannot_wait": target.service_tier in WAITING_TIERS and not slice_.can_wait,
    }
    return {code for code, blocked in found.items() if blocked}


def _sold_here_or_nowhere(book: prices.PriceBook, target: pairs.Side, provider: str) -> bool:
    """False where another provider sells the model and the slice's does not; a model nobody sells is just unpriced."""
    sellers = {seller for seller, sold in book.models.items() if target.model in sold}
    return target.provider is not None or provider in sellers or not sellers
