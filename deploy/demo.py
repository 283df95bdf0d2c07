"""The demo: both sample traces, stretched from an hour to a day, replayed into the 28 closed days before the first start."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from rich.console import Console

from advisor import refresh
from advisor.report import report
from cli import progress
from cli.text import report_text
from collector.formats import trace_csv
from collector.formats.reading import Naming
from deploy import process
from ledger import clock, facts, logs, rollups, settings, store
from ledger.database import Database
from ledger.errors import SwitchwiseError
from ledger.events import Event
from ledger.settings import Settings

SOURCE = "demo"
MODEL, PROVIDER = "gpt-4.1", "openai"
DAYS = 28
STRETCH = 24
"""An hour of trace becomes a day."""
FIRST_DAY, REPLAYED = "demo_first_day", "demo_replayed"
EVENTS_A_TRANSACTION = 5_000
_POLL_SECONDS = 0.3
_SAMPLE = Path(__file__).parent / "sample"


@dataclass(frozen=True, slots=True)
class Trace:
    """A shipped trace and the project and workload that it is replayed as."""

    file: str
    project: str
    workload: str


TRACES = (
    Trace("azure-llm-2023-conversation.csv", "support-chat", "chat"),
    Trace("azure-llm-2023-code.csv", "code-assistant", "code-completion"),
)


def replay(database: Database, chosen: Settings, show: progress.Show) -> int:
    """Replay what is missing of the 28 days; how many events were new. The first day is kept, so a restart adds nothing."""
    with database.transaction() as session:
        first_day = facts.get(session, FIRST_DAY)
        if facts.get(session, REPLAYED) == first_day is not None:
            return 0
        if first_day is None:
            first_day = str(clock.day_of(clock.now_us()) - DAYS)
            facts.put(session, FIRST_DAY, first_day)
            facts.put(
                session, facts.SAMPLE_PROJECTS, json.dumps([trace.project for trace in TRACES])
            )
    hours = [hour for trace in TRACES for hour in _hour(trace)]
    days = range(int(first_day), int(first_day) + DAYS)
    database.prepare_days(days)
    accepted = done = 0
    for day in reversed(days):
        for start in range(0, len(hours), EVENTS_A_TRANSACTION):
            group = [_moved(event, day) for event in hours[start : start + EVENTS_A_TRANSACTION]]
            with database.transaction() as session:
                outcomes = store.add(
                    session, group, now_us=clock.now_us(), max_series=chosen.max_series
                )
            accepted += outcomes.count(store.Outcome.ACCEPTED)
            done += len(group)
            show(done, len(hours) * DAYS)
    with database.transaction() as session:
        facts.put(session, REPLAYED, first_day)
    return accepted


def _hour(trace: Trace) -> Iterator[Event]:
    """The events of a trace as microseconds since its first, stretched to a day."""
    text = (_SAMPLE / trace.file).read_text()
    naming = Naming(
        namespace=SOURCE,
        project=trace.project,
        workload=trace.workload,
        provider=PROVIDER,
        model=MODEL,
    )
    digest = sha256(text.encode()).hexdigest()
    first_us: int | None = None
    for number, line in enumerate(text.splitlines()[1:], start=2):
        event = trace_csv.parse_line(line, number, digest, naming)
        if not isinstance(event, Event):
            raise SwitchwiseError(
                f"line {number} of the sample {trace.file} is damaged: {event.reason}; install again"
            )
        first_us = event.occurred_at if first_us is None else first_us
        yield _with(event, occurred_at=(event.occurred_at - first_us) * STRETCH)


def _moved(event: Event, day: int) -> Event:
    """An event of the stretched hour on a day. The traces are older than prompt caching: nothing was cached."""
    return _with(
        event,
        occurred_at=event.occurred_at + day * clock.DAY_US,
        dedupe_key=f"{event.dedupe_key}:{day}",
    )


def _with(event: Event, *, occurred_at: int, dedupe_key: str | None = None) -> Event:
    return Event(
        dedupe_key or event.dedupe_key,
        occurred_at,
        event.labels,
        event.input_tokens,
        0,
        event.cache_write_input_tokens,
        event.output_tokens,
        0,
    )


def main() -> int:
    """Replay the demo, wait until it is rolled up, and print the report; the exit status. Started by the supervisor."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--address", required=True)
    given = parser.parse_args()
    process.end_with(given.parent)
    try:
        chosen = settings.load()
        logs.configure(chosen.log_level)
        database = Database(chosen.database)
        database.migrate()
        with progress.bar("Replaying 28 days of sample traffic") as show:
            replay(database, chosen, show)
        _print_report(database, chosen, given.address)
        database.close()
    except SwitchwiseError as error:
        sys.stderr.write(f"switchwise: {error}\n")
        return error.exit_code
    return 0


def _print_report(database: Database, chosen: Settings, address: str) -> None:
    """Print the report as soon as the worker has brought it up to date."""
    while True:
        with database.snapshot() as session:
            waiting, _ = rollups.pending_count(session)
            found = report.build(session, chosen, clock.now_us())
            if not waiting and found.total.requests and refresh.is_current(session, chosen):
                break
        time.sleep(_POLL_SECONDS)
    console = Console(highlight=False)
    report_text.show(console, found)
    console.print(
        f"\nThe page is at {address}/ and the metrics at {address}/metrics. Ctrl-C stops it.",
        soft_wrap=True,
    )


if __name__ == "__main__":
    sys.exit(main())
