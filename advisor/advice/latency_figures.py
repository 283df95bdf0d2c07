"""The latency that was measured of both models of a recommendation, as every face shows it.

No arithmetic.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of a quantile in whole milliseconds, both included.

    Nothing finer is known, so nothing finer is told.
    """

    low_ms: int
    high_ms: int


@dataclass(frozen=True, slots=True)
class TimesFigure:
    """Median and 95th percentile of a time over so many requests; too few of them have no 95th
    percentile (None)."""

    requests: int
    p50: Between
    p95: Between | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFigure:
    """One model's times from request to answer and to first token, of successful requests; None
    where none was measured.

    `measured_in` is `workload` (the project and workload of the advice), `provider` (all of that
    model's traffic at its provider, because the workload has none) or `nowhere`. `service_tiers`
    are the served ones that count.
    """

    provider: str
    model: str
    service_tiers: tuple[str, ...]
    measured_in: str
    latency: TimesFigure | None
    first_token: TimesFigure | None


@dataclass(frozen=True, slots=True)
class LatencyFigure:
    """What was measured over a recommendation's window.

    The two sides answered different requests: no promise, a look.
    """

    source: SideFigure
    target: SideFigure
