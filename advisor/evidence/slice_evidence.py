"""The evidence on a slice as it counts today: its comparisons, and what its traffic has done since.

It reads rollups only.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sqlmodel import Session

from advisor.evidence import drift, measurement, rules
from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.measurement import Measurement
from advisor.evidence.rules import EarlierRun, Evidence
from advisor.months import statements
from ledger import readings, usage
from ledger.pricing import names
from ledger.pricing.prices import PriceBook

BASELINE_DAYS = 28
"""A comparison describes the traffic of the 28 days up to its own."""
_SIZES = ("input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceTraffic:
    """A slice, and the UTC days of its traffic that the evidence has to fit."""

    provider: str
    project: str
    workload: str
    model: str
    days: range


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One of the two models: its name in the comparison, its canonical name, and its series.

    `series_ids` are all its series at the provider, `slice_series_ids` those of the slice's own
    project and workload; silent ones are among them.
    """

    tested_name: str
    model: str
    series_ids: tuple[int, ...]
    slice_series_ids: tuple[int, ...]


def by_target(
    session: Session,
    comparisons: Sequence[StoredComparison],
    traffic: SliceTraffic,
    *,
    pricing: statements.Pricing,
    today: int,
) -> dict[str, Evidence]:
    """The evidence on a slice by canonical target model; of several comparisons the last measured.

    `comparisons` are those that were not withdrawn, the last measured first.
    """
    runs_by_target: dict[str, list[StoredComparison]] = {}
    for comparison in comparisons:
        if _is_about(comparison, traffic, pricing.book):
            target = names.canonical_model(pricing.book, traffic.provider, comparison.to_model)
            runs_by_target.setdefault(target, []).append(comparison)
    return {
        target: _evidence(session, runs, traffic, target=target, pricing=pricing, today=today)
        for target, runs in runs_by_target.items()
    }


def _is_about(comparison: StoredComparison, traffic: SliceTraffic, book: PriceBook) -> bool:
    if (comparison.project, comparison.workload) != (traffic.project, traffic.workload):
        return False
    return names.canonical_model(book, traffic.provider, comparison.from_model) == traffic.model


def _evidence(
    session: Session,
    runs: Sequence[StoredComparison],
    traffic: SliceTraffic,
    *,
    target: str,
    pricing: statements.Pricing,
    today: int,
) -> Evidence:
    latest, *earlier = runs
    source_side, target_side = (
        _side(name, model, traffic, pricing=pricing, today=today)
        for name, model in ((latest.from_model, traffic.model), (latest.to_model, target))
    )
    evidence = rules.assess(latest, pricing.book, today)
    cache = _cache_shares(session, target_side.slice_series_ids, traffic.days)
    return replace(
        evidence,
        factors=cache | dict(evidence.factors),
        new_snapshot=any(
            _has_new_snapshot(session, side, latest.measured_day, traffic.days, pricing=pricing)
            for side in (source_side, target_side)
        ),
        drift=_drift(session, source_side.slice_series_ids, latest.measured_day, traffic.days),
        earlier=tuple(_earlier_run(run) for run in earlier),
    )


def _earlier_run(comparison: StoredComparison) -> EarlierRun:
    return EarlierRun(
        id=comparison.id,
        measured_day=comparison.measured_day,
        verdict=comparison.evaluation.verdict,
        pairs=comparison.evaluation.pairs,
    )


def _side(
    tested_name: str,
    model: str,
    traffic: SliceTraffic,
    *,
    pricing: statements.Pricing,
    today: int,
) -> _Side:
    series_ids = [
        series_id
        for series_id in pricing.series
        if pricing.resolve(series_id, today)[:2] == (traffic.provider, model)
    ]
    return _Side(
        tested_name=tested_name,
        model=model,
        series_ids=tuple(series_ids),
        slice_series_ids=tuple(
            series_id
            for series_id in series_ids
            if _is_of_slice(pricing.series[series_id], traffic)
        ),
    )


def _is_of_slice(series: readings.StoredSeries, traffic: SliceTraffic) -> bool:
    labels = series.labels
    return (labels.project, labels.workload) == (traffic.project, traffic.workload)


def _cache_shares(
    session: Session, series_ids: Sequence[int], days: range
) -> dict[str, Measurement]:
    """The shares of input read from and written to the cache, of what runs on the target already.

    No comparison of single answers can show them. Empty where fewer than 20 days have traffic.
    Without a single token written, nobody may have reported them: that share is then not measured.
    """
    place = usage.INDEX
    reads_by_day, writes_by_day = [], []
    for amounts_by_series in readings.sum_days(session, days, series_ids).values():
        amounts = functools.reduce(usage.combine, amounts_by_series.values())
        cached_tokens = amounts[place["cached_input_tokens"]]
        unknown_tokens = amounts[place["detail_unknown_input_tokens"]]
        input_tokens = amounts[place["input_tokens"]] - unknown_tokens
        if input_tokens > 0:
            reads_by_day.append((cached_tokens, input_tokens))
            written_tokens = amounts[place["cache_write_input_tokens"]]
            writes_by_day.append((written_tokens, input_tokens - cached_tokens))
    if not any(written_tokens for written_tokens, _ in writes_by_day):
        writes_by_day = []
    shares = {
        "cached_share": measurement.ratio_of_sums(reads_by_day, "days"),
        "written_share": measurement.ratio_of_sums(writes_by_day, "days"),
    }
    return {name: share for name, share in shares.items() if share}


def _drift(
    session: Session, series_ids: Sequence[int], measured_day: int, days: range
) -> Fraction | None:
    """The larger index of input size and output size; None with too little traffic on a side."""
    days_then = range(measured_day - BASELINE_DAYS + 1, measured_day + 1)
    largest = Fraction(0)
    for size in _SIZES:
        then = readings.distribution(session, days_then, series_ids, size)
        now = readings.distribution(session, days, series_ids, size)
        index = drift.population_stability_index(then, now)
        if index is None:
            return None
        largest = max(largest, measurement.round_ratio(index))
    return largest


def _has_new_snapshot(
    session: Session,
    side: _Side,
    measured_day: int,
    days: range,
    *,
    pricing: statements.Pricing,
) -> bool:
    """Whether traffic of a model is answered by a later snapshot than the one that was compared."""
    names_then, names_now = set[str](), set[str]()
    spans = readings.traffic_spans(session, side.series_ids)
    for series_id, (first_day, last_day) in spans.items():
        snapshot = _snapshot(pricing.series[series_id].labels.model, side.model)
        names_then |= snapshot if first_day <= measured_day else set()
        names_now |= snapshot if last_day >= days.start else set()
    return rules.is_new_snapshot(_snapshot(side.tested_name, side.model), names_then, names_now)


def _snapshot(name: str, model: str) -> set[str]:
    """The name, less the provider before it, where it says more than the model; else empty."""
    bare_name = name.rpartition("/")[2]
    return {bare_name} if bare_name != model and bare_name.startswith(model) else set()
