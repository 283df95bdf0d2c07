"""Evidence as API, exports and pages show it: decimal text for ratios, integers for counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from advisor.evidence import spending
from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.evaluation import Span
from advisor.evidence.measurement import Measurement
from advisor.evidence.rules import Evidence
from advisor.evidence.runs import RunRecord
from ledger import clock, money


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFigure:
    """A measured factor with its one-sided 95 % bounds, over so many groups (`unit` names them)."""

    name: str
    least: str
    expected: str
    most: str
    groups: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigure:
    """One comparison of the same models on the same workload, and what it counts for.

    `verdict` is what it came to by itself. `new_pairs` are those that no earlier run had. `binds`:
    it came out inferior, and nothing has lifted that.
    """

    id: str
    measured_on: str
    imported_at: str
    imported_by: str
    verdict: str
    pairs: int
    new_pairs: int
    standing: str
    binds: bool
    prompt_version: str | None
    withdrawn_on: str | None
    withdrawn_by: str | None
    withdrawn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFigure:
    """What paired results say of a target, by which test, and whether it counts today.

    The spans are one-sided 95 % bounds of the two pass rates; with a judge they carry its labels
    too. `doubt` is the reason code that keeps it from allowing a switch; None where nothing does.
    `bound_ratio` is the one-sided 95 % lower bound: of the ratio or the difference of pass rates,
    or of graded scores less what is required of them.
    """

    id: str
    from_model: str
    to_model: str
    project: str
    workload: str
    kind: str
    rule: str
    threshold: str
    verdict: str
    doubt: str | None
    items: int
    pairs: int
    conversations: int
    left_out: int
    both_right: int | None
    only_source_right: int | None
    only_target_right: int | None
    neither_right: int | None
    source_ratio: str | None
    target_ratio: str | None
    source_span: tuple[str, str] | None
    target_span: tuple[str, str] | None
    bound_ratio: str | None
    measured_on: str
    expires_on: str
    age_days: int
    drift_ratio: str | None
    judge: str | None
    judge_labels: int | None
    source: str
    imported_by: str
    factors: tuple[MeasuredFigure, ...]
    runs: tuple[RunFigure, ...]
    """All runs in the order of import, this one among them."""
    level_ratio: str
    """The risk of a false pass that the deciding look took."""
    together: str | None = None
    """The verdict of all runs together, which is the one that advice follows."""
    needs_pairs: int = 0
    """The pairs of an inferior run that was withdrawn, where fewer have taken its place; else 0."""
    prompt_version: str | None = None
    withdrawn: str | None = None
    withdrawn_on: str | None = None
    withdrawn_by: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedFigure:
    """A comparison that was sent, as stored, and whether it is new."""

    is_new: bool
    evidence: EvidenceFigure


def figure_of(evidence: Evidence) -> EvidenceFigure:
    """The figure of a comparison as it counts. Ratios are rounded once, half-even to 9 decimals."""
    comparison, evaluation = evidence.comparison, evidence.evaluation
    counts, spans = evaluation.counts, evaluation.spans
    source_rate, target_rate = evaluation.rates or (None, None)
    return EvidenceFigure(
        id=comparison.id,
        from_model=comparison.from_model,
        to_model=comparison.to_model,
        project=comparison.project,
        workload=comparison.workload,
        kind=evaluation.kind,
        rule=comparison.gate.rule,
        threshold=money.ratio_text(comparison.gate.threshold),
        verdict=evaluation.verdict,
        doubt=evidence.doubt,
        items=evaluation.items,
        pairs=evaluation.pairs,
        conversations=evaluation.conversations,
        left_out=comparison.left_out,
        both_right=counts.both if counts else None,
        only_source_right=counts.only_a if counts else None,
        only_target_right=counts.only_b if counts else None,
        neither_right=counts.neither if counts else None,
        source_ratio=_ratio(source_rate),
        target_ratio=_ratio(target_rate),
        source_span=_span(spans[0]) if spans else None,
        target_span=_span(spans[1]) if spans else None,
        bound_ratio=_ratio(evaluation.bound),
        measured_on=_date(comparison.measured_day),
        expires_on=_date(evidence.expires_day),
        age_days=evidence.age_days,
        drift_ratio=_ratio(evidence.drift),
        judge=comparison.judge,
        judge_labels=comparison.labels.labels if comparison.labels else None,
        source=comparison.source,
        imported_by=comparison.imported_by,
        factors=tuple(_measured(name, factor) for name, factor in evidence.factors.items()),
        runs=runs_of(evidence.runs),
        level_ratio=money.ratio_text(evidence.pool.level if evidence.pool else spending.LEVEL),
        together=evidence.verdict if evidence.pool else None,
        needs_pairs=evidence.pool.needs_pairs if evidence.pool else 0,
        prompt_version=comparison.prompt_version,
        withdrawn=comparison.withdrawn_note,
        withdrawn_on=_withdrawn_on(comparison),
        withdrawn_by=comparison.withdrawn_by,
    )


def runs_of(records: Iterable[RunRecord]) -> tuple[RunFigure, ...]:
    """The figures of runs, in the same order."""
    return tuple(_run(record) for record in records)


def _measured(name: str, factor: Measurement) -> MeasuredFigure:
    return MeasuredFigure(
        name=name,
        least=money.ratio_text(factor.least),
        expected=money.ratio_text(factor.expected),
        most=money.ratio_text(factor.most),
        groups=factor.groups,
        unit=factor.unit,
    )


def _run(record: RunRecord) -> RunFigure:
    comparison = record.comparison
    return RunFigure(
        id=comparison.id,
        measured_on=_date(comparison.measured_day),
        imported_at=clock.rfc3339(comparison.imported_at),
        imported_by=comparison.imported_by,
        verdict=record.verdict,
        pairs=record.pairs,
        new_pairs=record.new_pairs,
        standing=record.standing,
        binds=record.binds,
        prompt_version=comparison.prompt_version,
        withdrawn_on=_withdrawn_on(comparison),
        withdrawn_by=comparison.withdrawn_by,
        withdrawn=comparison.withdrawn_note,
    )


def _withdrawn_on(comparison: StoredComparison) -> str | None:
    withdrawn_at = comparison.withdrawn_at
    return None if withdrawn_at is None else _date(clock.day_of(withdrawn_at))


def _date(day: int) -> str:
    return clock.date_of(day).isoformat()


def _span(span: Span) -> tuple[str, str]:
    low, high = span
    return money.ratio_text(low), money.ratio_text(high)


def _ratio(ratio: Fraction | None) -> str | None:
    return None if ratio is None else money.ratio_text(ratio)
