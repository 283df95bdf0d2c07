"""Celery on a real Redis: wake-ups may be lost, doubled or late, and the figures are the same."""

from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import text

from ledger import clock
from ledger.database import Database
from tests import processes, servers
from tests.flow import clients, harness
from tests.flow.clients import Book
from tests.flow.conftest import Launch
from tests.flow.harness import Product

FRESH_SECONDS = 90.0
"""It takes 30 seconds on an idle machine and longer on a busy one; a hung worker never ends."""


@pytest.fixture
def broker() -> Iterator[servers.Redis]:
    """A Redis that the test may break. It forgets everything when it is killed."""
    with servers.Redis() as server:
        yield server


@pytest.fixture
def url(postgres_server: servers.Postgres, migrated_postgresql: str) -> str:
    """The address of a migrated PostgreSQL ledger without rows."""
    return postgres_server.database(migrated_postgresql)


def start(launch: Launch, url: str, broker: servers.Redis, *roles: str) -> Product:
    return launch(
        ["collector", *roles], SWITCHWISE_DATABASE_URL=url, SWITCHWISE_REDIS_URL=broker.url
    )


def wait_until_fresh(database: Database) -> None:
    """Wait until everything that was stored before now is rolled up."""
    now_us = clock.now_us()

    def fresh() -> bool:
        with database.snapshot() as session:
            oldest = session.execute(text("SELECT min(created_at) FROM intake")).scalar()
        return oldest is None or oldest > now_us

    processes.wait_until(fresh, "fresh rollups", FRESH_SECONDS)


def test_two_beats_and_two_workers_roll_up_each_event_once(
    launch: Launch, url: str, broker: servers.Redis
) -> None:
    product, book = start(launch, url, broker, "worker-1", "worker-2", "beat-1", "beat-2"), Book()
    senders = clients.start(product.port, book, 2, seed=5)
    database = Database(url)
    harness.kill_under_load(product, [], senders, kills=0, seed=5)
    wait_until_fresh(database)
    harness.settle(product, senders, database)
    verdict = harness.judge(database, book, kills=0)
    database.close()
    assert verdict.acknowledged > 0
    assert (verdict.differences, verdict.findings, verdict.healed) == ({}, [], 0)


def break_and_watch(launch: Launch, url: str, broker: servers.Redis, times: int) -> None:
    product, book = start(launch, url, broker, "worker", "beat"), Book()
    senders = clients.start(product.port, book, 2, seed=6)
    database = Database(url)
    harness.kill_under_load(product, [], senders, kills=0, seed=6)
    wait_until_fresh(database)
    workers = product.process_ids("worker")
    for _ in range(times):
        with redis.Redis.from_url(broker.url) as client:
            client.flushall()
        wait_until_fresh(database)
        broker.kill()
        broker.start()
        wait_until_fresh(database)
    harness.settle(product, senders, database)
    verdict = harness.judge(database, book, kills=times)
    database.close()
    assert product.process_ids("worker") == workers
    assert (verdict.lost, verdict.double, verdict.healed) == (0, 0, 0)
    assert (verdict.differences, verdict.findings) == ({}, [])


def test_a_flushed_and_a_killed_redis_stop_the_rollups_for_seconds_and_cost_nothing(
    launch: Launch, url: str, broker: servers.Redis
) -> None:
    break_and_watch(launch, url, broker, times=3)


@pytest.mark.full
def test_a_redis_that_dies_ten_times_costs_nothing(
    launch: Launch, url: str, broker: servers.Redis
) -> None:
    break_and_watch(launch, url, broker, times=10)
