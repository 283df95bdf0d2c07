"""What this process counts about itself while it receives. Names, help and labels come from the table of metrics."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.receipts import Receipt
from ledger import metrics

# From an answer out of memory to the longest that a sender is made to wait.
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_COUNTED = ("accepted", "duplicate", "conflict", "ignored", "spooled")

Counts = tuple[tuple[str, int], ...]
"""How many elements had which outcome; those that none had are left out."""


def counts_of(receipt: Receipt) -> Counts:
    """What a receipt says, to be counted."""
    counts = [(outcome, getattr(receipt, outcome)) for outcome in _COUNTED]
    return tuple(
        (outcome, count)
        for outcome, count in [*counts, ("rejected", len(receipt.rejected))]
        if count
    )


class Meters(Collector):
    """The counters of one collector, in a registry of their own that `/metrics` may join to others.

    Plain numbers, made into metrics when somebody asks: a counter of the library takes as long as decoding the event
    that it counts. Only the event loop's thread adds to them.
    """

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._events: Counter[tuple[str, str]] = Counter()
        self._bytes = 0
        self._answered_within = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0
        self.registry = CollectorRegistry(auto_describe=True)
        self.registry.register(self)

    def received(self, size_bytes: int) -> None:
        """Bytes of a request arrived."""
        self._bytes += size_bytes

    def answered(self, route: str, code: int, seconds: float) -> None:
        """A request was answered."""
        self._requests[route, code] += 1
        self._answered_within[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def stored(self, format_name: str, counts: Counts) -> None:
        """The events of a request were stored or refused."""
        for outcome, count in counts:
            self._events[format_name, outcome] += count

    def collect(self) -> Iterator[Metric]:
        """The metrics as they stand."""
        # A counter that first appears with its first failure shows Prometheus no increase, so it begins at 0 before.
        requests, events = dict(self._requests), dict(self._events)
        unavailable = {(route, 503): 0 for route, _ in requests}
        unseen = {(name, outcome): 0 for name, _ in events for outcome in (*_COUNTED, "rejected")}
        yield _counter("ingest_requests_total", unavailable | requests)
        yield _counter("ingest_events_total", unseen | events)
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
