"""The demo's traffic: both sample traces, each hour stretched to a day, replayed into 28 days."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from advisor import refresh
from advisor.months import statement_store
from advisor.report import report
from advisor.report.figures import Report
from collector.files import Progress
from collector.formats import trace_csv
from collector.parsing.naming import Naming
from ledger import clock, facts, rollups, store
from ledger.database import Database
from ledger.errors import SwitchwiseError
from ledger.events import Event
from ledger.outcomes import Outcome
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


def replay(database: Database, settings: Settings, progress: Progress) -> int:
    """Replay what is missing of the 28 days; how many events were new.

    The first day is stored, so a restart goes on with the same days, and adds nothing once all are
    there. `progress` takes the events replayed so far and the events in all.
    """
    first_day = _first_day_to_replay(database)
    if first_day is None:
        return 0
    stretched = [event for trace in TRACES for event in _stretched(trace)]
    days = range(first_day, first_day + DAYS)
    database.prepare_days(days)
    accepted = finished = 0
    for day in reversed(days):
        for start in range(0, len(stretched), EVENTS_A_TRANSACTION):
            group = [
                _moved(event, day) for event in stretched[start : start + EVENTS_A_TRANSACTION]
            ]
            with database.transaction() as session:
                outcomes = store.add(
                    session, group, now_us=clock.now_us(), max_series=settings.max_series
                )
            accepted += outcomes.count(Outcome.ACCEPTED)
            finished += len(group)
            progress(finished, len(stretched) * DAYS)
    with database.transaction() as session:
        facts.put(session, REPLAYED, str(first_day))
    return accepted


def wait_for_report(database: Database, settings: Settings) -> Report:
    """The report of the latest month with traffic, as soon as the worker has brought it up to date.

    The sample ends with yesterday, so on the first of a month that is the month before.
    """
    while True:
        with database.snapshot() as session:
            waiting, _ = rollups.count_pending(session, clock.now_us())
            months = statement_store.month_names(session)
            if months and not waiting and refresh.is_current(session, settings):
                return report.build(session, settings, clock.now_us(), months[-1])
        time.sleep(_POLL_SECONDS)


def _first_day_to_replay(database: Database) -> int | None:
    """The first of the demo's days, chosen at the first start; None once all are replayed."""
    with database.transaction() as session:
        first_day = facts.get(session, FIRST_DAY)
        if first_day is not None and facts.get(session, REPLAYED) == first_day:
            return None
        if first_day is None:
            first_day = str(clock.day_of(clock.now_us()) - DAYS)
            facts.put(session, FIRST_DAY, first_day)
            facts.put(
                session, facts.SAMPLE_PROJECTS, json.dumps([trace.project for trace in TRACES])
            )
    return int(first_day)


def _stretched(trace: Trace) -> Iterator[Event]:
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
        event = trace_csv.parse_line(line, naming, line_number=number, file_sha256=digest)
        if not isinstance(event, Event):
            raise SwitchwiseError(
                f"line {number} of the sample {trace.file} is damaged: {event.reason};"
                " install Switchwise again"
            )
        first_us = event.occurred_at if first_us is None else first_us
        # The traces are older than prompt caching and reasoning: there was neither.
        yield msgspec.structs.replace(
            event,
            occurred_at=(event.occurred_at - first_us) * STRETCH,
            cached_input_tokens=0,
            reasoning_tokens=0,
        )


def _moved(event: Event, day: int) -> Event:
    """An event of the stretched hour on a day."""
    return msgspec.structs.replace(
        event,
        occurred_at=event.occurred_at + day * clock.DAY_US,
        dedupe_key=f"{event.dedupe_key}:{day}",
    )
