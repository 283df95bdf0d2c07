"""A plan for comparing the two models of a recommendation. Pure; from the stored figure, so that all faces agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil

from advisor.advice import explanation
from advisor.advice.values import Recommendation
from advisor.evidence import gates, rules
from advisor.evidence.gates import QualityGate
from advisor.switching import counterfactual
from advisor.trial import routing, sample_size
from advisor.trial.figures import PlanFigure, SplitFigure
from advisor.trial.sample_size import SampleSize
from ledger import clock, money
from ledger.errors import NotAllowed, UsageError

SHARES = (Fraction(1, 100), Fraction(1, 20), Fraction(1, 5))
DISCORDANT, PASS_RATE = Fraction("0.1"), Fraction("0.9")
"""Assumed where nobody has compared the two: one pair in ten differs, the source is right in nine of ten."""
_MOST_PER_CONVERSATION = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody knows better, in text; what is None is measured where evidence exists, and else assumed."""

    rule: str = "ratio"
    threshold: str | None = None
    power: str | None = None
    discordant: str | None = None
    pass_rate: str | None = None
    requests_per_conversation: int = 1
    judge_usd: str | None = None
    """What marking one pair costs."""


def of(item: Recommendation, asked: Asked) -> PlanFigure:
    """The plan. Raises NotAllowed for a move that keeps the model, UsageError on what cannot be read or cannot be."""
    if item.to_model == item.from_model:
        raise NotAllowed(
            f"{item.id} keeps the model and moves its tier alone: the same model answers, nothing to compare"
        )
    if not 1 <= asked.requests_per_conversation <= _MOST_PER_CONVERSATION:
        raise UsageError(f"a conversation has from 1 to {_MOST_PER_CONVERSATION} requests")
    gate = gates.parse(asked.rule, asked.threshold)
    discordant, pass_rate, assumed = _inputs(item, asked)
    power = _ratio("power", asked.power) or sample_size.POWER
    sample = sample_size.compute(gate, discordant=discordant, pass_rate=pass_rate, power=power)
    return _figure(item, asked, gate, sample, power, discordant, pass_rate, assumed)


def _figure(
    item: Recommendation,
    asked: Asked,
    gate: QualityGate,
    sample: SampleSize,
    power: Fraction,
    discordant: Fraction,
    pass_rate: Fraction,
    assumed: tuple[str, ...],
) -> PlanFigure:
    answers, marks = _answers_femto_usd(item, sample.pairs), _judge_femto_usd(asked, sample.pairs)
    text = money.ratio_text
    a_day = (
        Fraction(item.requests, item.window.days) if item.window.days and item.requests else None
    )
    return PlanFigure(
        recommendation_id=item.id,
        project=item.project,
        workload=item.workload,
        from_model=item.from_model,
        to_model=item.to_model,
        to_service_tier=item.to_service_tier,
        decision=item.decision.kind,
        reason=item.decision.reason,
        rule=gate.rule,
        threshold=text(gate.threshold),
        power_ratio=text(power),
        discordant_ratio=text(discordant),
        pass_ratio=text(pass_rate),
        assumed=assumed,
        distance_ratio=text(sample.distance),
        pairs_by_formula=sample.pairs_by_formula,
        pairs=sample.pairs,
        requests_a_day=money.optional_ratio_text(a_day),
        requests_per_conversation=asked.requests_per_conversation,
        splits=tuple(
            _split(item, share, a_day, asked.requests_per_conversation, sample.pairs)
            for share in SHARES
        ),
        target_cost_usd=None if answers is None else money.usd_text(answers),
        judge_cost_usd=money.usd_text(marks),
        cost_usd=None if answers is None else money.usd_text(answers + marks),
        waiting_month_usd=money.usd_text(item.saving.low_femto_usd) if item.saving else None,
        notes=tuple(_notes(item, asked)),
    )


def _inputs(item: Recommendation, asked: Asked) -> tuple[Fraction, Fraction, tuple[str, ...]]:
    """Discordant share and pass rate, and which of them are assumed."""
    evaluation = item.evidence.comparison.evaluation if item.evidence else None
    counts, rates = (evaluation.counts, evaluation.rates) if evaluation else (None, None)
    assumed = []
    discordant, pass_rate = (
        _ratio("discordant", asked.discordant),
        _ratio("pass_rate", asked.pass_rate),
    )
    if discordant is None and counts is not None and counts.only_a + counts.only_b:
        discordant = Fraction(counts.only_a + counts.only_b, counts.pairs)
    if pass_rate is None and counts is not None and rates is not None:
        pass_rate, _ = rates
    if pass_rate is None:
        pass_rate = PASS_RATE
        assumed.append("pass_ratio")
    if discordant is None:
        # No more than can differ where both are as often right.
        discordant = (
            min(DISCORDANT, 2 * min(pass_rate, 1 - pass_rate)) if pass_rate < 1 else DISCORDANT
        )
        assumed.append("discordant_ratio")
    return discordant, pass_rate, tuple(assumed)


def _answers_femto_usd(item: Recommendation, pairs: int) -> int | None:
    """What the target's answers cost: each at the mean cost of a request there, at the expected factors, tried once."""
    requests = sum(priced.cell.requests for priced in item.cells)
    if not requests:
        return None
    expected = item.factors.expected
    moved = counterfactual.legs(item.cells, expected).moved_femto_usd(expected)
    return money.round_to_nano_usd(moved * pairs / requests)


def _judge_femto_usd(asked: Asked, pairs: int) -> int:
    each = _ratio("judge_usd", asked.judge_usd)
    return 0 if each is None else int(each * money.FEMTO_PER_USD) * pairs


def _split(
    item: Recommendation,
    share: Fraction,
    a_day: Fraction | None,
    per_conversation: int,
    pairs: int,
) -> SplitFigure:
    pairs_a_day = None if a_day is None else a_day * share / per_conversation
    to_source, to_target = routing.weights(share)
    return SplitFigure(
        share_ratio=money.ratio_text(share),
        pairs_a_day=money.optional_ratio_text(pairs_a_day) or "0.00",
        days=None if pairs_a_day is None else ceil(pairs / pairs_a_day),
        source_weight=to_source,
        target_weight=to_target,
        routing=routing.model_list(
            routing.Deployment(item.provider, item.from_model),
            routing.Deployment(item.to_provider, item.to_model, item.to_service_tier),
            share,
        ),
    )


def _notes(item: Recommendation, asked: Asked) -> Iterator[str]:
    yield "Both models answer the same inputs, and the user gets the source's answer: the target's cost comes on top."
    if asked.requests_per_conversation == 1:
        yield "One pair of each conversation counts; where a conversation has several requests, it takes as many times longer."
    yield (
        "A live split by the weights shows what the target costs, its retries and its cache. It proves nothing about its"
        " answers, because no input is answered by both."
    )
    if not item.decision.counted:
        yield (
            f"The advice is {item.decision.kind}, because {explanation.why(item.decision.reason)}:"
            " a comparison alone changes nothing."
        )
    if item.evidence is not None and item.evidence.doubt is None:
        expires_on = clock.date_of(item.evidence.comparison.measured_day + rules.FRESH_DAYS)
        yield f"There is evidence already, which counts until {expires_on}."


def _ratio(name: str, text: str | None) -> Fraction | None:
    """A number from 0 to 1,000,000 with at most 9 decimals. Raises UsageError naming it."""
    if text is None:
        return None
    try:
        value = Decimal(text.strip()[:32])
        kept = value.quantize(Decimal("1e-9"))
    except InvalidOperation as error:
        raise UsageError(
            f"{name}: {text[:32]!r} is not a number; write a plain decimal such as 0.1"
        ) from error
    if not value.is_finite() or kept != value or not 0 <= kept <= 10**6:
        raise UsageError(
            f"{name}: {text[:32]!r} is out of range; write a plain decimal with at most 9 decimals"
        )
    return Fraction(kept)
