"""All that a collector with a spool runs: lookout, commit lane, drainer, and their metrics."""

from collections.abc import Iterator, Sequence

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from collector import ingest
from collector.drain import REFUSED, Drainer
from collector.ingest import Commit
from collector.lookout import Lookout, WrongLedger
from collector.outage import CommitLane, SpoolFallback
from collector.spool import Spool
from ledger import access, metrics
from ledger.database import Database
from ledger.errors import UsageError
from ledger.events import Event
from ledger.outcomes import Outcome
from ledger.refusals import RefusedElement
from ledger.settings import Settings

# Prometheus sees no increase in a counter that first appears with its first event, so each of
# these begins at 0.
_DRAINED = (*(outcome.value for outcome in Outcome if outcome is not Outcome.SPOOLED), REFUSED)

log = structlog.get_logger()


class SpoolService(Collector):
    """Keeps a collector answering while its database is away. Close it after the committer."""

    def __init__(self, database: Database, settings: Settings) -> None:
        """Raises UsageError for a folder that cannot be used or belongs to another ledger.

        Also where the address is open to other machines and there are no keys.
        """
        if settings.spool_dir is None:
            raise UsageError("SWITCHWISE_SPOOL_DIR: it is not set; write the path of a folder")
        self.spool = Spool(settings.spool_dir, settings.spool_max_mb << 20)
        self.lookout = Lookout(database, self.spool)
        try:
            self.lookout.start()
            access.refuse_open_bind_without(self.lookout.keys, settings.host)
        except (WrongLedger, UsageError) as error:
            self.lookout.close()
            self.spool.close()
            raise UsageError(str(error)) from error
        self._database = database
        self._max_series = settings.max_series
        self._lane = CommitLane(self._make_commit())
        self.store: Commit = SpoolFallback(
            self._lane, self.spool, settings.spool_after_ms / 1_000
        ).store
        self._drainer = Drainer(self.spool, self._make_commit())

    def ill(self) -> str | None:
        """Why the process must be started again; None if it need not."""
        if self._drainer.is_alive and self._lane.is_alive:
            return None
        return "a thread that moves events has died; start this process again"

    def unready(self) -> str | None:
        """Why this process should get no more traffic; None if it should.

        A database that is away is no reason: that is what the spool is for.
        """
        if self.spool.is_nearly_full:
            return (
                "the database is away and the spool is nearly full; bring the database back or"
                " raise SWITCHWISE_SPOOL_MAX_MB"
            )
        return self.lookout.risk

    def close(self) -> None:
        """Stop draining. What waits stays on disk for the next start."""
        self._drainer.close()
        self._lane.close()
        self.lookout.close()
        self.spool.close()

    def collect(self) -> Iterator[Metric]:
        """The metrics as they stand."""
        for name, value in (
            ("spool_events", self.spool.events),
            ("spool_bytes", self.spool.size_bytes),
        ):
            metric = metrics.find_metric(name)
            yield GaugeMetricFamily(metric.name, metric.help, value=value)
        metric = metrics.find_metric("spool_drained_events_total")
        family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
        for outcome in _DRAINED:
            family.add_metric([outcome], self._drainer.outcomes[outcome])
        yield family

    def _make_commit(self) -> Commit:
        commit = ingest.make_commit(self._database, self._max_series)

        def commit_checked(
            events: Sequence[Event], refusals: Sequence[RefusedElement]
        ) -> list[Outcome]:
            self.lookout.check_ledger()
            return commit(events, refusals)

        return commit_checked
