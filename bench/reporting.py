"""The monthly report over many more events, on both databases.

It reads statements, so its cost is that of its lines.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from advisor import refresh
from advisor.publishing import wire
from advisor.report import report
from bench import timing, traffic
from bench.timing import ResultRow
from ledger import clock, months, rollups, series, settings, slots, usage
from ledger.database import Database
from ledger.events import Labels
from ledger.months import Month
from tests import servers

FEW_SERIES, MANY_SERIES = 40, 2_000
FEW_EVENTS, MANY_EVENTS = 1_000_000, 100_000_000
MODELS = ("gpt-4.1", "gpt-4.1-mini", "gpt-4o", "o3", "gpt-5")
SETTINGS = settings.Settings()


def run() -> list[ResultRow]:
    """The report of this month with few and many series and events, and of the month before."""
    result_rows: list[ResultRow] = []
    with tempfile.TemporaryDirectory() as folder, servers.Postgres() as postgres:
        for name, urls in {
            "SQLite": [f"sqlite:///{folder}/{number}.db" for number in range(3)],
            "PostgreSQL": [postgres.database() for _ in range(3)],
        }.items():
            result_rows += _on(name, urls)
    return result_rows


def _on(name: str, urls: list[str]) -> list[ResultRow]:
    with (
        _filled(urls[0], FEW_SERIES, FEW_EVENTS) as small,
        _filled(urls[1], FEW_SERIES, 10 * FEW_EVENTS) as tenfold,
    ):
        same = timing.compare_times(
            f"report of {FEW_SERIES} series over {10 * FEW_EVENTS:,} events, {name}",
            ours=lambda: _report(tenfold),
            floor=lambda: _report(small),
            floor_name=f"over {FEW_EVENTS:,} events",
        )
        with _filled(urls[2], MANY_SERIES, MANY_EVENTS) as large:
            many = timing.compare_times(
                f"report of {MANY_SERIES:,} series over {MANY_EVENTS:,} events, {name}",
                ours=lambda: _report(large),
                floor=lambda: _report(small),
                floor_name=f"{FEW_SERIES} series",
            )
            earlier = timing.compare_times(
                f"the same of the month before, advised anew, {name}",
                ours=lambda: _report(large, _month().previous()),
                floor=lambda: _report(large),
                floor_name="the month under way",
            )
    return [same, many, earlier]


@contextmanager
def _filled(url: str, series_count: int, events: int) -> Iterator[Database]:
    """A ledger of two whole months whose rollups are written directly; no event is stored."""
    database = Database(url)
    database.migrate()
    label_sets = [_labels(number) for number in range(series_count)]
    days = range(_month().previous().touched_days.start, clock.day_of(clock.now_us()))
    with database.transaction() as session:
        ids = series.intern(session, set(label_sets), series_count)
        requests_per_day = events // len(days) // series_count
        hours = {
            (day * slots.PER_DAY + hour * slots.PER_HOUR, ids[labels]): _amounts(
                requests_per_day // 2
            )
            for day in days
            for hour in (0, 12)
            for labels in label_sets
        }
        rollups.add(session, usage.Sums(hours), clock.now_us(), SETTINGS.max_metric_sets)
    refresh.refresh(database, SETTINGS)
    yield database
    database.close()


def _labels(number: int) -> Labels:
    return traffic.labels(
        model=MODELS[number % len(MODELS)],
        project=f"project-{number // len(MODELS) % 50}",
        workload=f"workload-{number // len(MODELS) // 50}",
    )


def _amounts(requests: int) -> list[int]:
    amounts = [0] * len(usage.COLUMNS)
    for name, amount in {
        "requests": requests,
        "input_tokens": 1_000 * requests,
        "output_tokens": 100 * requests,
    }.items():
        amounts[usage.INDEX[name]] = amount
    return amounts


def _month() -> Month:
    return months.containing(clock.now_us(), SETTINGS.zone)


def _report(database: Database, month: Month | None = None) -> bytes:
    with database.snapshot() as session:
        built = report.build(session, SETTINGS, clock.now_us(), str(month) if month else None)
        return wire.encode(built)
