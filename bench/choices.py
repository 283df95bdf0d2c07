"""How often the low end of the chosen move holds: `python -m bench.choices`.

Each slice has several targets with true factors that nobody knows. The product decides on up to
four moves and chooses one: the best of four is picked with hindsight, so its low end is put to a
harder test than that of a move picked blindly. Before a pilot the low end is called cautious; after
pilots on every target it is measured. What the chosen move then saves is added up request by
request, in whole femto-USD, from the rates of the price book and none of the product's formulas.
"""

import functools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from advisor.advice import terms
from advisor.evidence import evaluation, gates, items, rules
from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.items import NANO, Item
from advisor.evidence.rules import Evidence
from advisor.switching import advice, candidates, cost, window
from advisor.switching.advice import Advice
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from bench import results
from ledger import clock
from ledger.pricing import price_book
from ledger.pricing.prices import ModelFacts
from ledger.settings import Settings
from ledger.tokens import TokenCounts

SLICES, PILOT, REQUESTS, DAYS = 2_000, 200, 1_500, 28
TITLE = "The low end of the chosen move"
SOURCES = (
    ("openai", "gpt-4.1"),
    ("openai", "gpt-4o"),
    ("openai", "gpt-5.1"),
    ("openai", "gpt-3.5-turbo"),
    ("openai", "gpt-5.4-mini"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-opus-4-6"),
    ("gcp.gemini", "gemini-2.5-pro"),
)
"""Models with traffic: they reason or not, and their targets reason, write caches or count tokens
otherwise, or do none of it."""
Life = Literal["everyday", "stress"]
LIVES: tuple[Life, ...] = ("everyday", "stress")
INTRODUCTION = """\
`python -m bench.choices`, {today}: {slices:,} simulated slices of {models} models, seeded. Every
target of a slice has true factors of its own; the product decides on up to four and chooses one,
before any pilot and after a pilot of {pilot} conversations on each. Then {requests:,} requests
move, one by one.

*Everyday*: escalation lognormal around 8 % (mean 11 %, near the 10 % that is expected without
evidence; one in thirteen above 25 %); a target that starts to reason writes 3 times the tokens in
the median, 1 to 12, one in twenty over 8 times; other answers within a fifth; another tokenizer
counts 1 to 1.35 times, as its maker says; retries up to 5 %, cache reads up to 60 %, any share of
the rest written. *Stress*: everything uniform and wide: escalation 1 to 80 %, reasoning output 1
to 12 times, other output 0.6 to 3 times, another tokenizer 1 to 1.5 times, retries up to 10 %,
cache reads up to 40 %.

Share of the moves with a low end that saved at least that (moves):
"""
_MARKET = Market(
    price_book.shipped(),
    clock.day_number(clock.EPOCH.replace(year=2026, month=11, day=23).date()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What nobody knows of a move: its factors over all requests, and their spread."""

    phi_in: float
    phi_out: float
    spread: float
    escalation_rate: float
    extra_attempts: float
    cached_share: float
    written_share: float
    """Of the input that is not read from the cache, where the target bills what it writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A request as a target would serve it."""

    tokens: TokenCounts
    attempts: int
    is_escalated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOutcome:
    """The chosen move of a slice: its kind, its low end and its saving, as shares of the cost.

    `low` is None where the product gives no low end. `is_advised` is whether its saving counts.
    """

    kind: str
    low: float | None
    saving: float
    is_advised: bool

    @property
    def holds(self) -> bool:
        """Whether it saves what the low end says."""
        return self.low is not None and self.saving >= self.low


def truth_of(draws: random.Random, source: ModelFacts, target: ModelFacts, life: Life) -> Truth:
    """True factors of a move. `section` states both distributions with their reasons."""
    starts_to_reason = bool(target.reasons and not source.reasons)
    counts_otherwise = source.tokenizer != target.tokenizer
    if life == "everyday":
        escalation_rate = min(0.8, draws.lognormvariate(math.log(0.08), 0.8))
        reasoned = min(12.0, max(1.0, draws.lognormvariate(math.log(3), 0.6)))
        return Truth(
            phi_in=draws.uniform(1, 1.35) if counts_otherwise else draws.uniform(0.98, 1.02),
            phi_out=reasoned if starts_to_reason else draws.lognormvariate(0, 0.2),
            spread=draws.uniform(0.05, 0.6),
            escalation_rate=escalation_rate,
            extra_attempts=draws.uniform(0, 0.05),
            cached_share=draws.uniform(0, 0.6),
            written_share=draws.random(),
        )
    return Truth(
        phi_in=draws.uniform(1, 1.5) if counts_otherwise else draws.uniform(0.9, 1.1),
        phi_out=draws.uniform(1, 12) if starts_to_reason else draws.uniform(0.6, 3),
        spread=draws.uniform(0.05, 0.6),
        escalation_rate=draws.uniform(0.01, 0.8),
        extra_attempts=draws.uniform(0, 0.1),
        cached_share=draws.uniform(0, 0.4),
        written_share=draws.random(),
    )


def _request(draws: random.Random, size_spread: float, cached_share: float) -> TokenCounts:
    """A request's tokens on the source."""
    size = math.exp(draws.gauss(0, size_spread) - size_spread**2 / 2)
    input_tokens = max(1, round(3_000 * size))
    return TokenCounts(
        input_tokens=input_tokens,
        cached_input_tokens=_prefix(draws, input_tokens, cached_share),
        output_tokens=max(1, round(300 * size)),
    )


def _prefix(draws: random.Random, tokens: int, share: float) -> int:
    """Cached tokens: nine tenths of a request or none of it."""
    return round(tokens * 0.9) if draws.random() < share / 0.9 else 0


def _attempt(
    draws: random.Random, request: TokenCounts, truth: Truth, target: ModelFacts
) -> Attempt:
    """A request on a target. Larger ones fail more often, as is assumed of sigma."""
    noise = math.exp(draws.gauss(0, truth.spread) - truth.spread**2 / 2)
    input_tokens = max(1, round(request.input_tokens * truth.phi_in))
    cached_tokens = _prefix(draws, input_tokens, truth.cached_share)
    least = target.writes_cache_from_tokens
    writes = least is not None and input_tokens >= least and draws.random() < truth.written_share
    attempts = 1
    while draws.random() < truth.extra_attempts / (1 + truth.extra_attempts):
        attempts += 1
    return Attempt(
        tokens=TokenCounts(
            input_tokens=input_tokens,
            cached_input_tokens=cached_tokens,
            cache_write_input_tokens=input_tokens - cached_tokens if writes else 0,
            output_tokens=max(1, round(request.output_tokens * truth.phi_out * noise)),
        ),
        attempts=attempts,
        is_escalated=draws.random()
        < min(1.0, truth.escalation_rate * request.input_tokens / 3_000),
    )


def _femto_usd(tokens: TokenCounts, provider: str, model: str) -> int:
    """What tokens cost by the rates of the price book."""
    rates = _rates(provider, model)
    cached, written = tokens.cached_input_tokens, tokens.cache_write_input_tokens
    return (
        (tokens.input_tokens - cached - written) * rates["uncached_input"]
        + cached * rates.get("cached_input", rates["uncached_input"])
        + written * rates.get("cache_write_input", rates["uncached_input"])
        + tokens.output_tokens * rates["output"]
    )


@functools.cache
def _rates(provider: str, model: str) -> dict[str, int]:
    price = _MARKET.book.at(provider, model, "standard", context_band=0, day=_MARKET.day)
    if price is None:
        raise ValueError(f"no price of {model} at {provider}")
    return price.rates.by_meter


def _evidence(model: str, target: str, pilot: Sequence[Item]) -> Evidence:
    """What a pilot shows, as the product evaluates paired results."""
    comparison = StoredComparison(
        id="0" * 16,
        project="bench",
        workload="choice",
        from_model=model,
        to_model=target,
        gate=gates.DEFAULT,
        measured_day=_MARKET.day - 1,
        imported_at=0,
        imported_by="bench",
        source="bench",
        judge=None,
        labels=None,
        left_out=0,
        evaluation=evaluation.evaluate(pilot, gates.DEFAULT),
        withdrawn_at=None,
        withdrawn_note=None,
    )
    return rules.assess(comparison, _MARKET.book, _MARKET.day)


def _item(number: int, request: TokenCounts, attempt: Attempt) -> Item:
    name = items.hash_name(str(number))
    return Item(
        item=name,
        conversation=name,
        a_nano=NANO,
        b_nano=0 if attempt.is_escalated else NANO,
        a_input_tokens=request.input_tokens,
        a_output_tokens=request.output_tokens,
        b_input_tokens=attempt.tokens.input_tokens,
        b_output_tokens=attempt.tokens.output_tokens,
        b_cached_input_tokens=attempt.tokens.cached_input_tokens,
        b_attempts=attempt.attempts,
        escalated=attempt.is_escalated,
    )


def kind_of(source: ModelFacts, target: ModelFacts) -> str:
    """What is new about a target."""
    names = {
        "starts to reason": target.reasons and not source.reasons,
        "counts tokens otherwise": source.tokenizer != target.tokenizer,
        "writes its cache": target.writes_cache_from_tokens and not source.writes_cache_from_tokens,
    }
    return ", ".join(name for name, applies in names.items() if applies) or "nothing"


@functools.cache
def _terms() -> advice.Terms:
    """The shipped policy, for savings of any size."""
    return replace(terms.from_settings(Settings()), threshold_femto_usd=0)


def outcomes_of(seed: int, life: Life) -> tuple[ChoiceOutcome | None, ChoiceOutcome | None]:
    """The chosen move of a slice before any pilot, and after one on each of its targets.

    None where the product chooses no move.
    """
    draws = random.Random(seed)
    provider, model = SOURCES[seed % len(SOURCES)]
    size_spread, cached_share = draws.uniform(0.1, 0.6), draws.uniform(0, 0.6)
    requests = [_request(draws, size_spread, cached_share) for _ in range(REQUESTS)]
    slice_ = candidates.Slice(
        provider=provider,
        project="bench",
        workload="choice",
        model=model,
        cells=(
            cost.Cell(
                service_tier="standard",
                context_band=0,
                counts=sum(requests, TokenCounts()),
                requests=REQUESTS,
                largest_input_tokens=max(request.input_tokens for request in requests),
            ),
        ),
        days=DAYS,
        largest_output_tokens=max(request.output_tokens for request in requests),
    )
    facts = _MARKET.facts_of(provider, model)
    truths: dict[str, Truth] = {}

    def chosen(standing: Standing) -> ChoiceOutcome | None:
        ranked = _moves(slice_, standing)
        for move in ranked:
            if move.to_model not in truths:
                target = _MARKET.facts_of(move.to_provider, move.to_model)
                truths[move.to_model] = truth_of(draws, facts, target, life)
        return _outcome(draws, ranked[0], requests, truths) if ranked else None

    before = chosen(Standing(coverage=Fraction(1)))
    evidence = {}
    for target, truth in truths.items():
        target_facts = _MARKET.facts_of(provider, target)
        pilot = []
        for number in range(PILOT):
            request = _request(draws, size_spread, cached_share)
            pilot.append(_item(number, request, _attempt(draws, request, truth, target_facts)))
        evidence[target] = _evidence(model, target, pilot)
    return before, chosen(Standing(coverage=Fraction(1), evidence=evidence))


def _moves(slice_: candidates.Slice, standing: Standing) -> list[Advice]:
    """The moves to other models of the same seller, the product's choice first."""
    ranked = advice.on_slice(slice_, standing, _terms(), _MARKET).ranked
    return [
        move
        for move in ranked
        if move.to_model != slice_.model and move.to_provider == slice_.provider
    ]


def _outcome(
    draws: random.Random,
    move: Advice,
    requests: Iterable[TokenCounts],
    truths: dict[str, Truth],
) -> ChoiceOutcome:
    """All of the traffic moves, and its costs are added up."""
    target = _MARKET.facts_of(move.to_provider, move.to_model)
    before_femto_usd = after_femto_usd = 0
    for request in requests:
        attempt = _attempt(draws, request, truths[move.to_model], target)
        on_source = _femto_usd(request, move.provider, move.from_model)
        on_target = _femto_usd(attempt.tokens, move.to_provider, move.to_model)
        before_femto_usd += on_source
        after_femto_usd += attempt.attempts * on_target
        after_femto_usd += on_source if attempt.is_escalated else 0
    month_femto_usd = window.per_average_month(Fraction(before_femto_usd), DAYS)
    low = move.saving.low_femto_usd / month_femto_usd if move.saving else None
    return ChoiceOutcome(
        kind=kind_of(_MARKET.facts_of(move.provider, move.from_model), target),
        low=None if low is None else float(low),
        saving=1 - after_femto_usd / before_femto_usd,
        is_advised=move.decision.counted and move.low_femto_usd > 0,
    )


def simulate(life: Life, slices: int = SLICES) -> tuple[list[ChoiceOutcome], list[ChoiceOutcome]]:
    """The chosen moves before and after pilots, of the slices that have one."""
    with ProcessPoolExecutor() as pool:
        pairs = list(
            pool.map(functools.partial(outcomes_of, life=life), range(slices), chunksize=20)
        )
    return (
        [before for before, _ in pairs if before is not None],
        [after for _, after in pairs if after is not None],
    )


def coverage(outcomes: Iterable[ChoiceOutcome]) -> float:
    """The share of the moves with a low end that save at least that."""
    with_low = [outcome for outcome in outcomes if outcome.low is not None]
    return sum(outcome.holds for outcome in with_low) / len(with_low)


def section() -> str:
    """The results as Markdown."""
    simulated = {life: simulate(life) for life in LIVES}
    columns = {
        "cautious, everyday": simulated["everyday"][0],
        "cautious, stress": simulated["stress"][0],
        "measured, everyday": simulated["everyday"][1],
        "measured, stress": simulated["stress"][1],
    }
    kinds = sorted({outcome.kind for outcomes in columns.values() for outcome in outcomes})
    rows: dict[str, Callable[[ChoiceOutcome], bool]] = {
        "every chosen move": _has_low,
        "of these, advised": _is_advised,
    }
    rows |= {f"new: {kind}": functools.partial(_is_of_kind, kind=kind) for kind in kinds}
    introduction = INTRODUCTION.format(
        today=f"{clock.now():%Y-%m-%d}",
        slices=SLICES,
        models=len(SOURCES),
        pilot=PILOT,
        requests=REQUESTS,
    )
    table = [
        f"| | {' | '.join(columns)} |",
        f"| --- |{' --- |' * len(columns)}",
        *(
            f"| {name} | {' | '.join(_cell(outcomes, rule) for outcomes in columns.values())} |"
            for name, rule in rows.items()
        ),
    ]
    return "\n".join([introduction, *table, ""])


def _has_low(outcome: ChoiceOutcome) -> bool:
    return outcome.low is not None


def _is_advised(outcome: ChoiceOutcome) -> bool:
    return outcome.is_advised


def _is_of_kind(outcome: ChoiceOutcome, kind: str) -> bool:
    return outcome.kind == kind


def _cell(outcomes: Iterable[ChoiceOutcome], rule: Callable[[ChoiceOutcome], bool]) -> str:
    some = [outcome for outcome in outcomes if rule(outcome) and outcome.low is not None]
    return f"{coverage(some):.1%} ({len(some):,})" if some else "-"


if __name__ == "__main__":
    results.replace(TITLE, section())
