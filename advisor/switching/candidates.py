"""The states that a slice could move to: which pairs apply, which cells can go, what blocks it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import blake2b
from typing import Literal

from advisor.switching import assumptions, cost, counterfactual, factors, fit, life, window
from advisor.switching.market import Market
from ledger import money, pairs
from ledger.pricing import prices

End = Literal["low", "expected", "high"]
ENDS: tuple[End, ...] = ("low", "expected", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The unit of advice: provider x project x workload x canonical model, over its window."""

    provider: str
    project: str
    workload: str
    model: str
    cells: tuple[cost.Cell, ...]
    days: int
    largest_output_tokens: int = 0
    can_wait: bool = False
    meter_uses: tuple[cost.MeterUse, ...] = ()
    """What it used besides tokens, such as searches: in no amount of a saving."""
    is_paid_ahead: bool = False
    """Whether its model runs on capacity paid ahead: a token that moves off it saves nothing."""
    opt_out_reason: str | None = None
    """Why a person took it out of advice; None where nobody did."""
    headroom: Mapping[tuple[str, str], Fraction] = field(default_factory=dict)
    """By (provider, model) with a rate limit, the share of the slice that fits in every hour."""

    @property
    def requests(self) -> int:
        """Billable requests of the window."""
        return sum(cell.requests for cell in self.cells)

    @property
    def largest_prompt_tokens(self) -> int:
        """The largest input that is known of."""
        return max((cell.largest_prompt_tokens for cell in self.cells), default=0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A saving in femto-USD, per average month (730 h) unless it says otherwise.

    It is negative where the target costs more. Each end is rounded once, from the exact amount of
    the window, to 9 decimals of a USD.
    """

    low_femto_usd: int
    expected_femto_usd: int
    high_femto_usd: int

    def at(self, end: End) -> int:
        """The amount at one of the three ends."""
        return {
            "low": self.low_femto_usd,
            "expected": self.expected_femto_usd,
            "high": self.high_femto_usd,
        }[end]

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(
            self.low_femto_usd + other.low_femto_usd,
            self.expected_femto_usd + other.expected_femto_usd,
            self.high_femto_usd + other.high_femto_usd,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One reachable state of a slice: a model and a tier (None: each request keeps its own).

    `cells` are those that can move, `stuck_tokens` and `stuck_requests` the tokens and requests of
    the others by reason, `blocks` the reasons against the whole move in order. `estimate` is None
    with nothing to move or no closed day.
    """

    slice: Slice
    pair: pairs.Pair
    provider: str
    model: str
    service_tier: str | None
    cells: tuple[counterfactual.PricedCell, ...]
    stuck_tokens: dict[str, int]
    stuck_requests: dict[str, int]
    blocks: tuple[str, ...]
    factors: factors.Band
    estimate: Estimate | None
    price_gap: Fraction | None
    target_days_left: int | None
    room: Fraction
    """The share of what could move that the target's rate limit has room for."""

    @property
    def id(self) -> str:
        """The recommendation's id: 16 hex characters, the same while slice and target are."""
        slice_ = self.slice
        parts = (
            slice_.provider,
            slice_.project,
            slice_.workload,
            slice_.model,
            self.provider,
            self.model,
            self.service_tier,
        )
        return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    @property
    def fitting_share(self) -> Fraction | None:
        """The share of the requests that fit the target and its rate limit; None without any."""
        if not self.slice.requests:
            return None
        movable_requests = sum(priced.cell.requests for priced in self.cells)
        return self.room * Fraction(movable_requests, self.slice.requests)

    @property
    def keeps_model(self) -> bool:
        """Whether the same model answers, so that nothing about its answers has to be proven."""
        return self.model == self.slice.model

    @property
    def stays(self) -> bool:
        """Whether no request moves: the same model, tier and provider, with a better cache."""
        same_provider = self.provider == self.slice.provider
        return self.keeps_model and same_provider and self.service_tier is None


def applies(pair: pairs.Pair, slice_: Slice) -> bool:
    """Whether a pair starts at a slice: at its model and, where named, its provider and tier."""
    source = pair.source
    tiers = {cell.service_tier for cell in slice_.cells}
    provider_fits = source.provider in (None, slice_.provider)
    tier_fits = source.service_tier is None or source.service_tier in tiers
    return source.model == slice_.model and provider_fits and tier_fits


def assess(
    slice_: Slice, pair: pairs.Pair, market: Market, band: factors.Band | None = None
) -> Alternative:
    """What moving a slice along a pair saves at the prices of a day, and what stands against it.

    `band` defaults to the shipped assumptions, or to neutral factors where the model stays.
    """
    provider, model = pair.target.provider or slice_.provider, pair.target.model
    movable, stuck = _divide(slice_, pair, provider, market)
    stuck_tokens, stuck_requests = (
        {reason: sum(map(amount_of, cells)) for reason, cells in stuck.items()}
        for amount_of in (_tokens_of, _requests_of)
    )
    if band is None:
        band = assumed_band(slice_, pair.target, market)
    room = slice_.headroom.get((provider, model), factors.ONE)
    if pair.target.service_tier == "batch":
        room = factors.ONE
    if room < 1:
        shares = [room * end.share for end in (band.low, band.expected, band.high)]
        band = band.with_given("share", shares)
    band = _with_writes(band, movable, market.facts_of(provider, model))
    days_left = market.days_left(provider, model)
    blocks = _blocks(slice_, market.facts_of(provider, model), days_left)
    if not movable:
        blocks |= stuck.keys()
    if slice_.opt_out_reason is not None:
        blocks.add("opted_out")
    if not room:
        blocks.add("no_headroom")
    return Alternative(
        slice=slice_,
        pair=pair,
        provider=provider,
        model=model,
        service_tier=pair.target.service_tier,
        cells=tuple(movable),
        stuck_tokens=stuck_tokens,
        stuck_requests=stuck_requests,
        blocks=tuple(code for code in fit.BLOCKS if code in blocks),
        factors=band,
        estimate=estimate(movable, band, slice_.days),
        price_gap=counterfactual.price_gap(movable, band.price_lists),
        target_days_left=days_left,
        room=room,
    )


def estimate(
    cells: Sequence[counterfactual.PricedCell],
    band: factors.Band,
    days: int,
    months: Fraction = factors.ONE,
) -> Estimate | None:
    """The saving of average months at the three ends of a band.

    None without a cell that can move, without a closed day, and where answers may be of any length.
    """
    if not cells or not days or not is_bounded(cells, band):
        return None
    ends = (band.low, band.expected, band.high)
    savings = {end: counterfactual.saving(cells, end) for end in dict.fromkeys(ends)}
    low, expected, high = (
        money.round_to_nano_usd(window.per_average_month(savings[end], days) * months)
        for end in ends
    )
    return Estimate(low, expected, high)


def is_bounded(cells: Sequence[counterfactual.PricedCell], band: factors.Band) -> bool:
    """Whether a saving has a low end: answers have a longest length, or there are none."""
    return band.is_bounded or not any(priced.cell.counts.output_tokens for priced in cells)


def assumed_band(
    slice_: Slice, target: pairs.Side, market: Market, trusted_sellers: Collection[str] = ()
) -> factors.Band:
    """The factors that are assumed of a move to a target, until they are measured."""
    provider = target.provider or slice_.provider
    if target.model != slice_.model:
        return assumptions.of_another_model(
            market.facts_of(slice_.provider, slice_.model), market.facts_of(provider, target.model)
        )
    if provider in (slice_.provider, *trusted_sellers):
        return factors.TIER_ALONE
    return assumptions.ANOTHER_SELLER


def _with_writes(
    band: factors.Band, cells: Sequence[counterfactual.PricedCell], target: prices.ModelFacts
) -> factors.Band:
    """The band with the cache writes that the target adds, and none where it bills none."""
    if not any(counterfactual.writes_cost_more(priced.instead.rates) for priced in cells):
        return band.without_measured_writes()
    writing = [priced.cell for priced in cells if counterfactual.adds_writes(priced)]
    if not writing:
        return band
    least_tokens = target.writes_cache_from_tokens
    if least_tokens is None:
        # Whoever calls such a target marks what is written, which only the low end assumes.
        return band.with_writes(as_expected=False)
    input_tokens = sum(cell.counts.input_tokens for cell in writing)
    requests = sum(cell.requests for cell in writing)
    return band.with_writes(as_expected=input_tokens >= least_tokens * requests)


def _divide(
    slice_: Slice, pair: pairs.Pair, provider: str, market: Market
) -> tuple[list[counterfactual.PricedCell], dict[str, list[cost.Cell]]]:
    """The cells that can move, and the others by reason."""
    target = pair.target
    facts = market.facts_of(provider, target.model)
    movable, stuck = [], dict[str, list[cost.Cell]]()
    for cell in slice_.cells:
        now = market.price_of(cell, slice_.provider, slice_.model)
        there = cell if provider == slice_.provider else replace(cell, region="")
        tier = pair.tier_of(cell.service_tier)
        instead = market.price_of(there, provider, target.model, tier)
        reason = fit.reason_to_stay(
            cell,
            pair,
            facts,
            now=now,
            instead=instead,
            slice_can_wait=slice_.can_wait,
            is_paid_ahead=slice_.is_paid_ahead,
        )
        if reason == "target_unpriced":
            reason = _unpriced_because(there, pair, provider, market)
        if now is not None and instead is not None and reason is None:
            movable.append(counterfactual.PricedCell(cell, now, instead))
        elif reason is not None:
            stuck.setdefault(reason, []).append(cell)
    return movable, stuck


def _tokens_of(cell: cost.Cell) -> int:
    return cell.counts.total_tokens


def _requests_of(cell: cost.Cell) -> int:
    return cell.requests


def _blocks(slice_: Slice, facts: prices.ModelFacts, days_left: int | None) -> set[str]:
    """What stands against the whole move. A fact that is not known blocks nothing.

    Prompts that do not fit stay behind by themselves; how many answers are too long, nobody counts.
    """
    answer_tokens = facts.max_output_tokens
    is_blocked = {
        "target_retires": days_left is not None and days_left <= life.TARGET_BLOCK_DAYS,
        "output_too_small": answer_tokens is not None
        and slice_.largest_output_tokens > answer_tokens,
    }
    return {code for code, blocks in is_blocked.items() if blocks}


def _unpriced_because(cell: cost.Cell, pair: pairs.Pair, provider: str, market: Market) -> str:
    """Why a target has no price for a cell.

    Only other providers sell it, it is only sold outside the cell's region, or nobody sells it.
    """
    model = pair.target.model
    sellers = {seller for seller, sold in market.book.models.items() if model in sold}
    if pair.target.provider is None and sellers and provider not in sellers:
        return "not_sold_here"
    tier = pair.tier_of(cell.service_tier)
    elsewhere = market.price_of(replace(cell, region=""), provider, model, tier)
    return "not_in_region" if cell.region and elsewhere is not None else "target_unpriced"
