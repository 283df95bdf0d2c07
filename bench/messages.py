"""What goes through the broker while events come in: regular wake-ups, not a message an event."""

import tempfile
from pathlib import Path

import httpx
import redis

from bench import load, timing, traffic
from bench.timing import ResultRow
from tests import processes, servers
from tests.flow.harness import Product

POSTS, GROUP, CONNECTIONS = 400, 500, 4
EVENTS = 10_000


def run() -> list[ResultRow]:
    """P16, with a collector, a worker and beat as in production."""
    with (
        servers.Postgres(on_disk=True) as postgres,
        servers.Redis() as broker,
        tempfile.TemporaryDirectory() as folder,
    ):
        data = Path(folder) / "data"
        data.mkdir()
        environment = {
            "SWITCHWISE_DATABASE_URL": postgres.database(),
            "SWITCHWISE_REDIS_URL": broker.url,
        }
        product = Product(data, processes.free_port(), ["collector", "worker", "beat"], environment)
        product.tend()
        try:
            processes.wait_until(lambda: _is_ready(product.port), "a collector that is ready")
            with redis.Redis.from_url(broker.url) as client:
                client.config_resetstat()
                arguments = ("/v1/events", traffic.START_US, 0, POSTS, GROUP, "array")
                load.drive(product.port, traffic.batches, arguments, CONNECTIONS)
                pushes = client.info("commandstats").get("cmdstat_lpush", {"calls": 0})["calls"]
        finally:
            product.destroy()
    messages = pushes * EVENTS / (POSTS * GROUP)
    return [
        timing.compare(
            "P16 broker messages for 10,000 events",
            "messages",
            ours=[messages],
            floor=[10],
            floor_name="allowed",
        )
    ]


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.HTTPError:
        return False
