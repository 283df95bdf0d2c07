"""The measured latency of both sides of a recommendation as rows of the review. What was not measured has no row."""

from collections.abc import Iterator

from advisor.advice.figures import RecommendationFigure
from advisor.advice.latency_figures import Between

COLUMNS = (
    "project workload side provider model service_tiers measured_in measure requests p50_low_ms p50_high_ms p95_low_ms"
    " p95_high_ms id"
)
"""The columns, also where there are no rows. The bounds are both included."""


def of_advice(item: RecommendationFigure) -> Iterator[dict[str, str | int | None]]:
    """A row for each side and time that was measured."""
    sides = {"source": item.latency.source, "target": item.latency.target} if item.latency else {}
    for name, side in sides.items():
        for measure, held in (("latency", side.latency), ("first_token", side.first_token)):
            if held is not None:
                yield {
                    "project": item.project,
                    "workload": item.workload,
                    "side": name,
                    "provider": side.provider,
                    "model": side.model,
                    "service_tiers": " ".join(side.service_tiers),
                    "measured_in": side.measured_in,
                    "measure": measure,
                    "requests": held.requests,
                    **_bounds("p50", held.p50),
                    **_bounds("p95", held.p95),
                    "id": item.id,
                }


def _bounds(name: str, bounds: Between | None) -> dict[str, int | None]:
    low, high = (bounds.low_ms, bounds.high_ms) if bounds else (None, None)
    return {f"{name}_low_ms": low, f"{name}_high_ms": high}
