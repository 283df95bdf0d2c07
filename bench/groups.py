"""Posts of 500 events over 8 connections, each acknowledged after its durable commit: against what the databases can do at
best, compressed against plain, and sent a second time against the first.
"""

from contextlib import ExitStack

from bench import load, measure, serving, traffic
from bench.floors import GROUP, PostgresFloor, SqliteFloor
from bench.measure import Result
from bench.serving import Served

CONNECTIONS = 8
ROUNDS = 3
POSTS = 60


def run() -> list[Result]:
    """P5, P6, P7 and P9."""
    return [*_on("SQLite"), *_on("PostgreSQL")]


def _on(database: str) -> list[Result]:
    with ExitStack() as stack:
        folder = stack.enter_context(serving.folder())
        floor: SqliteFloor | PostgresFloor
        if database == "SQLite":
            url, floor = f"sqlite:///{folder}/ledger.db", SqliteFloor(folder / "bare.db")
        else:
            url = stack.enter_context(serving.postgresql())
            floor = PostgresFloor(url)
        stack.callback(floor.close)
        ours = stack.enter_context(serving.server("ours", url))
        rounds = []
        for number in range(ROUNDS + 1):
            first = 2 * number * POSTS * GROUP
            fresh, bare = _ack(ours, first, "array"), floor.rows_a_second(POSTS)
            again, zipped = _ack(ours, first, "array"), _ack(ours, first + POSTS * GROUP, "gzip")
            rounds.append((fresh, bare, again, zipped))
    fresh_rates, floor_rates, again_rates, zipped_rates = zip(
        *rounds[1:], strict=True
    )  # the first is for warming up
    target, way = (
        ("P5", "bare executemany, no index")
        if database == "SQLite"
        else ("P6", "bare binary COPY, no index")
    )
    return [
        measure.compared(
            f"{target} posts of 500, {database}", "events/s", fresh_rates, floor_rates, way
        ),
        measure.compared(
            f"P7 the same as gzip lines, {database}", "events/s", zipped_rates, fresh_rates, "plain"
        ),
        measure.compared(
            f"P9 the same again, {database}", "events/s", again_rates, fresh_rates, "fresh"
        ),
    ]


def _ack(server: Served, first: int, packing: str) -> float:
    arguments = ("/v1/events", traffic.START_US, first, POSTS, GROUP, packing)
    return GROUP * load.drive(server.port, traffic.batches, arguments, CONNECTIONS).rate
