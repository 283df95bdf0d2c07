"""Posts of 500 events over 8 connections, each acknowledged after its durable commit.

Compared with what the databases can do at best, compressed with plain, and sent twice with once.
"""

from contextlib import ExitStack

from bench import load, serving, timing, traffic
from bench.floors import GROUP, PostgresFloor, SqliteFloor
from bench.serving import Served
from bench.timing import ResultRow

CONNECTIONS = 8
ROUNDS = 3
POSTS = 60


def run() -> list[ResultRow]:
    """P5, P6, P7 and P9."""
    return [*_on("SQLite"), *_on("PostgreSQL")]


def _on(database: str) -> list[ResultRow]:
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
    # The first round is for warming up.
    fresh_rates, floor_rates, again_rates, zipped_rates = zip(*rounds[1:], strict=True)
    target, way = (
        ("P5", "bare executemany, no index")
        if database == "SQLite"
        else ("P6", "bare binary COPY, no index")
    )
    return [
        timing.compare(
            f"{target} posts of 500, {database}",
            "events/s",
            ours=fresh_rates,
            floor=floor_rates,
            floor_name=way,
        ),
        timing.compare(
            f"P7 the same as gzip lines, {database}",
            "events/s",
            ours=zipped_rates,
            floor=fresh_rates,
            floor_name="plain",
        ),
        timing.compare(
            f"P9 the same again, {database}",
            "events/s",
            ours=again_rates,
            floor=fresh_rates,
            floor_name="fresh",
        ),
    ]


def _ack(server: Served, first: int, packing: str) -> float:
    arguments = ("/v1/events", traffic.START_US, first, POSTS, GROUP, packing)
    return GROUP * load.drive(server.port, traffic.batches, arguments, CONNECTIONS).rate
