"""A stored comparison as a figure. Pure."""

from collections.abc import Sequence
from fractions import Fraction

from advisor.evidence import rules
from advisor.evidence.figures import EvidenceFigure, MeasuredFigure, RunFigure
from advisor.evidence.result import Span
from advisor.evidence.rules import Evidence
from advisor.evidence.store import StoredSet
from ledger import clock, money


def of(stored: StoredSet, evidence: Evidence, earlier: Sequence[StoredSet] = ()) -> EvidenceFigure:
    """The figure of a comparison as it counts, with the comparisons that it took the place of."""
    found, counts = stored.result, stored.result.counts
    source, target = found.rates or (None, None)
    return EvidenceFigure(
        id=stored.id,
        from_model=stored.from_model,
        to_model=stored.to_model,
        project=stored.project,
        workload=stored.workload,
        kind=found.kind,
        rule=stored.gate.rule,
        threshold=_text(stored.gate.threshold),
        verdict=found.verdict,
        doubt=evidence.doubt,
        items=found.items,
        pairs=found.pairs,
        conversations=found.conversations,
        left_out=stored.left_out,
        both_right=counts.both if counts else None,
        only_source_right=counts.only_a if counts else None,
        only_target_right=counts.only_b if counts else None,
        neither_right=counts.neither if counts else None,
        source_ratio=_ratio(source),
        target_ratio=_ratio(target),
        source_span=_span(found.spans[0]) if found.spans else None,
        target_span=_span(found.spans[1]) if found.spans else None,
        bound_ratio=_ratio(found.bound),
        measured_on=_date(stored.measured_day),
        expires_on=_date(stored.measured_day + rules.FRESH_DAYS),
        age_days=evidence.age_days,
        drift_ratio=_ratio(evidence.drift),
        judge=stored.judge,
        judge_labels=stored.labels.labels if stored.labels else None,
        source=stored.source,
        imported_by=stored.imported_by,
        factors=tuple(
            MeasuredFigure(
                name,
                _text(each.least),
                _text(each.expected),
                _text(each.most),
                each.groups,
                each.unit,
            )
            for name, each in evidence.factors.items()
        ),
        earlier=tuple(
            RunFigure(each.id, _date(each.measured_day), each.result.verdict, each.result.pairs)
            for each in earlier
        ),
        withdrawn=stored.withdrawn_note,
    )


def _date(day: int) -> str:
    return clock.date_of(day).isoformat()


def _span(bounds: Span) -> tuple[str, str]:
    return _text(bounds[0]), _text(bounds[1])


def _ratio(value: Fraction | None) -> str | None:
    return None if value is None else _text(value)


def _text(value: Fraction) -> str:
    return money.text(money.usd(money.round_to_nano_usd(value * money.FEMTO_PER_USD)))
