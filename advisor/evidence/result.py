"""What a set of paired results says: which test it was put to, the verdict, the bound, and the factors it measures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import isinf
from typing import Literal, get_args

from advisor.evidence import graded, items, judge, margin, measured, paired, ratio, sums
from advisor.evidence.items import NANO, Item
from advisor.evidence.paired import Counts, Verdict
from advisor.evidence.rates import wilson
from advisor.evidence.sums import Measured
from ledger.errors import UsageError

Rule = Literal["ratio", "margin"]
Kind = Literal["pass_fail", "graded"]
Span = tuple[Fraction, Fraction]
_FINEST = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Gate:
    """What is asked of a target, fixed before anybody looks.

    `ratio`: its pass rate (or mean score) is at least `threshold` times the source's. `margin`: it is at most `threshold`
    below it.
    """

    rule: Rule = "ratio"
    threshold: Fraction = Fraction("0.9")

    def __post_init__(self) -> None:
        """Raises UsageError on a threshold that asks for nothing, or for more than there is."""
        fits = 0 < self.threshold <= 1 if self.rule == "ratio" else 0 <= self.threshold < 1
        if not fits:
            span = "over 0 and at most 1" if self.rule == "ratio" else "from 0 to under 1"
            raise UsageError(
                f"a {self.rule} of {float(self.threshold):g} asks for nothing; give one {span}"
            )

    @property
    def limit(self) -> float:
        """The ratio, or the difference of B less A, that is tested."""
        return float(self.threshold) if self.rule == "ratio" else -float(self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A verdict and what it rests on. Rates and bounds are rounded half-even to 9 decimals."""

    kind: Kind
    verdict: Verdict
    items: int
    pairs: int
    """What counts: one item a conversation of pass and fail, every item of graded scores."""
    conversations: int
    counts: Counts | None
    """The four cells of pass and fail."""
    rates: tuple[Fraction, Fraction] | None
    """The pass rates of A and B, put right where a judge gave them, or their mean scores."""
    spans: tuple[Span, Span] | None
    """One-sided 95 % bounds, low and high, of the two pass rates; of a judge's they carry its labels too."""
    bound: Fraction | None
    """The one-sided 95 % lower bound: of the ratio, or of the difference; of graded scores of B less what is asked of it."""
    factors: Mapping[str, Measured] = field(default_factory=dict)


DEFAULT = Gate()
"""0.9 of the source's pass rate."""


def gate(rule: str, threshold: str | None) -> Gate:
    """A gate as somebody asks for it in words; the default threshold is that of a ratio. Raises UsageError."""
    if rule not in get_args(Rule):
        raise UsageError(f"{rule!r} is no rule; use one of {', '.join(get_args(Rule))}")
    if threshold is None and rule == "margin":
        raise UsageError(
            "a margin needs a threshold: how far below the source's pass rate is allowed, such as 0.05"
        )
    try:
        value = (
            DEFAULT.threshold
            if threshold is None
            else Fraction(Decimal(threshold[:32]).quantize(_FINEST))
        )
    except (InvalidOperation, ValueError) as error:
        raise UsageError(f"{threshold!r} is no threshold; give a number such as 0.9") from error
    return Gate("ratio" if rule == "ratio" else "margin", value)


def of(found: Sequence[Item], gate: Gate, labels: judge.Labels | None = None) -> Result:
    """The result of a set. `labels` are a judge's, where a judge gave the scores; one that may not speak corrects nothing."""
    conversations = items.by_conversation(found)
    seen = measured.factors(conversations)
    if all(each.is_pass_fail for each in found):
        return _pass_fail(
            found, conversations, gate, labels if labels and labels.is_enough else None, seen
        )
    return _graded(found, conversations, gate, seen)


def _pass_fail(
    found: Sequence[Item],
    conversations: Sequence[Sequence[Item]],
    gate: Gate,
    labels: judge.Labels | None,
    seen: Mapping[str, Measured],
) -> Result:
    counts = _counts(items.one_each(conversations))
    bound = (ratio if gate.rule == "ratio" else margin).lower_bound(counts)
    rates, spans = _put_right(counts, labels) if labels else _seen(counts)
    return Result(
        kind="pass_fail",
        verdict=paired.verdict_of(_statistic(counts, gate, labels)),
        items=len(found),
        pairs=counts.pairs,
        conversations=len(conversations),
        counts=counts,
        rates=rates,
        spans=spans,
        # What a judge's labels do to the bound is in the verdict; the bound of its raw marks would say too much.
        bound=None if bound is None or labels else sums.rounded(bound),
        factors=seen,
    )


def _statistic(counts: Counts, gate: Gate, labels: judge.Labels | None) -> float | None:
    if gate.rule == "margin":
        return margin.z_statistic(
            counts, gate.limit if labels is None else _judged_margin(gate, labels)
        )
    return (
        ratio.z_statistic(counts, gate.limit)
        if labels is None
        else judge.z_statistic(counts, gate.limit, labels)
    )


def _judged_margin(gate: Gate, labels: judge.Labels) -> float:
    """A judge that errs shrinks every difference by its sensitivity + specificity - 1, so less of one is allowed."""
    return gate.limit * judge.youden_low(labels)


def _counts(chosen: Sequence[Item]) -> Counts:
    cells = [(each.a_nano == NANO, each.b_nano == NANO) for each in chosen]
    return Counts(
        cells.count((True, True)),
        cells.count((True, False)),
        cells.count((False, True)),
        cells.count((False, False)),
    )


def _put_right(
    counts: Counts, labels: judge.Labels
) -> tuple[tuple[Fraction, Fraction] | None, tuple[Span, Span] | None]:
    a, b = (
        judge.corrected(right, counts.pairs, labels) for right in (counts.right_a, counts.right_b)
    )
    if a is None or b is None:
        return None, None
    return (a.expected, b.expected), ((a.low, a.high), (b.low, b.high))


def _seen(counts: Counts) -> tuple[tuple[Fraction, Fraction], tuple[Span, Span]]:
    """Rounded to 9 decimals here, before they meet money, so that what is shown is what is reckoned with."""
    a, b = (
        sums.rounded(Fraction(right, counts.pairs)) for right in (counts.right_a, counts.right_b)
    )
    (a_low, a_high), (b_low, b_high) = (
        wilson(right, counts.pairs) for right in (counts.right_a, counts.right_b)
    )
    return (a, b), (
        (sums.rounded(a_low), sums.rounded(a_high)),
        (sums.rounded(b_low), sums.rounded(b_high)),
    )


def _graded(
    found: Sequence[Item],
    conversations: Sequence[Sequence[Item]],
    gate: Gate,
    seen: Mapping[str, Measured],
) -> Result:
    share = gate.threshold if gate.rule == "ratio" else Fraction(1)
    allowed = Fraction(0) if gate.rule == "ratio" else gate.threshold * NANO
    # A whole number of parts of a billionth, so that no score is rounded to be compared.
    unit = share.denominator * allowed.denominator
    differences = [
        graded.Difference(
            sum(int((each.b_nano - share * each.a_nano + allowed) * unit) for each in group),
            len(group),
        )
        for group in conversations
    ]
    bounds = graded.bounds(differences)
    return Result(
        kind="graded",
        verdict=graded.verdict(differences, bounds),
        items=len(found),
        pairs=len(found),
        conversations=len(conversations),
        counts=None,
        rates=(_mean([each.a_nano for each in found]), _mean([each.b_nano for each in found])),
        spans=None,
        # Where most conversations agree, a resample without any spread can leave the bound without an end.
        bound=None
        if bounds is None or isinf(bounds.low)
        else sums.rounded(bounds.low / unit / NANO),
        factors=seen,
    )


def _mean(scores: Sequence[int]) -> Fraction:
    return sums.rounded(Fraction(sum(scores), len(scores) * NANO))
