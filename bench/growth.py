"""A ledger that grows: what storing costs once millions of events are there, and how much room each takes on disk."""

from contextlib import ExitStack

from sqlalchemy import text

from bench import measure, serving, traffic
from collector import ingest
from collector.ingest import Commit
from ledger import clock
from ledger.database import Database
from ledger.events import Event, Labels

SMALL, LARGE = 250_000, 8_000_000
GROUP = 500
MEASURED = 40_000
ROUNDS = 5
BYTES_ALLOWED = 300
_A_DAY = 1_000_000
_LABELS = [
    Labels(
        "bench",
        "openai",
        "gpt-4.1",
        "gpt-4.1",
        "standard",
        "standard",
        0,
        0,
        "provider",
        "success",
        f"p-{n}",
        "w",
        "k",
    )
    for n in range(100)
]


def run() -> list[measure.Result]:
    """P8 on both databases."""
    with serving.folder() as folder:
        lite = _on("SQLite", f"sqlite:///{folder}/ledger.db")
    with serving.postgresql() as url:
        return [*lite, *_on("PostgreSQL", url)]


def _on(name: str, url: str) -> list[measure.Result]:
    rates: list[list[float]] = []
    sizes: list[float] = []
    stored = 0
    with ExitStack() as stack:
        database = Database(url)
        stack.callback(database.close)
        database.migrate()
        commit = ingest.committing(database, 1_000)
        for size in (SMALL, LARGE):
            for start in range(stored, size, GROUP):
                commit(_group(start))
            rates.append([_rate(commit, size + number * MEASURED) for number in range(ROUNDS)])
            stored = size + ROUNDS * MEASURED
            sizes.append(_bytes_on_disk(database) / stored)
    many, few = f"{LARGE:,} events, {name}", f"at {SMALL:,}"
    return [
        measure.compared(f"P8 storing on top of {many}", "events/s", rates[1], rates[0], few),
        measure.compared(
            f"P8 on disk for each of {many}", "bytes", sizes[1:], [BYTES_ALLOWED], "allowed"
        ),
    ]


def _rate(commit: Commit, first: int) -> float:
    groups = [_group(start) for start in range(first, first + MEASURED, GROUP)]
    return MEASURED / measure.seconds(lambda: [commit(group) for group in groups])


def _bytes_on_disk(database: Database) -> int:
    """The table of events and its key; on SQLite the whole file."""
    with database.snapshot() as session:
        if database.is_sqlite:
            query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        else:
            query = "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('event') WHERE isleaf"
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
