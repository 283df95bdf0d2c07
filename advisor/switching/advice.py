"""Advice on one slice: every configured alternative is assessed and decided, the best is chosen."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from advisor.evidence.rules import Evidence
from advisor.evidence.runs import RunRecord
from advisor.switching import (
    breakeven,
    candidates,
    counterfactual,
    decision,
    factors,
    headroom,
    levers,
    life,
    meter_gaps,
    proposals,
    risk,
    sensitivity,
    workloads,
    worth,
)
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from ledger import money, pairs
from ledger.pricing import prices

_PLACES: Mapping[decision.Kind, int] = {
    "switch_now": 0,
    "pilot": 1,
    "keep": 2,
    "not_enough_data": 2,
    "blocked": 3,
}
"""In what order advice on the alternatives of a slice is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The user's policy: pairs, stance, what the settings say of workloads, limits and amounts.

    Amounts are femto-USD: the threshold per average month, `one_off_femto_usd` what a move costs
    once. `rate_limits` are tokens a minute.
    """

    pairs: tuple[pairs.Pair, ...]
    proposes: bool = False
    """Whether the moves that facts of the book propose are decided on as well (`auto`)."""
    threshold_femto_usd: int = 50 * money.FEMTO_PER_USD
    one_off_femto_usd: int = 0
    stance: decision.Stance = "prove_target"
    workload_settings: workloads.WorkloadSettings = field(
        default_factory=workloads.WorkloadSettings
    )
    rate_limits: Mapping[headroom.Limited, int] = field(default_factory=dict)
    trusted_sellers: frozenset[str] = frozenset()
    """The providers whose answers people trust as those of any other seller of the same model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice(life.Lifetime):
    """One alternative of a slice: its decision, and every input that recomputes its figures.

    Amounts are femto-USD per average month (730 h) unless they say otherwise, days are UTC day
    numbers. None is unknown or undefined.
    """

    id: str
    provider: str
    project: str
    workload: str
    from_model: str
    to_provider: str
    to_model: str
    to_service_tier: str | None
    """None where each request keeps its own tier."""
    opt_out_reason: str | None = None

    requests: int
    """Billable requests of the window."""
    coverage: Fraction | None
    """How much of what the move changes is known."""
    workload_class: workloads.WorkloadClass
    forecast_error: Fraction | None
    cells: tuple[counterfactual.PricedCell, ...]
    """The cells that can move, with their prices on both sides."""
    stuck_tokens: dict[str, int]
    """The tokens that cannot move, by reason."""
    room: Fraction
    """The share of what could move that the target's rate limit has room for."""
    fitting_share: Fraction | None
    """The share of the requests that fit the target and its rate limit; None without any."""
    factors: factors.Band
    pass_rates: breakeven.PassRates | None
    evidence: Evidence | None
    """The paired results that speak of this target; None where the model stays."""

    cost: prices.Cost
    """What the slice's tokens cost on the source over the window."""
    cost_month_femto_usd: int | None
    price_gap: Fraction | None
    saving: candidates.Estimate | None
    """None with nothing to move or no closed day."""
    until_retirement: candidates.Estimate | None
    """The saving of the next year, integrated only until the first of the models shuts down."""
    replacement: candidates.Estimate | None = None
    """What the work that moves costs on the target, the least end first."""
    router_femto_usd: int | None
    """What a router saves that sends the hard requests straight to the source, as expected."""
    one_off_femto_usd: int
    """What the move costs once."""
    payback_days: Fraction | None
    """Days until the low end has paid the one-off cost back; None when it never does."""
    good_answer_now_femto_usd: Fraction | None
    """What a right answer costs on the source; None without pass rates."""
    good_answer_instead_femto_usd: Fraction | None
    """What a right answer costs on the target at the expected factors."""
    at_neutral: breakeven.BreakEven | None
    at_expected: breakeven.BreakEven | None
    withdrawn_runs: tuple[RunRecord, ...] = ()
    """The comparisons with this target, where every one was withdrawn."""
    stuck_requests: dict[str, int] = field(default_factory=dict)
    """The requests that cannot move, by reason."""
    parts: dict[str, levers.Part] = field(default_factory=dict)
    """The saving by lever; the parts add up to it exactly."""
    swings: tuple[sensitivity.Swing, ...] = ()

    decision: decision.Decision
    confidence: risk.Confidence
    risk: risk.Risk

    @property
    def stays(self) -> bool:
        """Whether no request moves: the same model, tier and provider, with a better cache."""
        return (self.to_provider, self.to_model, self.to_service_tier) == (
            self.provider,
            self.from_model,
            None,
        )

    @property
    def has_potential(self) -> bool:
        """Whether it can save anything: it can be made, and its source still serves."""
        return self.decision.kind != "blocked" and not self.is_source_gone

    @property
    def low_femto_usd(self) -> int:
        """The low end of its saving, 0 where that is unknown: advice is ranked by it."""
        return self.saving.low_femto_usd if self.saving else 0


@dataclass(frozen=True, slots=True)
class SliceAdvice:
    """The advice on every alternative of a slice, the chosen one first; empty without a pair.

    The next step is that of the others which a trial may add to what can be done today.
    """

    ranked: list[Advice]
    next_step: Advice | None


def on_slice(
    slice_: candidates.Slice,
    standing: Standing,
    terms: Terms,
    market: Market,
    *,
    claimed: Collection[str] = (),
    dismissed: Collection[str] = (),
) -> SliceAdvice:
    """Advice on every alternative of a slice, the chosen one first.

    The chosen one is the best that can be done today, else the best that a trial may unlock, unless
    the id of another is among the `claimed`. Those in `dismissed` come after the others. Only the
    chosen one and the next step have their parts and swings. What is named, claimed or compared is
    always decided on; of what facts propose, the best.
    """
    assessed = [
        candidates.assess(
            slice_,
            pair,
            market,
            standing.band(slice_, pair.target, market, terms.trusted_sellers),
        )
        for pair in proposals.find_states(slice_, terms.pairs, market, proposes=terms.proposes)
    ]
    named = proposals.find_named(slice_, terms.pairs, market.book)
    bound = set(pairs.join_moves(named, slice_.provider)) | {
        alternative.pair
        for alternative in assessed
        if alternative.id in claimed or alternative.model in standing.evidence
    }
    ranked = [
        (_advise(alternative, standing, terms, market), alternative)
        for alternative in proposals.choose(assessed, bound, market)
    ]
    ranked.sort(
        key=lambda pair: (
            pair[0].id not in claimed,
            pair[0].id in dismissed,
            _preference(pair[0]),
        )
    )
    step_place = _find_next_step([advice for advice, _ in ranked], dismissed)
    in_full = [
        _in_full(advice, alternative, market) if place in (0, step_place) else advice
        for place, (advice, alternative) in enumerate(ranked)
    ]
    return SliceAdvice(in_full, None if step_place is None else in_full[step_place])


def _find_next_step(ranked: Sequence[Advice], dismissed: Collection[str]) -> int | None:
    """The place of what a trial may add to the first advice, where that can be done today.

    It is the pilot with the best low end of those that are expected to save more, and that nobody
    has dismissed.
    """
    if not ranked or ranked[0].decision.kind != "switch_now" or ranked[0].is_source_gone:
        return None
    safe = ranked[0].saving
    return next(
        (
            place
            for place, advice in enumerate(ranked)
            if place
            and advice.decision.kind == "pilot"
            and advice.id not in dismissed
            and advice.saving
            and safe
            and advice.saving.expected_femto_usd > safe.expected_femto_usd
        ),
        None,
    )


def on_pair(
    slice_: candidates.Slice,
    pair: pairs.Pair,
    band: factors.Band,
    *,
    standing: Standing,
    terms: Terms,
    market: Market,
) -> Advice:
    """Advice on one alternative of a slice at the factors of a scenario; the pair is canonical."""
    alternative = candidates.assess(slice_, pair, market, band)
    advice = _advise(alternative, standing, terms, market)
    return _in_full(
        advice,
        alternative,
        market,
        standing.band(slice_, pair.target, market, terms.trusted_sellers),
    )


def _advise(
    alternative: candidates.Alternative, standing: Standing, terms: Terms, market: Market
) -> Advice:
    """The figures of one alternative and the decision that follows from them."""
    slice_, band, estimate = alternative.slice, alternative.factors, alternative.estimate
    pass_rates = standing.pass_rates_of(alternative.model)
    cost = market.cost_of(slice_.cells, slice_.provider, slice_.model)
    good_answer_now, good_answer_instead = worth.price_good_answers(alternative, pass_rates)
    evidence = None if alternative.keeps_model else standing.evidence.get(alternative.model)
    level = risk.assess(
        evidence,
        class_level=standing.class_level,
        unmeasured_factors=band.unmeasured,
        target_days_left=alternative.target_days_left,
        keeps_model=alternative.keeps_model,
    )
    at_expected = worth.find_break_even(alternative, band.expected, pass_rates)
    source_days_left = market.days_left(slice_.provider, slice_.model)
    cost_month = worth.scale_to_month(cost.femto_usd, slice_.days)
    coverage = meter_gaps.find_coverage(alternative, standing.coverage, market)
    situation = decision.Situation(
        days=slice_.days,
        requests=slice_.requests,
        coverage=coverage,
        low_month_femto_usd=estimate.low_femto_usd if estimate else None,
        slice_month_femto_usd=cost_month,
        threshold_femto_usd=terms.threshold_femto_usd,
        risk_level=level.level,
        blocks=alternative.blocks,
        source_days_left=source_days_left,
        target_days_left=alternative.target_days_left,
        escalation_rate=band.expected.escalation_rate,
        breakeven_escalation_rate=at_expected.escalation_rate if at_expected else None,
        one_off_femto_usd=terms.one_off_femto_usd,
        evidence=evidence,
        keeps_model=alternative.keeps_model,
        at_unlisted_seller=alternative.keeps_model
        and alternative.provider not in (slice_.provider, *terms.trusted_sellers),
        is_bounded=candidates.is_bounded(alternative.cells, band),
        stance=terms.stance,
        class_level=standing.class_level,
        cached_share_is_given="cached_share" in band.given_factors,
        is_control=standing.is_control,
    )
    days_left = life.shorter(source_days_left, alternative.target_days_left)
    return Advice(
        id=alternative.id,
        provider=slice_.provider,
        project=slice_.project,
        workload=slice_.workload,
        from_model=slice_.model,
        opt_out_reason=slice_.opt_out_reason,
        to_provider=alternative.provider,
        to_model=alternative.model,
        to_service_tier=alternative.service_tier,
        as_of_day=market.day,
        requests=slice_.requests,
        coverage=coverage,
        workload_class=standing.workload_class,
        forecast_error=standing.forecast_error,
        cells=alternative.cells,
        stuck_tokens=alternative.stuck_tokens,
        stuck_requests=alternative.stuck_requests,
        room=alternative.room,
        fitting_share=alternative.fitting_share,
        factors=band,
        pass_rates=pass_rates,
        evidence=evidence,
        withdrawn_runs=standing.withdrawn_runs.get(alternative.model, ()),
        cost=cost,
        cost_month_femto_usd=cost_month,
        price_gap=alternative.price_gap,
        saving=estimate,
        until_retirement=candidates.estimate(
            alternative.cells, band, slice_.days, life.earning_months(days_left)
        ),
        replacement=worth.price_replacement(alternative),
        router_femto_usd=worth.price_router(alternative),
        one_off_femto_usd=terms.one_off_femto_usd,
        payback_days=None
        if estimate is None
        else life.payback_days(terms.one_off_femto_usd, estimate.low_femto_usd),
        good_answer_now_femto_usd=good_answer_now,
        good_answer_instead_femto_usd=good_answer_instead,
        at_neutral=worth.find_break_even(alternative, band.price_lists, pass_rates),
        at_expected=at_expected,
        source_shutdown_day=market.shutdown_day(slice_.provider, slice_.model),
        target_shutdown_day=market.shutdown_day(alternative.provider, alternative.model),
        decision=decision.decide(situation),
        risk=level,
        confidence=_confidence(alternative, standing, level),
    )


def _confidence(
    alternative: candidates.Alternative, standing: Standing, level: risk.Risk
) -> risk.Confidence:
    return risk.confidence(
        days=alternative.slice.days,
        requests=alternative.slice.requests,
        prices_backdated=any(
            priced.now.backdated or priced.instead.backdated for priced in alternative.cells
        ),
        unmeasured_factors=alternative.factors.unmeasured,
        quality_risk=level.drivers["evidence"],
        forecast_error=standing.forecast_error,
    )


def _in_full(
    advice: Advice,
    alternative: candidates.Alternative,
    market: Market,
    own_band: factors.Band | None = None,
) -> Advice:
    """The advice with what only the chosen one needs."""
    parts = levers.split(alternative, market, own_band)
    swings = sensitivity.swings(advice.cells, advice.factors) if alternative.slice.days else ()
    return replace(advice, parts=parts, swings=tuple(swings))


def _preference(advice: Advice) -> tuple[int, bool, bool, int, str]:
    """What can be done today first, then what needs a trial, blocked ones last.

    Within them a target that ends with a source that has to be left goes last: it would have to be
    left at once. Else the best low end goes first, so headlines rest on low ends.
    """
    return (
        _PLACES[advice.decision.kind],
        advice.ends_with_source,
        advice.saving is None,
        -advice.low_femto_usd,
        advice.id,
    )
