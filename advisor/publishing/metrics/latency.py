"""The latency measured of both sides of a recommendation. What was not measured has no sample."""

from collections.abc import Iterator
from decimal import Decimal

from advisor.advice.figures import RecommendationFigure
from advisor.publishing.metrics.sample import Sample, of_text


def of_advice(item: RecommendationFigure) -> Iterator[Sample]:
    """The bounds of both sides' median and 95th percentile; the figure says where they were measured."""
    sides = {"source": item.latency.source, "target": item.latency.target} if item.latency else {}
    for name, side in sides.items():
        held = side.latency
        for share, bounds in (("0.5", held.p50), ("0.95", held.p95)) if held else ():
            if bounds is not None:
                labels = (
                    item.provider,
                    item.project,
                    item.workload,
                    item.from_model,
                    item.to_model,
                    name,
                    share,
                )
                yield of_text("latency_low_seconds", labels, _seconds(bounds.low_ms))
                yield of_text("latency_high_seconds", labels, _seconds(bounds.high_ms))


def _seconds(milliseconds: int) -> str:
    return f"{Decimal(milliseconds).scaleb(-3):f}"
