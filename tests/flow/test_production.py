"""The production form: each command of the compose file on real servers.

The servers are PostgreSQL, Redis and Prometheus.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import processes, servers
from tests.flow import production
from tests.flow.production import ComposePrometheus, Production

EVENTS = [
    {
        "id": str(number),
        "time": f"2026-10-{1 + number % 28:02}T10:00:00Z",
        "provider": "openai",
        "model": "gpt-4.1",
        "project": "search",
        "workload": "answers",
        "input_tokens": 1_000,
        "output_tokens": 200,
    }
    for number in range(60)
]
MONTH = "2026-10"


@pytest.fixture(scope="module")
def running(postgres_server: servers.Postgres, redis_server: servers.Redis) -> Iterator[Production]:
    """Every service of ours, started in compose's order: init to its end, then the others."""
    url = postgres_server.database()
    product = Production(processes.scratch_folder("production"), url, redis_server.url)
    try:
        assert product.start("init").wait(60) == 0, product.log("init")
        for service in production.LASTING:
            product.start(service)
        for service in product.ports:
            product.wait_until_ready(service)
        yield product
    finally:
        product.destroy()
        shutil.rmtree(product.folder)
        postgres_server.drop(url)


def bearer(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def stored_requests(product: Production) -> int:
    """The requests in the month's statement, as the API shows it."""
    answer = httpx.get(
        product.url("advisor", "/api/v1/report"),
        params={"month": MONTH},
        headers=bearer(product.key("admin")),
    )
    return int(answer.json()["total"]["requests"]) if answer.is_success else 0


def test_init_makes_three_keys_that_only_their_readers_may_read_and_writes_the_dashboards(
    running: Production,
) -> None:
    modes = {
        path.name: path.stat().st_mode & 0o777 for path in (running.folder / "keys").rglob("*.key")
    }
    assert modes == {"ingest.key": 0o600, "admin.key": 0o600, "scrape.key": 0o644}
    assert [
        json.loads(path.read_text())["uid"] for path in (running.folder / "dashboards").iterdir()
    ]
    texts = [running.key(name) for name in ("ingest", "admin", "prometheus/scrape")]
    assert not [text for text in texts if text in running.log("init")]


def test_a_second_init_changes_nothing(running: Production) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (running.folder / "keys").rglob("*.key")}

    before = files()
    again = running.run("init", *production.COMPOSE["services"]["init"]["command"])
    assert (again.returncode, files()) == (0, before)
    assert "The API keys exist" in again.stdout
    assert len(
        json.loads(running.run("init", "switchwise", "keys", "list", "--json").stdout)
    ) == len(before)


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("sw_no", 401), ("prometheus/scrape", 403), ("ingest", 200)]
)
def test_the_collector_takes_events_from_the_ingest_key_alone(
    running: Production, key: str | None, status: int
) -> None:
    text = running.key(key) if key and "_" not in key else key
    answer = httpx.post(running.url("collector", "/v1/events"), json=EVENTS, headers=bearer(text))
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("service", ["collector", "advisor"])
def test_metrics_are_shown_to_the_scrape_key_alone(running: Production, service: str) -> None:
    address = running.url(service, "/metrics")
    keys = (None, running.key("ingest"), running.key("prometheus/scrape"))
    statuses = [httpx.get(address, headers=bearer(key)).status_code for key in keys]
    assert statuses == [401, 403, 200]


def test_worker_and_beat_turn_what_was_posted_into_a_report_that_api_and_command_line_agree_on(
    running: Production,
) -> None:
    posted = httpx.post(
        running.url("collector", "/v1/events"), json=EVENTS, headers=bearer(running.key("ingest"))
    )
    assert posted.is_success
    processes.wait_until(
        lambda: stored_requests(running) == len(EVENTS), "the report of what was posted"
    )
    address, key = (
        running.url("advisor", f"/api/v1/report?month={MONTH}"),
        bearer(running.key("admin")),
    )
    printed = running.run("advisor", "switchwise", "report", "--month", MONTH, "--json")
    report = httpx.get(address, headers=key).json()
    assert json.loads(printed.stdout) == report
    assert report["total"]["cost_usd"] == "0.216"


def test_prometheus_scrapes_both_services_with_its_own_key(running: Production) -> None:
    key = running.folder / "keys" / "prometheus" / "scrape.key"
    httpx.post(
        running.url("collector", "/v1/events"), json=EVENTS, headers=bearer(running.key("ingest"))
    )
    with ComposePrometheus(key, running.ports) as prometheus:

        def up() -> dict[str, str]:
            return {sample.labels["job"]: sample.value_text for sample in prometheus.query("up")}

        processes.wait_until(lambda: set(up().values()) == {"1"} and len(up()) == 2, "both targets")
        assert up() == {"switchwise-advisor": "1", "switchwise-collector": "1"}
        counted = f"sum(switchwise_requests_total) == {len(EVENTS)}"
        processes.wait_until(lambda: bool(prometheus.query(counted)), "the requests in Prometheus")
        assert prometheus.query("switchwise_ingest_bytes_total{job='switchwise-collector'} > 0")


@pytest.mark.parametrize("service", production.LASTING)
def test_the_health_check_of_each_service_passes(running: Production, service: str) -> None:
    processes.wait_until(lambda: running.is_healthy(service), f"the health of {service}")


def test_told_to_stop_every_service_ends_well_and_leaves_no_process(running: Production) -> None:
    assert len(running.census()) >= len(production.LASTING)
    assert running.stop() == dict.fromkeys(["init", *production.LASTING], 0)
    assert running.census() == []
    for service in production.LASTING:
        assert "Traceback" not in running.log(service)
        assert '"level": "error"' not in running.log(service)
