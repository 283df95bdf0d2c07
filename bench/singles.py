"""One event a request over 64 connections, each acknowledged after its durable commit.

Compared with the bare HTTP floor and a naive service. What is measured includes authentication,
limits, rejects by element, room, receipts and counters.
"""

from bench import load, serving, timing, traffic
from bench.floors import SqliteFloor
from bench.serving import Served
from bench.timing import ResultRow

CONNECTIONS = 64
ROUNDS = 3
OURS, BARE, NAIVE = 20_000, 30_000, 1_500
BARE_NAME = "raw ASGI + msgspec, stores nothing"
NAIVE_NAME = "FastAPI + SQLModel, a commit each"


def run() -> list[ResultRow]:
    """P1 to P4."""
    return [*_on_sqlite(), *_on_postgresql()]


def _on_sqlite() -> list[ResultRow]:
    with (
        serving.folder() as folder,
        serving.server("ours", f"sqlite:///{folder}/ledger.db") as ours,
        serving.server("floor") as bare,
        serving.server("naive", f"sqlite:///{folder}/naive.db") as naive,
    ):
        disk = SqliteFloor(folder / "bare.db")
        rounds = []
        for number in range(ROUNDS + 1):
            figures = (
                _ack(ours, "/v1/events", OURS, number),
                _ack(bare, "/", BARE, number),
                _ack(naive, "/events", NAIVE, number),
            )
            rounds.append((*figures, disk.commit_ms()))
        disk.close()
    mine, floor, simple, commits = zip(*rounds[1:], strict=True)  # the first is for warming up
    return [
        _rates("P1 single events acknowledged, SQLite FULL", mine, floor, BARE_NAME),
        _rates("P2 the same", mine, simple, NAIVE_NAME),
        timing.compare(
            "P4 p99 of an acknowledgement, SQLite",
            "ms",
            ours=[run.p99_ms for run in mine],
            floor=commits,
            floor_name="median of 50 bare commits",
        ),
    ]


def _on_postgresql() -> list[ResultRow]:
    with (
        serving.postgresql() as url,
        serving.server("ours", url) as ours,
        serving.server("floor") as bare,
    ):
        rounds = [
            (_ack(ours, "/v1/events", OURS, n), _ack(bare, "/", BARE, n)) for n in range(ROUNDS + 1)
        ]
    mine, floor = zip(*rounds[1:], strict=True)
    return [
        _rates("P3 single events acknowledged, PostgreSQL", mine, floor, BARE_NAME),
        timing.compare(
            "P4 p99 of an acknowledgement, PostgreSQL",
            "ms",
            ours=[run.p99_ms for run in mine],
            floor=[run.p99_ms for run in floor],
            floor_name=BARE_NAME,
        ),
    ]


def _ack(server: Served, path: str, count: int, round_number: int) -> load.Run:
    return load.drive(
        server.port,
        traffic.singles,
        (path, traffic.START_US, round_number * OURS, count),
        CONNECTIONS,
    )


def _rates(
    name: str, ours: tuple[load.Run, ...], floor: tuple[load.Run, ...], floor_name: str
) -> ResultRow:
    return timing.compare(
        name,
        "events/s",
        ours=[run.rate for run in ours],
        floor=[run.rate for run in floor],
        floor_name=floor_name,
    )
