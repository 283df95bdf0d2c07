"""The measured latency of both models of a recommendation, as every face shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of a quantile in whole milliseconds, both included. Nothing finer is known."""

    low_ms: int
    high_ms: int


@dataclass(frozen=True, slots=True)
class TimesFigure:
    """Median and 95th percentile of a time over some requests; `p95` is None for too few."""

    requests: int
    p50: Between
    p95: Between | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFigure:
    """One model's times to the answer and to the first token; None where none was measured.

    They are of successful requests. `measured_in` is `workload` (the project and workload of the
    advice), `provider` (all of that model's traffic at its provider, because the workload has none)
    or `nowhere`. `service_tiers` are the served ones that count.
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

    The two sides answered different requests, so it promises nothing of the move.
    """

    source: SideFigure
    target: SideFigure
