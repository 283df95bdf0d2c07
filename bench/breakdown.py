"""Where each microsecond of one event goes: each step timed alone, and the server's total time."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import load, serving, traffic
from collector import bodies, ingest
from collector.formats import native
from collector.parsing.naming import Naming
from ledger import clock, events, store, usage
from ledger.database import Database

COUNT, GROUP, REPEATS = 2_000, 32, 5


@dataclass(frozen=True, slots=True)
class Step:
    """A step and its processor time in microseconds per event."""

    name: str
    us: float


def run() -> list[Step]:
    """The steps in order; the last is the total, the one before it what no other step explains."""
    posts = [
        json.dumps(traffic.event(number, traffic.START_US)).encode() for number in range(COUNT)
    ]
    naming, now_us = Naming(), clock.now_us()
    readings = [native.parse(post, naming) for post in posts]
    parsed_events = [reading for reading in readings if isinstance(reading, events.Event)]
    decoding = _us(posts, lambda post: native.parse_body(post, naming))
    reading = _us(posts, lambda post: bodies.read_small_body(post, native.FORMAT, naming))
    identity = _us(
        parsed_events, lambda event: (events.key_of(event), events.fingerprint_of(event))
    )
    tally = usage.Tally()
    sums = _us(parsed_events, lambda event: tally.add(event, 1))
    fault = _us(parsed_events, lambda event: events.fault_of(event, now_us))
    with serving.folder() as folder:
        database = Database(f"sqlite:///{folder}/ledger.db")
        database.migrate()
        storing = _storing_us(database, parsed_events)
        database.close()
        total = _total_us(f"sqlite:///{folder}/served.db")
    return [
        Step("decode, check that every field was read, labels, time", decoding),
        Step("checks of the event, list of readings", reading - decoding),
        Step("of which range checks", fault),
        Step("identity and fingerprint", identity),
        Step("sums for the intake row", sums),
        Step(
            f"rows, statements and commit, in groups of {GROUP} (SQLite's own time included)",
            storing - identity - sums,
        ),
        Step(
            "HTTP, queue, receipt, answer, system calls, handing over between threads",
            total - reading - storing,
        ),
        Step("the whole server process, 64 connections", total),
    ]


def _us(inputs: Sequence[object], work: Callable[..., object]) -> float:
    best = min(_thread_seconds(lambda: [work(one) for one in inputs]) for _ in range(REPEATS))
    return 1e6 * best / len(inputs)


def _thread_seconds(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def _storing_us(database: Database, parsed_events: list[events.Event]) -> float:
    memory = store.Memory()
    groups = [parsed_events[start : start + GROUP] for start in range(0, len(parsed_events), GROUP)]

    def store_all() -> None:
        for group in groups:
            ingest.commit_group(database, group, max_series=1_000, memory=memory)

    return 1e6 * _thread_seconds(store_all) / len(parsed_events)


def _total_us(url: str) -> float:
    with serving.server("ours", url) as server:
        for first, count in ((0, 2_000), (2_000, 20_000)):
            before = server.cpu_seconds()
            load.drive(
                server.port, traffic.singles, ("/v1/events", traffic.START_US, first, count), 64
            )
            used = server.cpu_seconds() - before
    return 1e6 * used / count
