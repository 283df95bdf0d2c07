"""A log file of lines: imported with identities and rollups, and reported on without a ledger.

Compared with decoding the lines alone, and with DuckDB, which sums the same columns and knows no
price.
"""

import tempfile
from pathlib import Path

import duckdb
import msgspec

from advisor import refresh
from advisor.report import report
from bench import apps, timing, traffic
from bench.timing import ResultRow
from collector import block_pool, files
from collector.direct_sums import DirectSums
from collector.parsing.naming import Naming
from ledger import clock, settings
from ledger.database import Database
from worker import rollup

LINES = 1_000_000
ROUNDS = 3
THREADS = 2
SETTINGS = settings.Settings()
_COLUMNS = (
    "{time: 'TIMESTAMP', model: 'VARCHAR', project: 'VARCHAR', workload: 'VARCHAR', id: 'VARCHAR',"
    " input_tokens: 'BIGINT', cached_input_tokens: 'BIGINT', output_tokens: 'BIGINT',"
    " reasoning_tokens: 'BIGINT', latency_ms: 'BIGINT'}"
)
_QUERY = f"""
    SELECT date_trunc('day', time), model, project, workload, count(DISTINCT id),
    sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(reasoning_tokens),
    sum(latency_ms)
    FROM read_json($path, format = 'newline_delimited', columns = {_COLUMNS}) GROUP BY ALL
"""


def run() -> list[ResultRow]:
    """P13 and P12."""
    with tempfile.TemporaryDirectory(prefix="switchwise-bench-") as folder:
        path = Path(folder) / "log.jsonl"
        with path.open("wb") as file:
            for number in range(LINES):
                file.write(msgspec.json.encode(traffic.event(number, traffic.START_US)) + b"\n")
        rounds = [
            (
                _import_rate(path, Path(folder) / f"{number}.db"),
                _decoding_rate(path),
                _report_rate(path, folder),
                _query_rate(path),
            )
            for number in range(ROUNDS + 1)
        ]
    # The first round is for warming up.
    import_rates, decoding_rates, report_rates, query_rates = zip(*rounds[1:], strict=True)
    name = f"{LINES:,} lines"
    return [
        timing.compare(
            f"P13 import of {name}, SQLite",
            "lines/s",
            ours=import_rates,
            floor=decoding_rates,
            floor_name="msgspec decodes each line",
        ),
        timing.compare(
            f"P12 report on {name} without a ledger",
            "lines/s",
            ours=report_rates,
            floor=query_rates,
            floor_name="DuckDB, 2 threads",
        ),
    ]


def _import_rate(path: Path, ledger: Path) -> float:
    database = Database(f"sqlite:///{ledger}")
    database.migrate()
    started = clock.monotonic_seconds()
    files.import_file(
        database,
        SETTINGS,
        path=str(path),
        format_name="native",
        naming=Naming(),
        progress=_silent,
    )
    rollup.roll_up(database, SETTINGS.max_metric_sets)
    seconds = clock.monotonic_seconds() - started
    database.close()
    return LINES / seconds


def _decoding_rate(path: Path) -> float:
    def work() -> None:
        with path.open("rb") as file:
            for line in file:
                apps.DECODER.decode(line)

    return LINES / timing.seconds(work)


def _report_rate(path: Path, folder: str) -> float:
    started = clock.monotonic_seconds()
    with block_pool.open_pool([str(path)], processes=THREADS) as pool:
        sums = DirectSums(pool)
        sums.add_file(str(path), "native", Naming(), _silent)
    with tempfile.TemporaryDirectory(dir=folder) as inner:
        database = Database(f"sqlite:///{inner}/sums.db")
        database.migrate()
        sums.store(database, SETTINGS)
        refresh.refresh(database, SETTINGS)
        with database.snapshot() as session:
            report.build(session, SETTINGS, clock.now_us())
        database.close()
    return LINES / (clock.monotonic_seconds() - started)


def _query_rate(path: Path) -> float:
    def work() -> None:
        with duckdb.connect(config={"threads": THREADS}) as connection:
            connection.execute(_QUERY, {"path": str(path)}).fetchall()

    return LINES / timing.seconds(work)


def _silent(_done: int, _all: int) -> None:
    """No progress is shown."""
