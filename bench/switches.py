"""How often the low-high band holds what a simulated switch really saves: `python -m bench.switches`.

Each switch has true factors that nobody knows. A pilot of some conversations shows them through the same import and tests
that the product uses; then all of the traffic moves, request by request, and what it saves is set against the band.
"""

import math
import random
import statistics
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

from advisor.evidence import evaluation, gates
from advisor.evidence.items import NANO, Item, hashed
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


@dataclass(frozen=True, slots=True)
class Truth:
    """What nobody knows of a switch: its factors over all conversations, and how they spread from one to the next.

    `sizes` is the spread of request sizes; larger ones fail more often, so an escalated one is dearer than average by
    `exp(sizes^2)`, which stays within what is assumed of sigma.
    """

    phi_in: float
    phi_out: float
    spread: float
    escalation_rate: float
    extra_attempts: float
    cached_now: float
    cached_there: float
    sizes: float


@dataclass(frozen=True, slots=True)
class Request:
    """The tokens of a request on both models, the attempts it took on the target, and whether the source ran it again."""

    now: TokenCounts
    there: TokenCounts
    attempts: int
    escalated: bool


def truth(draws: random.Random) -> Truth:
    """True factors over a wide span: some of these switches lose money."""
    return Truth(
        phi_in=draws.uniform(0.9, 1.3),
        phi_out=draws.uniform(0.6, 3),
        spread=draws.uniform(0.05, 0.6),
        escalation_rate=draws.uniform(0.01, 0.8),
        extra_attempts=draws.uniform(0, 0.1),
        cached_now=draws.uniform(0, 0.8),
        cached_there=draws.uniform(0, 0.4),
        sizes=draws.uniform(0.1, 0.6),
    )


def request(draws: random.Random, of: Truth) -> Request:
    """One request as both models would serve it."""
    size = math.exp(draws.gauss(0, of.sizes) - of.sizes**2 / 2)
    asked, answered = max(1, round(2_000 * size)), max(1, round(300 * size))
    noise = math.exp(draws.gauss(0, of.spread) - of.spread**2 / 2)
    asked_there, answered_there = (
        max(1, round(asked * of.phi_in)),
        max(1, round(answered * of.phi_out * noise)),
    )
    now = TokenCounts(
        input_tokens=asked,
        cached_input_tokens=_part(draws, asked, of.cached_now),
        cache_write_input_tokens=0,
        output_tokens=answered,
    )
    there = TokenCounts(
        input_tokens=asked_there,
        cached_input_tokens=_part(draws, asked_there, of.cached_there),
        cache_write_input_tokens=0,
        output_tokens=answered_there,
    )
    attempts = 1
    while draws.random() < of.extra_attempts / (1 + of.extra_attempts):
        attempts += 1
    return Request(now, there, attempts, draws.random() < min(1.0, of.escalation_rate * size))


def _part(draws: random.Random, tokens: int, share: float) -> int:
    """Cached tokens: all of a request's prefix or none of it."""
    return round(tokens * 0.9) if draws.random() < share / 0.9 else 0


def band(pilot: list[Request]) -> factors.Band:
    """The factors as the product measures them."""
    items = [
        Item(
            item=hashed(str(number)),
            conversation=hashed(str(number)),
            a_nano=NANO,
            b_nano=0 if each.escalated else NANO,
            a_input_tokens=each.now.input_tokens,
            a_output_tokens=each.now.output_tokens,
            b_input_tokens=each.there.input_tokens,
            b_output_tokens=each.there.output_tokens,
            b_cached_input_tokens=each.there.cached_input_tokens,
            b_attempts=each.attempts,
            escalated=each.escalated,
        )
        for number, each in enumerate(pilot)
    ]
    return factors.ASSUMED.with_measured(evaluation.evaluate(items, gates.DEFAULT).factors)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one switch saved, and its band, as shares of what the traffic cost before."""

    low: float
    saved: float
    high: float

    @property
    def place(self) -> int:
        """-1 under the band, 0 within it, 1 above it."""
        return (self.saved > self.high) - (self.saved < self.low)


def outcome(seed: int) -> Outcome:
    """Run one switch."""
    draws = random.Random(seed)
    hidden = truth(draws)
    measured = band([request(draws, hidden) for _ in range(PILOT)])
    moved = [request(draws, hidden) for _ in range(REQUESTS)]
    source, target = (_price(model) for model in ("gpt-4.1", "gpt-4.1-mini"))
    tokens = sum((each.now for each in moved), TokenCounts())
    cell = counterfactual.PricedCell(cost.Cell("standard", 0, tokens, len(moved)), source, target)
    found = candidates.estimate([cell], measured, DAYS)
    saved = sum(_saved(each, source, target) for each in moved)
    if found is None:
        raise ValueError("nothing was estimated")
    month = [
        window.per_average_month(Fraction(amount), DAYS)
        for amount in (saved, prices.cost(tokens, source.rates).femto_usd)
    ]
    return Outcome(
        *(
            float(amount / month[1])
            for amount in (found.low_femto_usd, month[0], found.high_femto_usd)
        )
    )


def _saved(each: Request, source: prices.Price, target: prices.Price) -> int:
    """What one request cost before, less all that it cost after."""
    before = prices.cost(each.now, source.rates).femto_usd
    there = prices.cost(each.there, target.rates).femto_usd
    return before - each.attempts * there - (before if each.escalated else 0)


def _price(model: str) -> prices.Price:
    found = _BOOK.at("openai", model, "standard", context_band=0, day=_DAY)
    if found is None:
        raise ValueError(f"no price of {model}")
    return found


def outcomes(switches: int = SWITCHES) -> list[Outcome]:
    """The outcomes of switches of their own seeds."""
    with ProcessPoolExecutor() as pool:
        return list(pool.map(outcome, range(switches), chunksize=10))


def section() -> str:
    """The results as Markdown."""
    found = outcomes()
    places = [each.place for each in found]
    within, under, above = (places.count(place) / len(found) for place in (0, -1, 1))
    given_up = statistics.median(each.saved - each.low for each in found)
    lost = [each for each in found if each.saved < 0]
    warned = sum(each.low <= 0 for each in lost)
    return "\n".join(
        [
            f"`python -m bench.switches`, {clock.now():%Y-%m-%d}: {SWITCHES:,} simulated switches, GPT-4.1 to Mini, seeded.",
            "The true factors (output inflation 0.6 to 3, escalation 1 to 80 %, retries 0 to 10 %, cached shares 0 to 80 and 0 to",
            f"40 %) are known only through a pilot of {PILOT} conversations, put through the product's own import and tests; then",
            f"{REQUESTS:,} requests move, one by one.",
            "",
            "| the saving was | share of switches |",
            "| --- | --- |",
            f"| within the band | {within:.2%} |",
            f"| less than its low end | {under:.2%} |",
            f"| more than its high end | {above:.2%} |",
            "",
            f"In the median the low end promises {given_up:.1%} of the cost less than was saved. {len(lost)} of the switches lost",
            f"money; the low end of {warned} of those was not above 0, so they would not have been advised.",
            "",
        ]
    )


if __name__ == "__main__":
    results.replace(TITLE, section())
