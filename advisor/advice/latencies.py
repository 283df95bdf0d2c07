"""The measured latency of both sides of each recommendation, read from rollups of its window."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from advisor.advice import latency
from advisor.advice.latency_figures import LatencyFigure, SideFigure
from advisor.advice.values import Recommendation
from advisor.months import statements
from advisor.switching.window import Window
from ledger import readings

_MEASURES = ("latency_ms", "first_token_ms")
_Key = tuple[str, str]
"""Provider, canonical model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """The series of successful requests on both sides of a recommendation.

    Those of the target are the ones in its workload, and the ones anywhere at its provider.
    """

    source: tuple[int, ...]
    target: tuple[int, ...]
    target_anywhere: tuple[int, ...]
    source_tiers: tuple[str, ...]
    target_tiers: tuple[str, ...]

    @property
    def series_ids(self) -> set[int]:
        """All that has to be read."""
        return {*self.source, *self.target, *self.target_anywhere}


@dataclass(slots=True)
class _Measured:
    """The counts of one window by series and measure; what several recommendations need, once."""

    by_series: Mapping[tuple[int, str], latency.Counts]
    _sums: dict[tuple[tuple[int, ...], str], dict[int, int]] = field(default_factory=dict)

    def counts(self, series_ids: tuple[int, ...], measure: str) -> latency.Counts:
        key = series_ids, measure
        if key not in self._sums:
            self._sums[key] = latency.add_up(
                self.by_series.get((series_id, measure), {}) for series_id in series_ids
            )
        return self._sums[key]

    def any(self, series_ids: tuple[int, ...]) -> bool:
        return any(self.counts(series_ids, measure) for measure in _MEASURES)


def measure(
    session: Session,
    pricing: statements.Pricing,
    recommendations: Sequence[Recommendation],
    today: int,
) -> list[Recommendation]:
    """The same recommendations with the latency of both sides; without a closed day there is none.

    The target counts at the tiers that the move would be served at: the one it names, else those
    of the slice.
    """
    members: dict[_Key, list[int]] = {}
    for series_id, series in pricing.series.items():
        if series.labels.status == "success":
            members.setdefault(pricing.resolve(series_id, today)[:2], []).append(series_id)
    sides = {
        recommendation.id: _sides(recommendation, members, pricing)
        for recommendation in recommendations
        if recommendation.window.days
    }
    series_by_window: dict[Window, set[int]] = {}
    for recommendation in recommendations:
        if recommendation.id in sides:
            series_by_window.setdefault(recommendation.window, set()).update(
                sides[recommendation.id].series_ids
            )
    measured = {
        window: _Measured(
            readings.distributions(session, window.day_numbers, series_ids, _MEASURES)
        )
        for window, series_ids in series_by_window.items()
    }
    return [
        replace(
            recommendation,
            latency=_figure(
                recommendation, sides[recommendation.id], measured[recommendation.window]
            ),
        )
        if recommendation.id in sides
        else recommendation
        for recommendation in recommendations
    ]


def _sides(
    recommendation: Recommendation,
    members: Mapping[_Key, Iterable[int]],
    pricing: statements.Pricing,
) -> _Sides:
    def tier(series_id: int) -> str:
        return pricing.series[series_id].labels.service_tier

    def is_here(series_id: int) -> bool:
        labels = pricing.series[series_id].labels
        return (labels.project, labels.workload) == (
            recommendation.project,
            recommendation.workload,
        )

    here = [
        series_id
        for series_id in members.get((recommendation.provider, recommendation.from_model), ())
        if is_here(series_id)
    ]
    tiers = (
        {recommendation.to_service_tier}
        if recommendation.to_service_tier
        else {tier(series_id) for series_id in here}
    )
    anywhere = {
        series_id
        for series_id in members.get((recommendation.to_provider, recommendation.to_model), ())
        if tier(series_id) in tiers
    }
    # Where only the tier changes, what is at the target's tier already is the other side.
    source = tuple(series_id for series_id in here if series_id not in anywhere)
    return _Sides(
        source=source,
        target=tuple(filter(is_here, sorted(anywhere))),
        target_anywhere=tuple(sorted(anywhere)),
        source_tiers=tuple(sorted({tier(series_id) for series_id in source})),
        target_tiers=tuple(sorted(tiers)),
    )


def _figure(recommendation: Recommendation, sides: _Sides, measured: _Measured) -> LatencyFigure:
    in_workload = measured.any(sides.target)
    return LatencyFigure(
        source=_side(
            (recommendation.provider, recommendation.from_model),
            sides.source_tiers,
            sides.source,
            measured,
            measured_in=latency.WORKLOAD,
        ),
        target=_side(
            (recommendation.to_provider, recommendation.to_model),
            sides.target_tiers,
            sides.target if in_workload else sides.target_anywhere,
            measured,
            measured_in=latency.WORKLOAD if in_workload else latency.PROVIDER,
        ),
    )


def _side(
    key: _Key,
    service_tiers: tuple[str, ...],
    series_ids: tuple[int, ...],
    measured: _Measured,
    *,
    measured_in: str,
) -> SideFigure:
    provider, model = key
    to_answer, first_token = (
        latency.times(measured.counts(series_ids, measure)) for measure in _MEASURES
    )
    return SideFigure(
        provider=provider,
        model=model,
        service_tiers=service_tiers,
        measured_in=measured_in if to_answer or first_token else latency.NOWHERE,
        latency=to_answer,
        first_token=first_token,
    )
