"""The monthly report over many more events: it reads statements, so it costs what its lines cost, on both databases."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from advisor import refresh
from advisor.publishing.api import wire
from advisor.report import report
from bench import measure
from ledger import clock, months, rollups, series, settings, usage
from ledger.database import Database
from ledger.events import Labels
from ledger.months import Month
from tests import servers

FEW_SERIES, MANY_SERIES = 40, 2_000
FEW_EVENTS, MANY_EVENTS = 1_000_000, 100_000_000
MODELS = ("gpt-4.1", "gpt-4.1-mini", "gpt-4o", "o3", "gpt-5")
SETTINGS = settings.Settings()


def run() -> list[measure.Result]:
    """The report of the last month and of the one before, and computing a month's statement from its days."""
    found: list[measure.Result] = []
    with tempfile.TemporaryDirectory() as folder, servers.Postgres() as postgres:
        for name, urls in {
            "SQLite": [f"sqlite:///{folder}/{number}.db" for number in range(3)],
            "PostgreSQL": [postgres.database() for _ in range(3)],
        }.items():
            found += _on(name, urls)
    return found


def _on(name: str, urls: list[str]) -> list[measure.Result]:
    with (
        _filled(urls[0], FEW_SERIES, FEW_EVENTS) as small,
        _filled(urls[1], FEW_SERIES, 10 * FEW_EVENTS) as tenfold,
    ):
        same = measure.times(
            f"report of {FEW_SERIES} series over {10 * FEW_EVENTS:,} events, {name}",
            lambda: _report(tenfold),
            lambda: _report(small),
            f"over {FEW_EVENTS:,} events",
        )
        with _filled(urls[2], MANY_SERIES, MANY_EVENTS) as large:
            many = measure.times(
                f"report of {MANY_SERIES:,} series over {MANY_EVENTS:,} events, {name}",
                lambda: _report(large),
                lambda: _report(small),
                f"{FEW_SERIES} series",
            )
            earlier = measure.times(
                f"the same of the month before, advised anew, {name}",
                lambda: _report(large, _month().previous()),
                lambda: _report(large),
                "the month under way",
            )
    return [same, many, earlier]


@contextmanager
def _filled(url: str, series_count: int, events: int) -> Iterator[Database]:
    """A ledger of two whole months whose rollups are written directly: no event is stored."""
    database = Database(url)
    database.migrate()
    labels = [_labels(number) for number in range(series_count)]
    days = range(_month().previous().touched_days.start, clock.day_of(clock.now_us()))
    with database.transaction() as session:
        ids = series.intern(session, set(labels), series_count)
        each_day = events // len(days) // series_count
        hours = {
            (day * 24 + hour, ids[label]): _amounts(each_day // 2)
            for day in days
            for hour in (0, 12)
            for label in labels
        }
        rollups.add(session, usage.Sums(hours), clock.now_us(), SETTINGS.max_metric_sets)
    refresh.refresh(database, SETTINGS)
    yield database
    database.close()


def _labels(number: int) -> Labels:
    return Labels(
        "bench",
        "openai",
        MODELS[number % len(MODELS)],
        "gpt-4.1",
        "standard",
        "standard",
        0,
        0,
        "provider",
        "success",
        f"project-{number // len(MODELS) % 50}",
        f"workload-{number // len(MODELS) // 50}",
        "key",
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
        found = report.build(session, SETTINGS, clock.now_us(), str(month) if month else None)
        return wire.encoded(wire.report_body(found))
