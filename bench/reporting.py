"""The monthly report over ten times the events: it reads statements, so it should cost the same."""

import tempfile

from advisor import refresh, report, wire
from bench import measure
from ledger import clock, settings, store
from ledger.database import Database
from ledger.events import Event, Labels
from worker import rollup

SERIES, EVENTS = 40, 20_000
SETTINGS = settings.Settings()


def run() -> list[measure.Result]:
    """The report of a month with 40 series, over N and over 10 N events."""
    with tempfile.TemporaryDirectory() as folder:
        many, few = (_filled(f"sqlite:///{folder}/{count}.db", count) for count in (10 * EVENTS, EVENTS))
        result = measure.times(
            f"report over {10 * EVENTS:,} events, SQLite",
            lambda: _report(many),
            lambda: _report(few),
            f"over {EVENTS:,} events",
        )
        many.close()
        few.close()
    return [result]


def _filled(url: str, count: int) -> Database:
    database = Database(url)
    database.migrate()
    now_us = clock.now_us()
    for start in range(0, count, 5_000):
        group = [_event(number, now_us) for number in range(start, start + 5_000)]
        with database.transaction() as session:
            store.add(session, group, now_us=now_us, max_series=1_000)
    rollup.roll_up(database, SETTINGS.max_metric_sets)
    refresh.refresh(database, SETTINGS)
    return database


def _event(number: int, now_us: int) -> Event:
    labels = Labels(
        "bench", "openai", "gpt-4.1", "gpt-4.1", "standard", "standard", 0, 0, "provider", "success",
        f"project-{number % SERIES}", "chat", "key",
    )  # fmt: skip
    return Event(f"bench:{number}", now_us - number * 1_000, labels, 1_000, 0, None, 100, 0)


def _report(database: Database) -> bytes:
    with database.snapshot() as session:
        return wire.encoded(wire.report_body(report.build(session, SETTINGS, clock.now_us())))
