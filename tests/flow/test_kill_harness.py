"""Nothing acknowledged is lost or counted twice, whatever is killed.

The harness notices a collector that breaks this promise.
"""

import json
import math
import os
import random
import signal
import time
from pathlib import Path

import pysqlite3.dbapi2 as sqlite3
import pytest
from sqlalchemy import text

from collector.formats import native
from collector.parsing.naming import Naming
from ledger import clock, events
from ledger.database import Database
from ledger.events import Event
from tests import processes, servers
from tests.flow import clients, harness
from tests.flow.clients import Book
from tests.flow.conftest import Launch
from tests.flow.harness import Product, Verdict
from worker import rollup

EMBEDDED = ("web", "web", "worker", "rollup", "up")
"""Of five kills two hit the web process, two the worker, one in a rollup, one the supervisor."""
BACKLOG_SECONDS = 0.6


def run_embedded(
    launch: Launch,
    kills: int,
    seed: int,
    seconds: float = math.inf,
    kind: type[clients.Client] = clients.Client,
) -> Verdict:
    product, book = launch(["up"]), Book()
    senders = clients.start(product.port, book, 3, seed, kind)
    rollups = RollupKiller(product, seed)
    killed = harness.kill_under_load(
        product,
        EMBEDDED,
        senders,
        kills=kills,
        seed=seed,
        others={"rollup": rollups.kill},
        seconds=seconds,
    )
    return settled(product, senders, book, kills=killed, url=rollups.url)


class RollupKiller:
    """Kills the worker while it rolls up.

    The worker is stopped first, so that its next rollup has enough work to be hit.
    """

    def __init__(self, product: Product, seed: int) -> None:
        self.url = f"sqlite:///{product.data / 'ledger.db'}"
        self._product = product
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose
        self._killed_at_us = 0

    def kill(self) -> bool:
        """Wait for a rollup of the worker, then kill it in the next one; False without a worker."""
        database = Database(self.url)
        processes.wait_until(
            lambda: self._has_rolled_up(database), "a rollup after a kill", harness.SETTLE_SECONDS
        )
        database.close()
        for worker in self._product.process_ids("worker"):
            os.kill(worker, signal.SIGSTOP)
            time.sleep(BACKLOG_SECONDS)
            os.kill(worker, signal.SIGCONT)
            time.sleep(self._random.uniform(0, 0.08))
        self._killed_at_us = clock.now_us()
        return self._product.kill("worker")

    def _has_rolled_up(self, database: Database) -> bool:
        self._product.tend()
        with database.snapshot() as session:
            last_at_us = session.execute(text("SELECT max(last_written_at) FROM day")).scalar() or 0
        return last_at_us > self._killed_at_us


def settled(
    product: Product, senders: list[clients.Client], book: Book, *, kills: int, url: str
) -> Verdict:
    database = Database(url)
    harness.settle(product, senders, database)
    verdict = harness.judge(database, book, kills)
    assert_stands_at_largest(database, book)
    database.close()
    return verdict


def assert_stands_at_largest(database: Database, book: Book) -> None:
    """Each record and its meters are stored as the largest snapshot that was acknowledged."""
    query = """
        SELECT e.key, e.input_tokens, e.output_tokens, m.quantity
        FROM event e LEFT JOIN event_meter m ON m.day = e.day AND m.key = e.key
    """
    with database.snapshot() as session:
        rows = session.execute(text(query)).all()
    stored = {bytes(key): tuple(amounts) for key, *amounts in rows}
    assert len(stored) == len(rows)
    assert stored == dict(map(stored_form, book.records.values()))


def stored_form(record: clients.Record) -> tuple[bytes, tuple[int | None, ...]]:
    event = native.parse(json.dumps(record).encode(), Naming())
    assert isinstance(event, Event)
    searches = dict(event.meters).get("web_searches")
    return events.key_of(event), (event.input_tokens, event.output_tokens, searches)


def assert_kept(verdict: Verdict) -> None:
    assert (verdict.lost, verdict.double, verdict.healed) == (0, 0, 0)
    assert verdict.differences == {}
    assert verdict.findings == []
    assert verdict.acknowledged > 50 * verdict.kills


def test_the_embedded_product_keeps_its_promise_over_30_kills_or_those_of_half_a_minute(
    launch: Launch,
) -> None:
    verdict = run_embedded(launch, 30, seed=1, seconds=30)
    assert verdict.kills >= harness.FEWEST_KILLS
    assert_kept(verdict)


def test_records_that_grow_stand_at_their_largest_snapshot_over_8_kills(launch: Launch) -> None:
    verdict = run_embedded(launch, 8, seed=5, seconds=15, kind=clients.GrowingClient)
    assert verdict.kills >= harness.FEWEST_KILLS
    assert_kept(verdict)


@pytest.mark.full
def test_records_that_grow_stand_at_their_largest_snapshot_over_100_kills(launch: Launch) -> None:
    assert_kept(run_embedded(launch, 100, seed=6, kind=clients.GrowingClient))


@pytest.mark.full
def test_the_embedded_product_keeps_its_promise_over_200_kills(launch: Launch) -> None:
    assert_kept(run_embedded(launch, 200, seed=2))


def test_a_collector_that_answers_before_it_commits_is_caught(launch: Launch) -> None:
    product, book = launch(["careless"]), Book()
    senders = clients.start(product.port, book, 3, seed=3)
    kills = harness.kill_under_load(product, ["careless"], senders, kills=3, seed=3)
    clients.finish(senders)
    product.stop()
    database = Database(f"sqlite:///{product.data / 'ledger.db'}")
    rollup.roll_up(database, max_metric_sets=400)
    verdict = harness.judge(database, book, kills)
    database.close()
    assert verdict.lost > 0


def run_production(
    launch: Launch,
    server: servers.Postgres,
    redis_url: str,
    kills: int,
    *,
    cluster: bool,
    seconds: float = math.inf,
    spool: Path | None = None,
    kind: type[clients.Client] = clients.Client,
) -> Verdict:
    url = server.database()
    roles = ["collector", "worker-1", "worker-2", "beat"]
    spooling = {"SWITCHWISE_SPOOL_DIR": str(spool)} if spool else {}
    product = launch(roles, SWITCHWISE_DATABASE_URL=url, SWITCHWISE_REDIS_URL=redis_url, **spooling)
    book = Book()
    senders = clients.start(product.port, book, 3, 4, kind)

    def crash() -> bool:
        server.kill()
        if spool:
            before = book.spooled
            processes.wait_until(
                lambda: spooled_since(before), "an answer from the spool", harness.SETTLE_SECONDS
            )
        server.start()
        return True

    def spooled_since(before: int) -> bool:
        product.tend()
        return book.spooled > before

    victims = ["collector", *(["cluster"] if cluster else [])]
    if not spool:
        victims += ["worker-1", "worker-2"]
    killed = harness.kill_under_load(
        product,
        victims,
        senders,
        kills=kills,
        seed=4,
        others={"cluster": crash},
        seconds=seconds,
    )
    if spool:
        clients.finish(senders)
        processes.wait_until(
            lambda: waiting_in(spool) == 0, "an empty spool", harness.SETTLE_SECONDS
        )
        assert book.spooled > 0
    return settled(product, senders, book, kills=killed, url=url)


def waiting_in(spool: Path) -> int:
    """The groups that wait in a spool."""
    connection = sqlite3.connect(f"file:{spool / 'spool.db'}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM spooled").fetchone()[0])
    finally:
        connection.close()


def test_collectors_and_workers_on_postgresql_keep_the_promise_for_10_kills_or_half_a_minute(
    launch: Launch, postgres_server: servers.Postgres, redis_server: servers.Redis
) -> None:
    verdict = run_production(
        launch, postgres_server, redis_server.url, 10, cluster=False, seconds=30
    )
    assert verdict.kills >= harness.FEWEST_KILLS
    assert_kept(verdict)


def test_records_that_grow_on_postgresql_stand_at_their_largest_snapshot_over_6_kills(
    launch: Launch, postgres_server: servers.Postgres, redis_server: servers.Redis
) -> None:
    verdict = run_production(
        launch,
        postgres_server,
        redis_server.url,
        6,
        cluster=False,
        seconds=15,
        kind=clients.GrowingClient,
    )
    assert verdict.kills >= harness.FEWEST_KILLS
    assert_kept(verdict)


@pytest.mark.full
def test_records_that_grow_on_postgresql_stand_at_their_largest_over_60_kills_of_its_cluster_too(
    launch: Launch, redis_server: servers.Redis
) -> None:
    with servers.Postgres() as server:
        assert_kept(
            run_production(
                launch, server, redis_server.url, 60, cluster=True, kind=clients.GrowingClient
            )
        )


@pytest.mark.full
def test_postgresql_keeps_the_promise_over_60_kills_of_its_cluster_too(
    launch: Launch, redis_server: servers.Redis
) -> None:
    with servers.Postgres() as server:
        assert_kept(run_production(launch, server, redis_server.url, 60, cluster=True))


def test_with_a_spool_a_cluster_that_is_killed_costs_no_acknowledged_event(
    launch: Launch, redis_server: servers.Redis, tmp_path: Path
) -> None:
    with servers.Postgres() as server:
        verdict = run_production(
            launch, server, redis_server.url, 12, cluster=True, seconds=20, spool=tmp_path
        )
    assert_kept(verdict)


@pytest.mark.full
def test_with_a_spool_60_kills_of_collectors_and_their_cluster_cost_no_acknowledged_event(
    launch: Launch, redis_server: servers.Redis, tmp_path: Path
) -> None:
    with servers.Postgres() as server:
        assert_kept(
            run_production(launch, server, redis_server.url, 60, cluster=True, spool=tmp_path)
        )
