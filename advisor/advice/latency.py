"""Quantiles of times that are counted by power of two: bounds, never a number between them."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from advisor import words
from advisor.advice.latency_figures import Between, LatencyFigure, SideFigure, TimesFigure
from ledger import prose

WORKLOAD, PROVIDER, NOWHERE = "workload", "provider", "nowhere"
"""Where a side was measured."""

Counts = Mapping[int, int]
"""Requests by bit length of their milliseconds: 0 for 0, p for 2^(p-1) to 2^p - 1."""

P50, P95 = Fraction(50, 100), Fraction(95, 100)
FEWEST_FOR_P95 = 20
"""Among fewer requests the 95th percentile is the slowest, which says nothing of the others."""


def quantile(counts: Counts, share: Fraction) -> Between | None:
    """The bounds of the smallest time that at least this share of the requests do not exceed.

    None without requests.
    """
    rank = -(-share * sum(counts.values()) // 1)
    for power, requests in sorted(counts.items()):
        rank -= requests
        if requests and rank <= 0:
            return Between((1 << power) >> 1, (1 << power) - 1)
    return None


def times(counts: Counts) -> TimesFigure | None:
    """Median and 95th percentile of some requests' times; None without requests."""
    requests, median = sum(counts.values()), quantile(counts, P50)
    if median is None:
        return None
    return TimesFigure(
        requests, median, quantile(counts, P95) if requests >= FEWEST_FOR_P95 else None
    )


def add_up(parts: Iterable[Counts]) -> dict[int, int]:
    """The counts of several parts as one."""
    sums: dict[int, int] = {}
    for part in parts:
        for power, requests in part.items():
            sums[power] = sums.get(power, 0) + requests
    return sums


def lines(figure: LatencyFigure | None) -> Iterator[str]:
    """What was measured of each side; nothing where neither was measured."""
    sides = (figure.source, figure.target) if figure else ()
    if any(side.measured_in != NOWHERE for side in sides):
        yield from (f"{side.model}: {describe(side)}" for side in sides)


def describe(side: SideFigure) -> str:
    """A side's times in words, each between bounds that are rounded outwards."""
    times_by_name = {"": side.latency, "first token ": side.first_token}
    parts = [f"{name}{_times(figure)}" for name, figure in times_by_name.items() if figure]
    if not parts:
        return "none in the window"
    where = (
        "in this workload"
        if side.measured_in == WORKLOAD
        else f"in other traffic at {side.provider}"
    )
    return f"{'; '.join(parts)}; {where} ({prose.all_of(side.service_tiers)})"


def between(bounds: Between) -> str:
    """`between 256 and 511 ms`, `between 1.02 and 2.05 s`: rounded outwards, so it stays true."""
    if bounds.high_ms < 1_000:
        return (
            f"between {bounds.low_ms} and {bounds.high_ms} ms" if bounds.high_ms else "under 1 ms"
        )
    low, high = (
        Decimal(milliseconds).scaleb(-3).quantize(Decimal("0.01"), rounding)
        for milliseconds, rounding in (
            (bounds.low_ms, ROUND_FLOOR),
            (bounds.high_ms, ROUND_CEILING),
        )
    )
    return f"between {low} and {high} s"


def _times(figure: TimesFigure) -> str:
    tail = "too few requests for a p95" if figure.p95 is None else f"p95 {between(figure.p95)}"
    return f"p50 {between(figure.p50)}, {tail} ({words.counted(figure.requests, 'request')})"
