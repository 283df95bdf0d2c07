"""Where each microsecond of one event goes: the steps of a request of one event timed alone, and the server's whole time."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import load, serving, traffic
from collector import bodies, ingest
from collector.bodies import Limits, Reader
from collector.formats import native
from collector.parsing.naming import Naming
from ledger import clock, events, store, usage
from ledger.database import Database

COUNT, GROUP, REPEATS = 2_000, 32, 5
_READER = Reader(
    Limits(1 << 20, 1 << 20, 10_000), native.parse, native.parse_whole, native.unknown_fields
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step and its processor time in microseconds an event."""

    name: str
    us: float


def run() -> list[Step]:
    """The steps in order; the last is the whole, and the one before what no other step explains."""
    bodies_sent = [
        json.dumps(traffic.event(number, traffic.START_US)).encode() for number in range(COUNT)
    ]
    naming, now_us = Naming(), clock.now_us()
    read = [
        found
        for body in bodies_sent
        if isinstance(found := native.parse(body, naming), events.Event)
    ]
    decoding = _us(bodies_sent, lambda body: native.parse_whole(body, naming))
    reading = _us(bodies_sent, lambda body: bodies.read_whole(body, _READER, naming))
    identity = _us(read, lambda event: (events.key_of(event), events.fingerprint_of(event)))
    tally = usage.Tally()
    sums = _us(read, lambda event: tally.add(event, 1))
    fault = _us(read, lambda event: events.fault_of(event, now_us))
    with serving.folder() as folder:
        database = Database(f"sqlite:///{folder}/ledger.db")
        database.migrate()
        storing = _storing_us(database, read)
        database.close()
        whole = _whole_us(f"sqlite:///{folder}/served.db")
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
            whole - reading - storing,
        ),
        Step("the whole server process, 64 connections", whole),
    ]


def _us(values: Sequence[object], work: Callable[..., object]) -> float:
    best = min(_thread_seconds(lambda: [work(value) for value in values]) for _ in range(REPEATS))
    return 1e6 * best / len(values)


def _thread_seconds(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def _storing_us(database: Database, read: list[events.Event]) -> float:
    memory = store.Memory()
    groups = [read[start : start + GROUP] for start in range(0, len(read), GROUP)]

    def store_all() -> None:
        for group in groups:
            ingest.commit_group(database, group, max_series=1_000, memory=memory)

    return 1e6 * _thread_seconds(store_all) / len(read)


def _whole_us(url: str) -> float:
    with serving.server("ours", url) as server:
        for first, count in ((0, 2_000), (2_000, 20_000)):
            before = server.cpu_seconds()
            load.drive(
                server.port, traffic.singles, ("/v1/events", traffic.START_US, first, count), 64
            )
            used = server.cpu_seconds() - before
    return 1e6 * used / count
