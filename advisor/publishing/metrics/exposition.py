"""`/metrics`: every figure of one ledger snapshot in Prometheus' text format, beside what the process counts about itself."""

import threading
from collections.abc import Iterable, Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, Response
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from advisor.publishing import outlet
from advisor.publishing.metrics import months as month_samples
from advisor.publishing.metrics import published, savings, spend, trust, usage
from advisor.publishing.metrics.sample import Sample
from advisor.publishing.outlet import Outlet
from advisor.report import report
from advisor.stages import store
from ledger import clock, metrics, months
from ledger.access import Access
from ledger.database import Database
from ledger.pricing import in_force, names
from ledger.settings import Settings

BELIEVED_SECONDS = 5.0
"""How long a rendering is served again: however many scrape, the ledger is read this often at most."""


class Exposition:
    """The metrics of one process. Any thread may render; scrapes that come together share one reading of the ledger."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        process_registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._process_registry = process_registry
        self._memory = month_samples.Memory()
        self._lock = threading.Lock()
        self._ledger_text = b""
        self._read_again_at = float("-inf")

    def render(self) -> bytes:
        """Everything, as text. Raises StoreUnavailable rather than show figures of a ledger that cannot be read."""
        with self._lock:
            if clock.monotonic_seconds() >= self._read_again_at:
                self._ledger_text = generate_latest(_Families(self._samples()))
                self._read_again_at = clock.monotonic_seconds() + BELIEVED_SECONDS
            ledger_text = self._ledger_text
        return ledger_text + (
            generate_latest(self._process_registry) if self._process_registry is not None else b""
        )

    def _samples(self) -> list[Sample]:
        with self._database.snapshot() as session:
            now_us, settings = clock.now_us(), self._settings
            book = in_force.load_book(session)
            resolving = names.Names(book, in_force.load_aliases(session))
            shown = published.read(session, resolving)
            this_month = report.build(session, settings, now_us)
            by_month = self._memory.read(session, settings)
            standing = store.counts(session)
            return [
                *usage.samples(session, book, resolving),
                *spend.samples(
                    by_month, months.containing(now_us, settings.zone), this_month, shown
                ),
                *savings.samples(this_month, standing, shown),
                *trust.samples(session, this_month, book, now_us),
            ]


class _Families(Collector):
    """Samples under the names, kinds and help of the table of metrics. A metric without a sample is left out."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._by_name: dict[str, list[Sample]] = {}
        for sample in samples:
            self._by_name.setdefault(sample.name, []).append(sample)

    def collect(self) -> Iterator[Metric]:
        for short_name, samples in self._by_name.items():
            metric = metrics.find_metric(short_name)
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = kind(metric.name, metric.help, labels=metric.labels)
            for sample in samples:
                family.add_metric(sample.labels, sample.value)
            yield family


def install(app: FastAPI, given: Outlet, process_registry: CollectorRegistry | None) -> None:
    """Add `/metrics` to an app."""
    exposition = Exposition(given.database, given.settings, process_registry)

    def read_metrics(_access: Annotated[Access, Depends(given.scraper())]) -> Response:
        """The metrics for Prometheus; equal on every replica but for what a process counts about itself."""
        return Response(exposition.render(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    app.get("/metrics", response_class=Response, responses=outlet.REFUSALS)(read_metrics)
