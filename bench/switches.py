"""How often the band of a saving holds what a simulated switch saves: `python -m bench.switches`.

Each switch has true factors that nobody knows. A pilot of some conversations shows them through the
tests that the product uses. Then all of the traffic moves, request by request, and the saving is
compared with the band.
"""

import math
import random
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

from advisor.evidence import evaluation, gates, items
from advisor.evidence.items import NANO, Item
from advisor.switching import candidates, cost, counterfactual, factors, window
from bench import results
from ledger import clock
from ledger.pricing import price_book, prices
from ledger.tokens import TokenCounts

SWITCHES, PILOT, REQUESTS = 2_000, 200, 4_000
DAYS = 28
TITLE = "The band of a saving"
_BOOK, _DAY = (
    price_book.shipped(),
    clock.day_number(clock.EPOCH.replace(year=2026, month=11, day=23).date()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFactors:
    """What nobody knows of a switch: its factors over all conversations, and their spread.

    `size_spread` is that of request sizes. Larger requests fail more often, so an escalated one
    costs `exp(size_spread^2)` times the average, which stays within what is assumed of sigma.
    """

    phi_in: float
    phi_out: float
    spread: float
    escalation_rate: float
    extra_attempts: float
    cached_now: float
    cached_there: float
    size_spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request's tokens on both models, its attempts on the target, and whether it escalated."""

    source_tokens: TokenCounts
    target_tokens: TokenCounts
    attempts: int
    escalated: bool


def true_factors(draws: random.Random) -> TrueFactors:
    """True factors over a wide span: some of these switches lose money."""
    return TrueFactors(
        phi_in=draws.uniform(0.9, 1.3),
        phi_out=draws.uniform(0.6, 3),
        spread=draws.uniform(0.05, 0.6),
        escalation_rate=draws.uniform(0.01, 0.8),
        extra_attempts=draws.uniform(0, 0.1),
        cached_now=draws.uniform(0, 0.8),
        cached_there=draws.uniform(0, 0.4),
        size_spread=draws.uniform(0.1, 0.6),
    )


def request(draws: random.Random, hidden: TrueFactors) -> Request:
    """One request as both models would serve it."""
    size = math.exp(draws.gauss(0, hidden.size_spread) - hidden.size_spread**2 / 2)
    input_tokens, output_tokens = max(1, round(2_000 * size)), max(1, round(300 * size))
    noise = math.exp(draws.gauss(0, hidden.spread) - hidden.spread**2 / 2)
    target_input_tokens = max(1, round(input_tokens * hidden.phi_in))
    target_output_tokens = max(1, round(output_tokens * hidden.phi_out * noise))
    source_tokens = TokenCounts(
        input_tokens=input_tokens,
        cached_input_tokens=_part(draws, input_tokens, hidden.cached_now),
        output_tokens=output_tokens,
    )
    target_tokens = TokenCounts(
        input_tokens=target_input_tokens,
        cached_input_tokens=_part(draws, target_input_tokens, hidden.cached_there),
        output_tokens=target_output_tokens,
    )
    attempts = 1
    while draws.random() < hidden.extra_attempts / (1 + hidden.extra_attempts):
        attempts += 1
    return Request(
        source_tokens=source_tokens,
        target_tokens=target_tokens,
        attempts=attempts,
        escalated=draws.random() < min(1.0, hidden.escalation_rate * size),
    )


def _part(draws: random.Random, tokens: int, share: float) -> int:
    """Cached tokens: all of a request's prefix or none of it."""
    return round(tokens * 0.9) if draws.random() < share / 0.9 else 0


def band(pilot: Sequence[Request]) -> factors.Band:
    """The factors as the product measures them."""
    results = [_item(number, request) for number, request in enumerate(pilot)]
    measured = evaluation.evaluate(results, gates.DEFAULT).factors
    return factors.ASSUMED.with_measured(measured)


def _item(number: int, request: Request) -> Item:
    return Item(
        item=items.hash_name(str(number)),
        conversation=items.hash_name(str(number)),
        a_nano=NANO,
        b_nano=0 if request.escalated else NANO,
        a_input_tokens=request.source_tokens.input_tokens,
        a_output_tokens=request.source_tokens.output_tokens,
        b_input_tokens=request.target_tokens.input_tokens,
        b_output_tokens=request.target_tokens.output_tokens,
        b_cached_input_tokens=request.target_tokens.cached_input_tokens,
        b_attempts=request.attempts,
        escalated=request.escalated,
    )


@dataclass(frozen=True, slots=True)
class SwitchOutcome:
    """What one switch saved, and its band, as shares of what the traffic cost before."""

    low: float
    saving: float
    high: float

    @property
    def place(self) -> int:
        """-1 under the band, 0 within it, 1 above it."""
        return (self.saving > self.high) - (self.saving < self.low)


def outcome(seed: int) -> SwitchOutcome:
    """Run one switch."""
    draws = random.Random(seed)
    hidden = true_factors(draws)
    measured = band([request(draws, hidden) for _ in range(PILOT)])
    moved = [request(draws, hidden) for _ in range(REQUESTS)]
    source, target = _price("gpt-4.1"), _price("gpt-4.1-mini")
    tokens = sum((moved_request.source_tokens for moved_request in moved), TokenCounts())
    used = cost.Cell(service_tier="standard", context_band=0, counts=tokens, requests=len(moved))
    cell = counterfactual.PricedCell(used, source, target)
    estimate = candidates.estimate([cell], measured, DAYS)
    if estimate is None:
        raise ValueError("nothing was estimated")
    saving = _per_month(sum(_saving(moved_request, source, target) for moved_request in moved))
    cost_before = _per_month(prices.cost(tokens, source.rates).femto_usd)
    return SwitchOutcome(
        low=float(estimate.low_femto_usd / cost_before),
        saving=float(saving / cost_before),
        high=float(estimate.high_femto_usd / cost_before),
    )


def _per_month(amount_femto_usd: int) -> Fraction:
    return window.per_average_month(Fraction(amount_femto_usd), DAYS)


def _saving(request: Request, source: prices.Price, target: prices.Price) -> int:
    """What one request cost before, less all that it cost after, in femto-USD."""
    before = prices.cost(request.source_tokens, source.rates).femto_usd
    attempt = prices.cost(request.target_tokens, target.rates).femto_usd
    return before - request.attempts * attempt - (before if request.escalated else 0)


def _price(model: str) -> prices.Price:
    price = _BOOK.at("openai", model, "standard", context_band=0, day=_DAY)
    if price is None:
        raise ValueError(f"no price of {model}")
    return price


def outcomes(switches: int = SWITCHES) -> list[SwitchOutcome]:
    """The outcomes of so many switches, each with a seed of its own."""
    with ProcessPoolExecutor() as pool:
        return list(pool.map(outcome, range(switches), chunksize=10))


def section() -> str:
    """The results as Markdown."""
    simulated = outcomes()
    places = [switch.place for switch in simulated]
    within, under, above = (places.count(place) / len(places) for place in (0, -1, 1))
    caution = statistics.median(switch.saving - switch.low for switch in simulated)
    losses = [switch for switch in simulated if switch.saving < 0]
    warnings = sum(switch.low <= 0 for switch in losses)
    return "\n".join(
        [
            f"`python -m bench.switches`, {clock.now():%Y-%m-%d}: {SWITCHES:,} simulated switches,",
            "GPT-4.1 to Mini, seeded. The true factors (output inflation 0.6 to 3, escalation 1 to",
            "80 %, retries 0 to 10 %, cached shares 0 to 80 and 0 to 40 %) are known only through",
            f"a pilot of {PILOT} conversations, which the product's own tests evaluate; then",
            f"{REQUESTS:,} requests move, one by one.",
            "",
            "| the saving was | share of switches |",
            "| --- | --- |",
            f"| within the band | {within:.2%} |",
            f"| less than its low end | {under:.2%} |",
            f"| more than its high end | {above:.2%} |",
            "",
            f"In the median the low end promises {caution:.1%} of the cost less than was saved.",
            f"{len(losses)} of the switches lost money; the low end of {warnings} of those was not",
            "above 0, so they would not have been advised.",
            "",
        ]
    )


if __name__ == "__main__":
    results.replace(TITLE, section())
