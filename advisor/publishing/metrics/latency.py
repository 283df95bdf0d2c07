"""The latency measured of both sides of a recommendation. What was not measured has no sample."""

from collections.abc import Iterator
from decimal import Decimal

from advisor.advice.figures import RecommendationFigure
from advisor.publishing.metrics import sample
from advisor.publishing.metrics.sample import MetricSample


def samples(recommendation: RecommendationFigure) -> Iterator[MetricSample]:
    """The bounds of both sides' median and 95th percentile, in seconds."""
    measured = recommendation.latency
    sides = {"source": measured.source, "target": measured.target} if measured else {}
    for name, side in sides.items():
        times = side.latency
        for share, bounds in (("0.5", times.p50), ("0.95", times.p95)) if times else ():
            if bounds is not None:
                labels = (
                    recommendation.provider,
                    recommendation.project,
                    recommendation.workload,
                    recommendation.from_model,
                    recommendation.to_model,
                    name,
                    share,
                )
                low, high = _seconds(bounds.low_ms), _seconds(bounds.high_ms)
                yield sample.from_text("latency_low_seconds", labels, low)
                yield sample.from_text("latency_high_seconds", labels, high)


def _seconds(milliseconds: int) -> str:
    return f"{Decimal(milliseconds).scaleb(-3):f}"
