"""Reading the latency that was measured of both sides of each recommendation over its window. Reads rollups only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlmodel import Session

from advisor.advice import latency
from advisor.advice.figures import RecommendationFigure
from advisor.advice.latency_figures import LatencyFigure, SideFigure
from advisor.months import statements
from ledger import clock, readings

_MEASURES = ("latency_ms", "first_token_ms")
_Key = tuple[str, str]
"""Provider, canonical model."""


@dataclass(frozen=True, slots=True)
class _Sides:
    """The series of successful requests on either side of a recommendation; the target's in its workload and anywhere."""

    source: tuple[int, ...]
    target: tuple[int, ...]
    target_anywhere: tuple[int, ...]
    source_tiers: tuple[str, ...]
    target_tiers: tuple[str, ...]


@dataclass(slots=True)
class _Measured:
    """The counts of one window by series and measure. What several recommendations ask for is added up once."""

    by_series: Mapping[tuple[int, str], latency.Counts]
    _sums: dict[tuple[tuple[int, ...], str], dict[int, int]] = field(default_factory=dict)

    def counts(self, series_ids: tuple[int, ...], measure: str) -> latency.Counts:
        place = series_ids, measure
        if place not in self._sums:
            held = (
                self.by_series[each, measure]
                for each in series_ids
                if (each, measure) in self.by_series
            )
            self._sums[place] = latency.together(held)
        return self._sums[place]

    def any(self, series_ids: tuple[int, ...]) -> bool:
        return any(self.counts(series_ids, measure) for measure in _MEASURES)


def beside(
    session: Session, pricing: statements.Pricing, found: Sequence[RecommendationFigure], today: int
) -> list[RecommendationFigure]:
    """The same recommendations with the latency measured of their sides; of one without a closed day there is none.

    The target counts at the tiers that the move would be served at: the one it names, else those of the slice.
    """
    members: dict[_Key, list[int]] = {}
    for series_id, stored in pricing.series.items():
        if stored.labels.status == "success":
            members.setdefault(pricing.resolve(series_id, today)[:2], []).append(series_id)
    sides = {item.id: _sides(item, members, pricing) for item in found if item.window_days}
    wanted: dict[range, set[int]] = {}
    for item in found:
        if item.id in sides:
            chosen = sides[item.id]
            wanted.setdefault(_days(item), set()).update(
                chosen.source, chosen.target, chosen.target_anywhere
            )
    measured = {
        days: _Measured(readings.distributions(session, days, series_ids, _MEASURES))
        for days, series_ids in wanted.items()
    }
    return [
        replace(item, latency=_figure(item, sides[item.id], measured[_days(item)]))
        if item.id in sides
        else item
        for item in found
    ]


def _days(item: RecommendationFigure) -> range:
    first, last = (
        clock.day_number(date.fromisoformat(text))
        for text in (item.window_first_day, item.window_last_day)
    )
    return range(first, last + 1)


def _sides(
    item: RecommendationFigure, members: Mapping[_Key, Iterable[int]], pricing: statements.Pricing
) -> _Sides:
    def tier(series_id: int) -> str:
        return pricing.series[series_id].labels.service_tier

    def is_here(series_id: int) -> bool:
        labels = pricing.series[series_id].labels
        return (labels.project, labels.workload) == (item.project, item.workload)

    here = [each for each in members.get((item.provider, item.from_model), ()) if is_here(each)]
    tiers = {item.to_service_tier} if item.to_service_tier else {tier(each) for each in here}
    anywhere = {
        each for each in members.get((item.to_provider, item.to_model), ()) if tier(each) in tiers
    }
    # Where only the tier changes, what is at the target's tier already is the other side.
    source = tuple(each for each in here if each not in anywhere)
    return _Sides(
        source,
        tuple(filter(is_here, sorted(anywhere))),
        tuple(sorted(anywhere)),
        tuple(sorted({tier(each) for each in source})),
        tuple(sorted(tiers)),
    )


def _figure(item: RecommendationFigure, sides: _Sides, measured: _Measured) -> LatencyFigure:
    in_workload = measured.any(sides.target)
    target = sides.target if in_workload else sides.target_anywhere
    return LatencyFigure(
        _side(
            (item.provider, item.from_model),
            sides.source_tiers,
            sides.source,
            latency.WORKLOAD,
            measured,
        ),
        _side(
            (item.to_provider, item.to_model),
            sides.target_tiers,
            target,
            latency.WORKLOAD if in_workload else latency.PROVIDER,
            measured,
        ),
    )


def _side(
    key: _Key,
    tiers: tuple[str, ...],
    series_ids: tuple[int, ...],
    measured_in: str,
    measured: _Measured,
) -> SideFigure:
    whole, first_token = (
        latency.times(measured.counts(series_ids, measure)) for measure in _MEASURES
    )
    return SideFigure(
        *key, tiers, measured_in if whole or first_token else latency.NOWHERE, whole, first_token
    )
