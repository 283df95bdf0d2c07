"""What this process counts about itself while it receives.

Names, help texts and labels come from the ledger's table of metrics.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.receipts import Receipt
from ledger import metrics

# From the fastest answer to the longest time that a sender waits for one.
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_COUNTED = ("accepted", "duplicate", "grown", "conflict", "ignored", "spooled")

Counts = tuple[tuple[str, int], ...]
"""How many records had each outcome; outcomes of no record are left out."""


def counts_of(receipt: Receipt) -> Counts:
    """The counts of a receipt."""
    counts = [(outcome, getattr(receipt, outcome)) for outcome in _COUNTED]
    return tuple(
        (outcome, count)
        for outcome, count in [*counts, ("rejected", len(receipt.rejected))]
        if count
    )


class Meters(Collector):
    """The counters of one collector, in a registry that `/metrics` may join to others.

    They are plain numbers, made into metrics when Prometheus asks: a counter of its library takes
    as long as decoding the event that it counts. Only the event loop's thread adds to them.
    """

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._events: Counter[tuple[str, str]] = Counter()
        self._bytes = 0
        self._answered_within = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0
        self.registry = CollectorRegistry(auto_describe=True)
        self.registry.register(self)

    def count_bytes(self, size_bytes: int) -> None:
        """Count bytes of a request that arrived."""
        self._bytes += size_bytes

    def count_answer(self, route: str, code: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests[route, code] += 1
        self._answered_within[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def count_events(self, format_name: str, counts: Counts) -> None:
        """Count the events of a request, stored or rejected."""
        for outcome, count in counts:
            self._events[format_name, outcome] += count

    def collect(self) -> Iterator[Metric]:
        """The metrics as they stand."""
        # Prometheus sees no increase in a counter that first appears with its first failure, so
        # every counter begins at 0.
        requests, events = dict(self._requests), dict(self._events)
        unavailable = {(route, 503): 0 for route, _ in requests}
        unmet = {(name, outcome): 0 for name, _ in events for outcome in (*_COUNTED, "rejected")}
        yield _counter("ingest_requests_total", unavailable | requests)
        yield _counter("ingest_events_total", unmet | events)
        yield _counter("ingest_bytes_total", {(): self._bytes})
        yield self._histogram()

    def _histogram(self) -> Metric:
        metric = metrics.find_metric("ingest_seconds")
        within, buckets = 0, []
        for limit, answered in zip(
            (*map(str, _BUCKETS), "+Inf"), self._answered_within, strict=True
        ):
            within += answered
            buckets.append((limit, float(within)))
        return HistogramMetricFamily(
            metric.name, metric.help, buckets=buckets, sum_value=self._seconds
        )


def _counter(name: str, counted: Mapping[Any, int]) -> Metric:
    metric = metrics.find_metric(name)
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, count in list(counted.items()):
        family.add_metric(list(map(str, labels)), count)
    return family
