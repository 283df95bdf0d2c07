"""A ledger that grows: how fast it stores on top of millions of events, and each one's bytes."""

from contextlib import ExitStack

from sqlalchemy import text

from bench import serving, timing, traffic
from bench.timing import ResultRow
from collector import ingest
from collector.ingest import Commit
from ledger import clock
from ledger.database import Database
from ledger.events import Event

SMALL, LARGE = 250_000, 8_000_000
GROUP = 500
MEASURED = 40_000
ROUNDS = 5
BYTES_ALLOWED = 300
_A_DAY = 1_000_000
_LABELS = [
    traffic.labels(model="gpt-4.1", project=f"p-{number}", workload="w") for number in range(100)
]


def run() -> list[ResultRow]:
    """P8 on both databases."""
    with serving.folder() as folder:
        lite = _on("SQLite", f"sqlite:///{folder}/ledger.db")
    with serving.postgresql() as url:
        return [*lite, *_on("PostgreSQL", url)]


def _on(name: str, url: str) -> list[ResultRow]:
    rates: list[list[float]] = []
    sizes: list[float] = []
    event_count = 0
    with ExitStack() as stack:
        database = Database(url)
        stack.callback(database.close)
        database.migrate()
        commit = ingest.make_commit(database, 1_000)
        for size in (SMALL, LARGE):
            for start in range(event_count, size, GROUP):
                commit(_group(start), [])
            rates.append([_rate(commit, size + number * MEASURED) for number in range(ROUNDS)])
            event_count = size + ROUNDS * MEASURED
            sizes.append(_bytes_on_disk(database) / event_count)
    many, few = f"{LARGE:,} events, {name}", f"at {SMALL:,}"
    return [
        timing.compare(
            f"P8 storing on top of {many}",
            "events/s",
            ours=rates[1],
            floor=rates[0],
            floor_name=few,
        ),
        timing.compare(
            f"P8 on disk for each of {many}",
            "bytes",
            ours=sizes[1:],
            floor=[BYTES_ALLOWED],
            floor_name="allowed",
        ),
    ]


def _rate(commit: Commit, first: int) -> float:
    groups = [_group(start) for start in range(first, first + MEASURED, GROUP)]
    return MEASURED / timing.seconds(lambda: [commit(group, []) for group in groups])


def _bytes_on_disk(database: Database) -> int:
    """The table of events and its key; on SQLite the whole file."""
    with database.snapshot() as session:
        if database.is_sqlite:
            query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        else:
            query = (
                "SELECT sum(pg_total_relation_size(relid))"
                " FROM pg_partition_tree('event') WHERE isleaf"
            )
        return int(session.execute(text(query)).scalar_one())


def _group(start: int) -> list[Event]:
    """Events a tenth of a second apart, so that a day holds a bit less than a million."""
    return [
        Event(
            dedupe_key=f"bench:{number}",
            occurred_at=traffic.START_US - 30 * clock.DAY_US + number * clock.DAY_US // _A_DAY,
            labels=_LABELS[number % 100],
            input_tokens=800 + number % 1_000,
            cached_input_tokens=number % 500,
            cache_write_input_tokens=0,
            output_tokens=10 + number % 90,
            reasoning_tokens=number % 10,
            input_audio_tokens=None,
            output_audio_tokens=None,
            latency_ms=300 + number % 700,
        )
        for number in range(start, start + GROUP)
    ]
