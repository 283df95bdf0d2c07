"""The evidence on a slice as it counts today: its comparisons, and what its traffic has done since.

It reads rollups only.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import attrgetter
from typing import Literal

from sqlmodel import Session

from advisor.evidence import drift, measurement, pool, rules, store
from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.measurement import Measurement
from advisor.evidence.pool import Pool
from advisor.evidence.rules import Evidence
from advisor.evidence.runs import Run, RunRecord
from advisor.months import statements
from ledger import readings, usage
from ledger.pricing import names
from ledger.pricing.prices import PriceBook

BASELINE_DAYS = 28
"""A comparison describes the traffic of the 28 days up to its own."""
_SIZES = ("input_tokens", "output_tokens")
_TESTED_NAMES = (attrgetter("from_model"), attrgetter("to_model"))
"""The names of source and target in a comparison."""


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
    """One of the two models: its canonical name and its series.

    `series_ids` are all its series at the provider, `slice_series_ids` those of the slice's own
    project and workload; silent ones are among them.
    """

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
    """The evidence on a slice by canonical target model, from all its comparisons together.

    Targets on which every comparison was withdrawn have none.
    """
    evidence = {}
    for target, stored in _by_target(comparisons, traffic, pricing.book).items():
        sides = [
            _side(model, traffic, pricing=pricing, today=today) for model in (traffic.model, target)
        ]
        runs = _runs(session, stored, sides, traffic, pricing=pricing)
        together = pool.form(runs, functools.partial(store.load_items, session), today)
        if together is not None:
            evidence[target] = _evidence(
                session, together, sides, traffic, pricing=pricing, today=today
            )
    return evidence


def withdrawn_by_target(
    comparisons: Sequence[StoredComparison], traffic: SliceTraffic, book: PriceBook
) -> dict[str, tuple[RunRecord, ...]]:
    """The runs of the targets on which every run was withdrawn: they stand in the list too."""
    return {
        target: pool.list_withdrawn(stored)
        for target, stored in _by_target(comparisons, traffic, book).items()
        if all(comparison.withdrawn_at is not None for comparison in stored)
    }


def _by_target(
    comparisons: Sequence[StoredComparison], traffic: SliceTraffic, book: PriceBook
) -> dict[str, list[StoredComparison]]:
    """The comparisons of a slice by canonical target model, in the order of import."""
    by_target: dict[str, list[StoredComparison]] = {}
    for comparison in sorted(comparisons, key=attrgetter("imported_at")):
        if _is_about(comparison, traffic, book):
            target = names.canonical_model(book, traffic.provider, comparison.to_model)
            by_target.setdefault(target, []).append(comparison)
    return by_target


def _is_about(comparison: StoredComparison, traffic: SliceTraffic, book: PriceBook) -> bool:
    if (comparison.project, comparison.workload) != (traffic.project, traffic.workload):
        return False
    return names.canonical_model(book, traffic.provider, comparison.from_model) == traffic.model


def _evidence(
    session: Session,
    together: Pool,
    sides: Sequence[_Side],
    traffic: SliceTraffic,
    *,
    pricing: statements.Pricing,
    today: int,
) -> Evidence:
    source_side, target_side = sides
    evidence = rules.assess_pool(together, today)
    cache = _cache_shares(session, target_side.slice_series_ids, traffic.days)
    latest = together.latest
    return replace(
        evidence,
        factors=cache | dict(evidence.factors),
        new_snapshot=_is_outdated(session, latest, sides, traffic.days, pricing=pricing),
        drift=_drift(session, source_side.slice_series_ids, latest.measured_day, traffic.days),
    )


def _runs(
    session: Session,
    stored: Sequence[StoredComparison],
    sides: Sequence[_Side],
    traffic: SliceTraffic,
    *,
    pricing: statements.Pricing,
) -> list[Run]:
    """Every run, and whether models or traffic have changed since."""
    runs = []
    source_side, _ = sides
    for place, comparison in enumerate(stored):
        change: Literal["new_snapshot", "drifted"] | None = None
        later = [other for other in stored[place + 1 :] if other.withdrawn_at is None]
        if _is_outdated(session, comparison, sides, traffic.days, pricing=pricing, later=later):
            change = "new_snapshot"
        else:
            day = comparison.measured_day
            index = _drift(session, source_side.slice_series_ids, day, traffic.days)
            change = "drifted" if index is not None and index > drift.STRONG else None
        proven = rules.has_proven_judge(comparison, pricing.book)
        runs.append(Run(comparison=comparison, judge_proven=proven, change=change))
    return runs


def _is_outdated(
    session: Session,
    comparison: StoredComparison,
    sides: Sequence[_Side],
    days: range,
    *,
    pricing: statements.Pricing,
    later: Sequence[StoredComparison] = (),
) -> bool:
    """Whether a later snapshot of either model answers, or was compared since."""
    for side, name_of in zip(sides, _TESTED_NAMES, strict=True):
        tested = _snapshot(name_of(comparison), side.model)
        day = comparison.measured_day
        names_then, names_now = _answering_names(session, side, day, days, pricing=pricing)
        names_later = {
            name
            for other in later
            for name in _snapshot(name_of(other), side.model)
            if rules.may_exist(name, other.measured_day)
        }
        if rules.is_new_snapshot(tested, names_then, names_now | names_later):
            return True
        if not tested | names_then and any(rules.is_dated_after(name, day) for name in names_later):
            return True
    return False


def _side(
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


def _answering_names(
    session: Session, side: _Side, measured_day: int, days: range, *, pricing: statements.Pricing
) -> tuple[set[str], set[str]]:
    """The snapshots that a model answered as by the day of a comparison, and in the window."""
    names_then, names_now = set[str](), set[str]()
    spans = readings.traffic_spans(session, side.series_ids)
    for series_id, (first_day, last_day) in spans.items():
        snapshot = _snapshot(pricing.series[series_id].labels.model, side.model)
        names_then |= snapshot if first_day <= measured_day else set()
        names_now |= snapshot if last_day >= days.start else set()
    return names_then, names_now


def _snapshot(name: str, model: str) -> set[str]:
    """The name, less the provider before it, where it says more than the model; else empty."""
    bare_name = name.rpartition("/")[2]
    return {bare_name} if bare_name != model and bare_name.startswith(model) else set()
