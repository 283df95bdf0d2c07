"""The evidence on a slice as it counts today: its comparisons, and what its traffic has done since. Reads rollups only."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sqlmodel import Session

from advisor.evidence import drift, rules, shown, sums
from advisor.evidence.rules import Evidence
from advisor.evidence.store import StoredSet
from advisor.evidence.sums import Measured
from advisor.months import statements
from ledger import readings, usage
from ledger.pricing import names
from ledger.pricing.prices import PriceBook

BASELINE_DAYS = 28
"""The traffic that a comparison spoke of: that of the 28 days up to its own."""
_SIZES = ("input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Traffic:
    """The slice whose evidence is asked for, and the UTC days it is looked at."""

    provider: str
    project: str
    workload: str
    model: str
    days: range


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two models: as the comparison named it, its canonical name, and all its series, silent ones too."""

    tested: str
    model: str
    series_ids: tuple[int, ...]


def by_target(
    session: Session,
    found: Sequence[StoredSet],
    traffic: Traffic,
    pricing: statements.Pricing,
    today: int,
) -> dict[str, Evidence]:
    """The evidence on a slice by canonical target model. Of several comparisons the one measured last speaks.

    `found` are the comparisons that were not withdrawn, the last measured first.
    """
    by_model: dict[str, list[StoredSet]] = {}
    for each in found:
        same_work = (each.project, each.workload) == (traffic.project, traffic.workload)
        if (
            same_work
            and names.canonical_model(pricing.book, traffic.provider, each.from_model)
            == traffic.model
        ):
            by_model.setdefault(
                names.canonical_model(pricing.book, traffic.provider, each.to_model), []
            ).append(each)
    return {
        target: _evidence(session, sets, target, traffic, pricing, today)
        for target, sets in by_model.items()
    }


def of_itself(stored: StoredSet, book: PriceBook, today: int) -> Evidence:
    """What a comparison says apart from any traffic: its verdict, its age and its judge."""
    found = stored.result
    proven = stored.judge is None or rules.judge_is_proven(
        book, stored.judge, stored.labels, (stored.from_model, stored.to_model)
    )
    return Evidence(
        verdict=found.verdict,
        pairs=found.pairs,
        age_days=max(0, today - stored.measured_day),
        judge_proven=proven,
        drift=None,
        rates=found.rates if found.kind == "pass_fail" else None,
        factors=dict(found.factors),
    )


def _evidence(
    session: Session,
    sets: Sequence[StoredSet],
    target: str,
    traffic: Traffic,
    pricing: statements.Pricing,
    today: int,
) -> Evidence:
    latest, *earlier = sets
    source = _side(latest.from_model, traffic.model, traffic, pricing, today)
    there = _side(latest.to_model, target, traffic, pricing, today)
    itself = of_itself(latest, pricing.book, today)
    found = replace(
        itself,
        factors=_observed(session, _of_work(there, traffic, pricing), traffic.days)
        | itself.factors,
        new_snapshot=any(
            _is_renewed(session, latest.measured_day, side, traffic.days, pricing)
            for side in (source, there)
        ),
        drift=_drift(
            session, _of_work(source, traffic, pricing), latest.measured_day, traffic.days
        ),
    )
    return replace(found, shown=shown.of(latest, found, earlier))


def _side(
    tested: str, model: str, traffic: Traffic, pricing: statements.Pricing, today: int
) -> _Side:
    series_ids = (
        each for each in pricing.series if pricing.of(each, today)[:2] == (traffic.provider, model)
    )
    return _Side(tested, model, tuple(series_ids))


def _of_work(side: _Side, traffic: Traffic, pricing: statements.Pricing) -> list[int]:
    """Those of a model's series that are of the slice's own project and workload."""
    labels = ((each, pricing.series[each].labels) for each in side.series_ids)
    return [
        each
        for each, of in labels
        if (of.project, of.workload) == (traffic.project, traffic.workload)
    ]


def _observed(session: Session, series_ids: Sequence[int], days: range) -> dict[str, Measured]:
    """The cached share of what runs on the target already, over days: no comparison of single answers can show it."""
    place = usage.INDEX
    sums_of_days = [
        (
            amounts[place["cached_input_tokens"]],
            amounts[place["input_tokens"]] - amounts[place["detail_unknown_input_tokens"]],
        )
        for by_series in readings.sum_days(session, days, series_ids).values()
        for amounts in [functools.reduce(usage.combine, by_series.values())]
    ]
    found = sums.ratio([each for each in sums_of_days if each[1] > 0], "days")
    return {"cached_share": found} if found else {}


def _drift(
    session: Session, series_ids: Sequence[int], measured_day: int, days: range
) -> Fraction | None:
    """The larger index of input size and output size; None where either side has too little traffic to tell."""
    then = range(measured_day - BASELINE_DAYS + 1, measured_day + 1)
    found = Fraction(0)
    for size in _SIZES:
        before, now = (
            readings.distribution(session, span, series_ids, size) for span in (then, days)
        )
        index = drift.population_stability_index(before, now)
        if index is None:
            return None
        found = max(found, sums.rounded(index))
    return found


def _is_renewed(
    session: Session, measured_day: int, side: _Side, days: range, pricing: statements.Pricing
) -> bool:
    """Whether traffic of a model is answered by a later snapshot than the one that was compared."""
    known, current = set[str](), set[str]()
    for series_id, (first_day, last_day) in readings.traffic_spans(
        session, side.series_ids
    ).items():
        names_snapshot = _snapshot(pricing.series[series_id].labels.model, side.model)
        known |= names_snapshot if first_day <= measured_day else set()
        current |= names_snapshot if last_day >= days.start else set()
    return rules.is_new_snapshot(_snapshot(side.tested, side.model), known, current)


def _snapshot(name: str, model: str) -> set[str]:
    """The name itself where it says more than the model, less the provider before it."""
    bare = name.rpartition("/")[2]
    return {bare} if bare != model and bare.startswith(model) else set()
