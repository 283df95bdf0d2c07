"""Nothing acknowledged is lost or counted twice, whatever is killed and whenever; and the harness would notice if it were."""

import pytest

from ledger.database import Database
from tests import servers
from tests.flow import clients, harness
from tests.flow.clients import Book
from tests.flow.conftest import Launch
from tests.flow.harness import Verdict
from worker import rollup

EMBEDDED = ("web", "web", "worker", "worker", "up")
"""Two kills in five hit the web process, two the worker, one the supervisor."""


def run_embedded(launch: Launch, kills: int, seed: int) -> Verdict:
    product, book = launch(["up"]), Book()
    senders = clients.start(product.port, book, 3, seed)
    done = harness.kill_under_load(product, EMBEDDED, kills, senders, seed)
    return settled(product, senders, book, done, f"sqlite:///{product.data / 'ledger.db'}")


def settled(product: harness.Product, senders: list[clients.Client], book: Book, kills: int, url: str) -> Verdict:
    database = Database(url)
    harness.settle(product, senders, database)
    verdict = harness.judge(database, book, kills)
    database.close()
    return verdict


def assert_kept(verdict: Verdict) -> None:
    assert (verdict.lost, verdict.double, verdict.healed) == (0, 0, 0)
    assert verdict.differences == {}
    assert verdict.findings == []
    assert verdict.acknowledged > 50 * verdict.kills


def test_the_embedded_product_keeps_its_promise_over_30_kills(launch: Launch) -> None:
    assert_kept(run_embedded(launch, 30, seed=1))


@pytest.mark.full
def test_the_embedded_product_keeps_its_promise_over_200_kills(launch: Launch) -> None:
    assert_kept(run_embedded(launch, 200, seed=2))


def test_a_collector_that_answers_before_it_commits_is_caught(launch: Launch) -> None:
    product, book = launch(["careless"]), Book()
    senders = clients.start(product.port, book, 3, seed=3)
    kills = harness.kill_under_load(product, ["careless"], 3, senders, seed=3)
    clients.finish(senders)
    product.stop()
    database = Database(f"sqlite:///{product.data / 'ledger.db'}")
    rollup.roll_up(database, max_metric_sets=400)
    verdict = harness.judge(database, book, kills)
    database.close()
    assert verdict.lost > 0


def run_production(launch: Launch, server: servers.Postgres, redis_url: str, kills: int, *, cluster: bool) -> Verdict:
    url = server.database()
    roles = ["collector", "worker-1", "worker-2", "beat"]
    product = launch(roles, SWITCHWISE_DATABASE_URL=url, SWITCHWISE_REDIS_URL=redis_url)
    book = Book()
    senders = clients.start(product.port, book, 3, seed=4)

    def crash() -> bool:
        server.kill()
        server.start()
        return True

    victims = ["collector", "worker-1", "worker-2", *(["cluster"] if cluster else [])]
    done = harness.kill_under_load(product, victims, kills, senders, 4, {"cluster": crash})
    return settled(product, senders, book, done, url)


def test_collectors_and_workers_on_postgresql_keep_the_promise_over_10_kills(
    launch: Launch, postgres_server: servers.Postgres, redis_server: servers.Redis
) -> None:
    assert_kept(run_production(launch, postgres_server, redis_server.url, 10, cluster=False))


@pytest.mark.full
def test_postgresql_keeps_the_promise_over_60_kills_of_its_cluster_too(
    launch: Launch, redis_server: servers.Redis
) -> None:
    with servers.Postgres() as server:
        assert_kept(run_production(launch, server, redis_server.url, 60, cluster=True))
