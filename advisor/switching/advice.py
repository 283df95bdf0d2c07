"""Advice on one slice: every configured alternative assessed and decided, and the best one chosen. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import blake2b

from advisor.evidence.rules import Evidence
from advisor.switching import (
    breakeven,
    candidates,
    counterfactual,
    decision,
    factors,
    headroom,
    levers,
    life,
    ranking,
    risk,
    sensitivity,
    window,
    workloads,
)
from ledger import money, pairs
from ledger.pricing import prices


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user set: the pairs and the stance without evidence, what is said of workloads, and amounts in femto-USD.

    The threshold is per average month, `one_off_femto_usd` what a move costs once, `rate_limits` are tokens a minute.
    """

    pairs: tuple[pairs.Pair, ...]
    threshold_femto_usd: int = 50 * money.FEMTO_PER_USD
    one_off_femto_usd: int = 0
    stance: decision.Stance = "prove_target"
    said: workloads.Said = field(default_factory=workloads.Said)
    rate_limits: Mapping[headroom.Limited, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a slice beside its tokens; None is unknown. `class_level` is the risk of its workload class.

    `evidence` is by the canonical target model; `pass_rates` are given by somebody in the place of those it shows.
    """

    coverage: Fraction | None = None
    class_level: int = risk.UNLABELLED_RISK
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    forecast_error: Fraction | None = None
    pass_rates: breakeven.PassRates | None = None
    workload_class: workloads.Class = workloads.UNLABELLED

    def pass_rates_of(self, model: str) -> breakeven.PassRates | None:
        """The shares of right answers on the source and on a target; None where nobody compared them."""
        found = self.evidence.get(model)
        return self.pass_rates or (
            breakeven.PassRates(*found.pass_rates) if found and found.pass_rates else None
        )

    def band(self, slice_: candidates.Slice, target_model: str) -> factors.Band:
        """The factors of a move: neutral where the model stays; else as measured, and as assumed where they were not."""
        if target_model == slice_.model:
            return factors.TIER_ALONE
        found = self.evidence.get(target_model)
        return factors.ASSUMED.with_measured(found.current_factors) if found else factors.ASSUMED


@dataclass(frozen=True, slots=True)
class Swing:
    """What a move saves per average month with one factor at either end, in femto-USD."""

    factor: str
    at_low_femto_usd: int
    at_high_femto_usd: int


@dataclass(frozen=True, slots=True)
class Advice:
    """One alternative of a slice with its decision. Amounts are femto-USD per average month unless they say otherwise."""

    id: str
    as_of_day: int
    alternative: candidates.Alternative
    decision: decision.Decision
    confidence: risk.Confidence
    risk: risk.Risk
    slice_month_femto_usd: int | None
    threshold_femto_usd: int
    at_neutral: breakeven.BreakEven | None
    at_expected: breakeven.BreakEven | None
    router_femto_usd: int | None
    """What a router that sends the hard share straight to the source saves at the expected factors, in place of a cascade."""
    source_days_left: int | None
    days_left: int | None
    until_retirement: candidates.Estimate | None
    """The saving of the next year, integrated only to the shutdown of whichever model goes first."""
    one_off_femto_usd: int
    payback_days: Fraction | None
    """Days until the low end has paid the one-off cost back; None when it never does."""
    good_answer_now_femto_usd: Fraction | None
    good_answer_instead_femto_usd: Fraction | None
    """What a right answer costs on the source, and on the target at the expected factors; None without pass rates."""
    workload_class: workloads.Class
    proof: Evidence | None = None
    """The paired results that speak of this target; none where the model stays."""
    parts: dict[str, levers.Part] = field(default_factory=dict)
    """The saving by lever; the parts add up to it exactly."""
    swings: tuple[Swing, ...] = ()
    """The saving with one factor at its low and at its high end, the others as expected."""


def on_slice(
    slice_: candidates.Slice,
    standing: Standing,
    terms: Terms,
    book: prices.PriceBook,
    as_of_day: int,
    kept: Collection[str] = (),
) -> list[Advice]:
    """Advice on every alternative of a slice, the chosen one first; empty where no pair starts at it.

    The chosen one is the best, unless the id of another is among the `kept`. Only it has its parts and swings.
    """
    found = [
        _decided(
            candidates.assess(
                slice_, pair, book, as_of_day, standing.band(slice_, pair.target.model)
            ),
            standing,
            terms,
            book,
            as_of_day,
        )
        for pair in states(slice_, terms, book)
    ]
    found.sort(key=lambda item: (item.id not in kept, _preference(item)))
    return [*(_in_full(item, book) for item in found[:1]), *found[1:]]


def on_pair(
    slice_: candidates.Slice,
    pair: pairs.Pair,
    band: factors.Band,
    standing: Standing,
    terms: Terms,
    book: prices.PriceBook,
    as_of_day: int,
) -> Advice:
    """Advice on one alternative of a slice at factors of one's own; the pair is canonical."""
    found = candidates.assess(slice_, pair, book, as_of_day, band)
    unasked = standing.band(slice_, pair.target.model)
    return _in_full(_decided(found, standing, terms, book, as_of_day), book, unasked)


def other_models(
    slice_: candidates.Slice, terms: Terms, book: prices.PriceBook, as_of_day: int
) -> list[ranking.OtherModel]:
    """The models worth a look beside the pairs that start at this slice."""
    configured = {pair.target.model for pair in states(slice_, terms, book)}
    return ranking.others(slice_, book, as_of_day, configured)


def id_of(alternative: candidates.Alternative) -> str:
    """The recommendation's id, the same for as long as the slice and the target are: 16 hex characters."""
    slice_ = alternative.slice
    parts = (
        slice_.provider,
        slice_.project,
        slice_.workload,
        slice_.model,
        alternative.provider,
        alternative.model,
        alternative.service_tier,
    )
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def states(
    slice_: candidates.Slice, terms: Terms, book: prices.PriceBook
) -> tuple[pairs.Pair, ...]:
    """The states that the pairs let a slice move to; none where no pair starts at it."""
    read = (pairs.canonicalise(pair, slice_.provider, book) for pair in terms.pairs)
    return pairs.join_moves(
        (pair for pair in read if candidates.applies(pair, slice_)), slice_.provider
    )


def _decided(
    found: candidates.Alternative,
    standing: Standing,
    terms: Terms,
    book: prices.PriceBook,
    as_of_day: int,
) -> Advice:
    slice_, band = found.slice, found.factors
    month_cost = _month(candidates.slice_cost(slice_, book, as_of_day).femto_usd, slice_.days)
    source_days = life.days_left(book, slice_.provider, slice_.model, as_of_day)
    quality = None if found.keeps_model else standing.evidence.get(found.model)
    level = risk.of(
        quality,
        standing.class_level,
        band.unmeasured,
        found.target_days_left,
        keeps_model=found.keeps_model,
    )
    at_expected = _break_even(found, band.expected, standing)
    situation = decision.Situation(
        days=slice_.days,
        requests=slice_.requests,
        coverage=standing.coverage,
        low_month_femto_usd=found.estimate.low_femto_usd if found.estimate else None,
        slice_month_femto_usd=month_cost,
        threshold_femto_usd=terms.threshold_femto_usd,
        risk_level=level.level,
        blocks=found.blocks,
        source_days_left=source_days,
        target_days_left=found.target_days_left,
        escalation_rate=band.expected.escalation_rate,
        breakeven_escalation_rate=at_expected.escalation_rate if at_expected else None,
        one_off_femto_usd=terms.one_off_femto_usd,
        quality=quality,
        keeps_model=found.keeps_model,
        stance=terms.stance,
        class_level=standing.class_level,
        cache_is_asked="cached_share" in band.given,
    )
    return _advice(found, decision.decide(situation), level, standing, situation, as_of_day)


def _advice(
    found: candidates.Alternative,
    decided: decision.Decision,
    level: risk.Risk,
    standing: Standing,
    situation: decision.Situation,
    as_of_day: int,
) -> Advice:
    slice_, band = found.slice, found.factors
    one_off, low = situation.one_off_femto_usd, situation.low_month_femto_usd
    days_left = life.shorter(situation.source_days_left, situation.target_days_left)
    backdated = any(item.now.backdated or item.instead.backdated for item in found.cells)
    sure = risk.confidence(
        slice_.days,
        slice_.requests,
        backdated,
        band.unmeasured,
        level.drivers["evidence"],
        standing.forecast_error,
    )
    now, instead = _good_answers(found, standing)
    return Advice(
        id=id_of(found),
        as_of_day=as_of_day,
        alternative=found,
        decision=decided,
        confidence=sure,
        risk=level,
        slice_month_femto_usd=situation.slice_month_femto_usd,
        threshold_femto_usd=situation.threshold_femto_usd,
        at_neutral=_break_even(found, factors.NEUTRAL, standing),
        at_expected=_break_even(found, band.expected, standing),
        router_femto_usd=_router(found),
        source_days_left=situation.source_days_left,
        days_left=days_left,
        until_retirement=candidates.estimate(
            found.cells, band, slice_.days, life.earning_months(days_left)
        ),
        one_off_femto_usd=one_off,
        payback_days=None if low is None else life.payback_days(one_off, low),
        good_answer_now_femto_usd=now,
        good_answer_instead_femto_usd=instead,
        workload_class=standing.workload_class,
        proof=situation.quality,
    )


def _in_full(item: Advice, book: prices.PriceBook, unasked: factors.Band | None = None) -> Advice:
    """The advice with what only the chosen one needs."""
    found = item.alternative
    parts = levers.split(found, book, item.as_of_day, unasked)
    return replace(item, parts=parts, swings=tuple(_swings(found)))


def _preference(item: Advice) -> tuple[int, bool, int, str]:
    """Counted decisions first, blocked ones last; within them the best low end, so that headlines rest on low ends."""
    place = 0 if item.decision.counted else 2 if item.decision.kind == "blocked" else 1
    estimate = item.alternative.estimate
    return place, estimate is None, -estimate.low_femto_usd if estimate else 0, item.id


def _month(amount_femto_usd: int | Fraction, days: int) -> int | None:
    return (
        money.round_to_nano_usd(window.per_average_month(amount_femto_usd, days)) if days else None
    )


def _break_even(
    found: candidates.Alternative, at: factors.Factors, standing: Standing
) -> breakeven.BreakEven | None:
    """The limits of a move; none where no request moves."""
    if not found.cells or found.stays:
        return None
    return breakeven.of(found.cells, at, standing.pass_rates_of(found.model))


def _good_answers(
    found: candidates.Alternative, standing: Standing
) -> tuple[Fraction | None, Fraction | None]:
    rates = standing.pass_rates_of(found.model)
    if rates is None or not found.cells:
        return None, None
    expected, requests = found.factors.expected, sum(item.cell.requests for item in found.cells)
    costs = counterfactual.legs(found.cells, expected)
    return (
        breakeven.good_answer_femto_usd(costs.stay_femto_usd, requests, rates.now),
        breakeven.good_answer_femto_usd(
            costs.attempts_femto_usd(expected), requests, rates.instead
        ),
    )


def _swings(found: candidates.Alternative) -> Iterator[Swing]:
    for swing in sensitivity.swings(found.cells, found.factors) if found.slice.days else ():
        scaled = (
            money.round_to_nano_usd(window.per_average_month(end, found.slice.days))
            for end in (swing.at_low_femto_usd, swing.at_high_femto_usd)
        )
        yield Swing(swing.factor, *scaled)


def _router(found: candidates.Alternative) -> int | None:
    """A router's saving; none where the same model answers, because no request is too hard for it."""
    if not found.cells or found.keeps_model:
        return None
    expected = found.factors.expected
    return _month(
        counterfactual.router_saving(counterfactual.legs(found.cells, expected), expected),
        found.slice.days,
    )
