"""The evidence on a slice as it counts today: its comparisons, and what its traffic has done since. Reads rollups only."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sqlmodel import Session

from advisor import statements
from advisor.evidence import drift, rules, shown, sums
from advisor.evidence.rules import Evidence
from advisor.evidence.store import StoredSet
from advisor.evidence.sums import Measured
from ledger import names, readings, usage
from ledger.prices import PriceBook

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


def by_target(
    session: Session, found: Sequence[StoredSet], traffic: Traffic, pricing: statements.Pricing, today: int
) -> dict[str, Evidence]:
    """The evidence on a slice by canonical target model. Of several comparisons the one measured last speaks.

    `found` are the comparisons that were not withdrawn, the last measured first.
    """
    by_model: dict[str, list[StoredSet]] = {}
    for each in found:
        same_work = (each.project, each.workload) == (traffic.project, traffic.workload)
        if same_work and names.canonical(pricing.book, traffic.provider, each.from_model) == traffic.model:
            by_model.setdefault(names.canonical(pricing.book, traffic.provider, each.to_model), []).append(each)
    return {
        target: _evidence(session, sets, target, traffic, pricing, today) for target, sets in by_model.items()
    }  # fmt: skip


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
    own = _series(pricing, traffic.provider, traffic.model, today)
    sides = (latest.from_model, traffic.model, own), (
        latest.to_model, target, _series(pricing, traffic.provider, target, today)
    )  # fmt: skip
    of_slice, there = (_of_work(side[2], traffic, pricing) for side in sides)
    itself = of_itself(latest, pricing.book, today)
    found = replace(
        itself,
        factors=_observed(session, there, traffic.days) | itself.factors,
        new_snapshot=any(_is_renewed(session, latest.measured_day, *side, traffic, pricing) for side in sides),
        drift=_drift(session, of_slice, latest.measured_day, traffic.days),
    )
    return replace(found, shown=shown.of(latest, found, earlier))


def _series(pricing: statements.Pricing, provider: str, model: str, today: int) -> list[int]:
    """All series of a provider's canonical model, those that have gone silent too."""
    return [each for each in pricing.series if pricing.of(each, today)[:2] == (provider, model)]


def _of_work(series_ids: Sequence[int], traffic: Traffic, pricing: statements.Pricing) -> list[int]:
    """Those of a model's series that are of the slice's own project and workload."""
    labels = ((each, pricing.series[each].labels) for each in series_ids)
    return [each for each, of in labels if (of.project, of.workload) == (traffic.project, traffic.workload)]


def _observed(session: Session, series_ids: Sequence[int], days: range) -> dict[str, Measured]:
    """The cached share of what runs on the target already, over days: no comparison of single answers can show it."""
    place = usage.INDEX
    sums_of_days = [
        (
            amounts[place["cached_input_tokens"]],
            amounts[place["input_tokens"]] - amounts[place["detail_unknown_input_tokens"]],
        )
        for by_series in readings.by_day(session, days, series_ids).values()
        for amounts in [functools.reduce(usage.combined, by_series.values())]
    ]
    found = sums.ratio([each for each in sums_of_days if each[1] > 0], "days")
    return {"cached_share": found} if found else {}


def _drift(session: Session, series_ids: Sequence[int], measured_day: int, days: range) -> Fraction | None:
    """The larger index of input size and output size; None where either side has too little traffic to tell."""
    then = range(measured_day - BASELINE_DAYS + 1, measured_day + 1)
    found = Fraction(0)
    for size in _SIZES:
        before, now = (readings.sizes(session, span, series_ids, size) for span in (then, days))
        index = drift.population_stability_index(before, now)
        if index is None:
            return None
        found = max(found, sums.rounded(index))
    return found


def _is_renewed(
    session: Session,
    measured_day: int,
    tested: str,
    model: str,
    series_ids: Sequence[int],
    traffic: Traffic,
    pricing: statements.Pricing,
) -> bool:
    """Whether traffic of a model is answered by a later snapshot than the one that was compared."""
    known, current = set[str](), set[str]()
    for series_id, (first_day, last_day) in readings.traffic_spans(session, series_ids).items():
        known |= _snapshot(pricing.series[series_id].labels.model, model) if first_day <= measured_day else set()
        current |= _snapshot(pricing.series[series_id].labels.model, model) if last_day >= traffic.days.start else set()
    return rules.is_new_snapshot(_snapshot(tested, model), known, current)


def _snapshot(name: str, model: str) -> set[str]:
    """The name itself where it says more than the model, less the provider before it."""
    bare = name.rpartition("/")[2]
    return {bare} if bare != model and bare.startswith(model) else set()
