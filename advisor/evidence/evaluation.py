"""What a set of paired results shows: verdict, bound, pass rates and measured factors. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isinf
from typing import Literal

from advisor.evidence import (
    items,
    judge,
    margin,
    measurement,
    move_factors,
    rates,
    ratio,
    scores,
    significance,
)
from advisor.evidence.gates import QualityGate
from advisor.evidence.items import NANO, Item
from advisor.evidence.judge import JudgeLabels
from advisor.evidence.measurement import Measurement
from advisor.evidence.pair_counts import PairCounts
from advisor.evidence.significance import Verdict

Kind = Literal["pass_fail", "graded"]
Span = tuple[Fraction, Fraction]
"""A low and a high bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A verdict and what it rests on. Rates and bounds are rounded half-even to 9 decimals."""

    kind: Kind
    verdict: Verdict
    items: int
    pairs: int
    """What counts: one item of each conversation in pass and fail, every item of graded scores."""
    conversations: int
    counts: PairCounts | None
    """The four cells of pass and fail; None for graded scores."""
    rates: tuple[Fraction, Fraction] | None
    """The pass rates of A and B (corrected where a judge marked the answers), or mean scores."""
    spans: tuple[Span, Span] | None
    """One-sided 95 % bounds of the two pass rates; with a judge they carry its labels too."""
    bound: Fraction | None
    """The one-sided 95 % lower bound of the ratio or of the difference.

    Of graded scores it is the bound of B's score less what is required of it.
    """
    factors: Mapping[str, Measurement] = field(default_factory=dict)


def evaluate(
    results: Sequence[Item],
    gate: QualityGate,
    labels: JudgeLabels | None = None,
    *,
    level: float = significance.LEVEL,
) -> Evaluation:
    """The evaluation of a set of paired results against a gate.

    `labels` belong to the judge that marked the answers, if one did. Too few of them correct
    nothing. `level` is the risk of a false pass that the verdict takes; bounds are at 95 %.
    """
    if all(item.is_pass_fail for item in results):
        enough_labels = labels if labels and labels.is_enough else None
        return _pass_fail(results, gate, enough_labels, level)
    return _graded(results, gate, level)


def _pass_fail(
    results: Sequence[Item], gate: QualityGate, labels: JudgeLabels | None, level: float
) -> Evaluation:
    conversations = items.by_conversation(results)
    counts = PairCounts.from_marks(
        (item.a_nano == NANO, item.b_nano == NANO)
        for item in items.one_per_conversation(conversations)
    )
    bound = (ratio if gate.rule == "ratio" else margin).lower_bound(counts)
    pass_rates, spans = _corrected_rates(counts, labels) if labels else _observed_rates(counts)
    return Evaluation(
        kind="pass_fail",
        verdict=significance.verdict(_statistic(counts, gate, labels), level),
        items=len(results),
        pairs=counts.pairs,
        conversations=len(conversations),
        counts=counts,
        rates=pass_rates,
        spans=spans,
        # What a judge's labels change is in the verdict; the bound of its raw marks says too much.
        bound=None if bound is None or labels else measurement.round_ratio(bound),
        factors=move_factors.measure(conversations),
    )


def _statistic(counts: PairCounts, gate: QualityGate, labels: JudgeLabels | None) -> float | None:
    if gate.rule == "margin":
        # A judge that errs shrinks every difference, so less of one is allowed.
        shrinkage = 1.0 if labels is None else judge.youden_low(labels)
        return margin.z_statistic(counts, gate.limit * shrinkage)
    if labels is None:
        return ratio.z_statistic(counts, gate.limit)
    return judge.z_statistic(counts, gate.limit, labels)


def _corrected_rates(
    counts: PairCounts, labels: JudgeLabels
) -> tuple[tuple[Fraction, Fraction] | None, tuple[Span, Span] | None]:
    a = judge.corrected_rate(counts.right_a, counts.pairs, labels)
    b = judge.corrected_rate(counts.right_b, counts.pairs, labels)
    if a is None or b is None:
        return None, None
    return (a.expected, b.expected), ((a.low, a.high), (b.low, b.high))


def _observed_rates(counts: PairCounts) -> tuple[tuple[Fraction, Fraction], tuple[Span, Span]]:
    """Rounded to 9 decimals before they meet money: what is shown is what is computed with."""
    a, b = (
        measurement.round_ratio(Fraction(right, counts.pairs))
        for right in (counts.right_a, counts.right_b)
    )
    return (a, b), (_span(counts.right_a, counts.pairs), _span(counts.right_b, counts.pairs))


def _span(right: int, pairs: int) -> Span:
    low, high = rates.wilson_bounds(right, pairs)
    return measurement.round_ratio(low), measurement.round_ratio(high)


def _graded(results: Sequence[Item], gate: QualityGate, level: float) -> Evaluation:
    conversations = items.by_conversation(results)
    surpluses, unit = _surpluses(conversations, gate)
    bounds = scores.bounds(surpluses)
    # Where most conversations agree, a resample without spread can leave the bound without an end.
    has_bound = bounds is not None and not isinf(bounds.low)
    return Evaluation(
        kind="graded",
        verdict=scores.verdict(
            surpluses,
            scores.bounds(surpluses, level),
            largest_shortfall=_largest_shortfall(conversations, gate),
            level=level,
        ),
        items=len(results),
        pairs=len(results),
        conversations=len(conversations),
        counts=None,
        rates=(
            _mean_score([item.a_nano for item in results]),
            _mean_score([item.b_nano for item in results]),
        ),
        spans=None,
        bound=measurement.round_ratio(bounds.low / unit / NANO) if bounds and has_bound else None,
        factors=move_factors.measure(conversations),
    )


def _surpluses(
    conversations: Sequence[Sequence[Item]], gate: QualityGate
) -> tuple[list[scores.Surplus], int]:
    """B's scores over what the gate requires of them, by conversation, and how many make a nano.

    The unit is a whole part of a billionth, so that no score is rounded to be compared.
    """
    share = gate.threshold if gate.rule == "ratio" else Fraction(1)
    allowance = Fraction(0) if gate.rule == "ratio" else gate.threshold * NANO
    unit = share.denominator * allowance.denominator
    surpluses = [
        scores.Surplus(
            total=sum(
                int((item.b_nano - share * item.a_nano + allowance) * unit) for item in conversation
            ),
            items=len(conversation),
        )
        for conversation in conversations
    ]
    return surpluses, unit


def _largest_shortfall(conversations: Sequence[Sequence[Item]], gate: QualityGate) -> int:
    """The most that B can fall short of the gate in one conversation, in the unit of surpluses."""
    nothing = [[replace(item, b_nano=0) for item in group] for group in conversations]
    surpluses, _ = _surpluses(nothing, gate)
    return max(0, -min(surplus.total for surplus in surpluses))


def _mean_score(scores_nano: Sequence[int]) -> Fraction:
    return measurement.round_ratio(Fraction(sum(scores_nano), len(scores_nano) * NANO))
