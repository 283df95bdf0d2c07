"""What a scrape of `/metrics` of some 5,000 series adds to the acknowledgements meanwhile."""

import threading
import urllib.request

from advisor import refresh
from bench import load, serving, timing, traffic
from bench.reporting import MODELS, SETTINGS
from bench.timing import ResultRow
from ledger import clock, events, rollups, series, slots, usage
from ledger.database import Database
from ledger.events import Labels

CONNECTIONS, COUNT, ROUNDS = 64, 100_000, 3
EVERY_SECONDS = 1.0
STATUSES = ("success", "failure", "cancelled")


def run() -> list[ResultRow]:
    """P14."""
    rounds, series_count = [], 0
    with serving.folder() as folder:
        url = f"sqlite:///{folder}/ledger.db"
        _fill(url)
        with serving.server("whole", url) as server:
            for number in range(ROUNDS + 1):
                alone = _load(server.port, 2 * number)
                scraper = _Scraper(server.port)
                scraped = _load(server.port, 2 * number + 1)
                series_count = scraper.stop()
                rounds.append((scraped.p99_ms, alone.p99_ms))
    ours, floor = zip(*rounds[1:], strict=True)  # the first is for warming up
    name = f"P14 p99 of an acknowledgement beside a scrape a second of {series_count:,} series"
    return [timing.compare(name, "ms", ours=ours, floor=floor, floor_name="without scrapes")]


def _load(port: int, number: int) -> load.Run:
    return load.drive(
        port, traffic.singles, ("/v1/events", traffic.START_US, number * COUNT, COUNT), CONNECTIONS
    )


class _Scraper:
    """Scrapes once a second until it is stopped."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._stopped = threading.Event()
        self._series = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            with urllib.request.urlopen(self._url) as answer:  # noqa: S310  # loopback
                self._series = sum(not line.startswith(b"#") for line in answer)

    def stop(self) -> int:
        """Stop scraping; how many series the last scrape had."""
        self._stopped.set()
        self._thread.join()
        return self._series


def _fill(url: str) -> None:
    """A ledger with as many metric sets as are published by name, rolled up but without events."""
    database = Database(url)
    database.migrate()
    slot = slots.row_of(clock.now_us() - 2 * clock.DAY_US)
    with database.transaction() as session:
        label_sets = [
            _labels(number, status)
            for number in range(SETTINGS.max_metric_sets)
            for status in STATUSES
        ]
        ids = series.intern(session, set(label_sets), len(label_sets))
        hours = {(slot, ids[labels]): _amounts() for labels in label_sets}
        rollups.add(session, usage.Sums(hours), clock.now_us(), SETTINGS.max_metric_sets)
    refresh.refresh(database, SETTINGS)
    database.close()


def _labels(number: int, status: str) -> Labels:
    return traffic.labels(
        model=MODELS[number % len(MODELS)],
        project=f"project-{number // len(MODELS) % 10}",
        workload=f"workload-{number // len(MODELS) // 10}",
        status=status,
    )


def _amounts() -> list[int]:
    return usage.amounts_of(
        events.Event(
            dedupe_key="an event",
            occurred_at=clock.now_us(),
            labels=_labels(0, "success"),
            input_tokens=1_000,
            cached_input_tokens=500,
            cache_write_input_tokens=10,
            output_tokens=100,
            reasoning_tokens=10,
            input_audio_tokens=20,
            output_audio_tokens=5,
            latency_ms=800,
            first_token_ms=200,
            retry_count=1,
        )
    )
