"""`/metrics`: the figures of one ledger snapshot, then what the process counts about itself."""

import threading
from collections.abc import Iterable, Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, Response
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from advisor.publishing import answers
from advisor.publishing.metrics import places, savings, spend, trust, usage
from advisor.publishing.metrics.months import MonthCache
from advisor.publishing.metrics.sample import MetricSample
from advisor.publishing.outlet import Outlet
from advisor.report import report
from advisor.stages import store
from ledger import clock, metrics, months
from ledger.access import Access
from ledger.database import Database
from ledger.pricing import in_force, names
from ledger.settings import Settings

RENDERED_AGAIN_AFTER_SECONDS = 5.0
"""How long a rendering is served again. The ledger is read no more often, however many scrape."""


class Exposition:
    """The metrics of one process.

    Any thread may render; scrapes that come together share one reading of the ledger.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        process_registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._process_registry = process_registry
        self._month_cache = MonthCache()
        self._lock = threading.Lock()
        self._ledger_text = b""
        self._read_again_at = float("-inf")

    def render(self) -> bytes:
        """Everything, as text.

        Raises StoreUnavailable rather than show figures of a ledger that cannot be read.
        """
        with self._lock:
            if clock.monotonic_seconds() >= self._read_again_at:
                self._ledger_text = generate_latest(_Families(self._samples()))
                self._read_again_at = clock.monotonic_seconds() + RENDERED_AGAIN_AFTER_SECONDS
            ledger_text = self._ledger_text
        if self._process_registry is None:
            return ledger_text
        return ledger_text + generate_latest(self._process_registry)

    def _samples(self) -> list[MetricSample]:
        with self._database.snapshot() as session:
            now_us, settings = clock.now_us(), self._settings
            book = in_force.load_book(session)
            canonical_names = names.Names(book, in_force.load_aliases(session))
            published = places.load_places(session, canonical_names)
            this_month = report.build(session, settings, now_us)
            by_month = self._month_cache.load_months(session, settings)
            current = months.containing(now_us, settings.zone)
            return [
                *usage.samples(session, book, canonical_names),
                *spend.samples(by_month, current, this_month, published),
                *savings.samples(this_month, store.count(session), published),
                *trust.samples(session, this_month, book, published, now_us=now_us),
            ]


class _Families(Collector):
    """Samples under the names, kinds and help of the table of metrics.

    A metric without a sample is left out.
    """

    def __init__(self, samples: Iterable[MetricSample]) -> None:
        self._by_name: dict[str, list[MetricSample]] = {}
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


def install(app: FastAPI, outlet: Outlet, process_registry: CollectorRegistry | None) -> None:
    """Add `/metrics` to an app."""
    exposition = Exposition(outlet.database, outlet.settings, process_registry)

    def read_metrics(_access: Annotated[Access, Depends(outlet.scraper())]) -> Response:
        """The metrics for Prometheus, equal on all replicas except what each process counts."""
        return Response(exposition.render(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    app.get("/metrics", response_class=Response, responses=answers.REFUSALS)(read_metrics)
