"""What this process counts about itself while it receives. Names, help and labels come from the table of metrics."""

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from collector.receipts import Receipt
from ledger import metrics

# From an answer out of memory to the longest that a sender is made to wait.
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_COUNTED = ("accepted", "duplicate", "conflict", "ignored", "spooled")


class Meters:
    """The counters of one collector, in a registry of their own that `/metrics` may join to others."""

    def __init__(self) -> None:
        # The table of metrics has no `_created` series.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library does not annotate it
        self.registry = CollectorRegistry(auto_describe=True)
        self._requests = self._counter("ingest_requests_total")
        self._events = self._counter("ingest_events_total")
        self._bytes = self._counter("ingest_bytes_total")
        seconds = metrics.named("ingest_seconds")
        self._seconds = Histogram(seconds.name, seconds.help, registry=self.registry, buckets=_BUCKETS)

    def _counter(self, name: str) -> Counter:
        metric = metrics.named(name)
        return Counter(metric.name, metric.help, metric.labels, registry=self.registry)

    def received(self, size_bytes: int) -> None:
        """Bytes of a request arrived."""
        self._bytes.inc(size_bytes)

    def answered(self, route: str, code: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, str(code)).inc()
        self._seconds.observe(seconds)

    def stored(self, format_name: str, receipt: Receipt) -> None:
        """The events of a request were stored or refused, as its receipt says."""
        for outcome in _COUNTED:
            count: int = getattr(receipt, outcome)
            if count:
                self._events.labels(format_name, outcome).inc(count)
        if receipt.rejected:
            self._events.labels(format_name, "rejected").inc(len(receipt.rejected))
