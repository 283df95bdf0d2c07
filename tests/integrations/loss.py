"""What is lost between a real LiteLLM proxy and the ledger: load, one fault at a time, a count.

Every request has an input size of its own, so that the ledger shows which ones it has. All runs on
loopback, within a time limit.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import text

from ledger.database import Database
from tests import processes, serving
from tests.flow.harness import Product
from tests.integrations import proxy as litellm
from tests.integrations import upstream
from tests.integrations.gate import Gate
from tests.integrations.proxy import Proxy
from tests.integrations.upstream import Provider

CLIENTS = 8
MODEL = "gpt-4.1"
FIRST_SIZE = 1_000
ANSWER_SECONDS = 300
DRAIN_SECONDS = 300
STEADY_SECONDS = 20.0
"""How long the ledger must be unchanged until what is not in it counts as lost.

No sender waits for so long.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One phase: requests that clients had answered, how many the ledger lost, and the posts."""

    name: str
    answered: int
    lost: int
    posts: int
    wire_bytes: int
    unsettled: int = 0
    """Of the lost ones, those answered less than SETTLE_SECONDS before the proxy was killed.

    LiteLLM calls back after its answer.
    """


SETTLE_SECONDS = 2.0


@dataclass(slots=True)
class Load:
    """Clients that make each request until it is answered, and note when it was."""

    address: str
    project: str
    count: int
    answered_at: dict[int, float] = field(default_factory=dict)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Load":
        self._thread = threading.Thread(target=lambda: asyncio.run(self._make()), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread is not None
        self._thread.join(DRAIN_SECONDS + self.count)
        assert len(self.answered_at) == self.count, "some requests were never answered"

    def wait_for(self, share: float) -> None:
        """Return once this share of the requests is answered."""
        processes.wait_until(
            lambda: len(self.answered_at) >= share * self.count, "answers", DRAIN_SECONDS
        )

    async def _make(self) -> None:
        sizes = iter(range(FIRST_SIZE, FIRST_SIZE + self.count))
        limits = httpx.Limits(max_connections=CLIENTS)
        async with httpx.AsyncClient(
            base_url=self.address, timeout=ANSWER_SECONDS, limits=limits
        ) as client:
            await asyncio.gather(*[self._one_after_another(client, sizes) for _ in range(CLIENTS)])

    async def _one_after_another(self, client: httpx.AsyncClient, sizes: Iterator[int]) -> None:
        for size in sizes:
            content = upstream.prompt("hello", project=self.project, input=size, output=7)
            body = {"model": MODEL, "messages": [{"role": "user", "content": content}]}
            headers = {"Authorization": f"Bearer sk-{self.project}"}
            while size not in self.answered_at:
                with contextlib.suppress(httpx.TransportError):
                    answer = await client.post("/v1/chat/completions", json=body, headers=headers)
                    if answer.status_code == 200:
                        self.answered_at[size] = time.monotonic()
                        break
                await asyncio.sleep(0.2)


class Site:
    """A provider, a collector as a real process, and a gate before it.

    It starts proxies, and its end removes everything.
    """

    def __init__(self) -> None:
        self.provider = Provider()
        self._folder = processes.scratch_folder("site")
        self._stack = contextlib.ExitStack()
        self.product = Product(self._folder / "data", processes.free_port(), ["up"])
        self.gate = Gate(f"http://{processes.LOOPBACK}:{self.product.port}")

    def __enter__(self) -> "Site":
        self._stack.callback(shutil.rmtree, self._folder)
        self.product.data.mkdir()
        self._stack.callback(self.product.destroy)
        self.product.tend()
        self.upstream = self._stack.enter_context(serving.serve(self.provider.app()))
        self.address = self._stack.enter_context(serving.serve(self.gate))
        processes.wait_until(self._is_ready, "the collector")
        self.database = Database(f"sqlite:///{self.product.data / 'ledger.db'}")
        self._stack.callback(self.database.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def proxy(
        self,
        *callbacks: str,
        workers: int = 1,
        sections: litellm.Sections = litellm.NOTHING,
        **environment: str,
    ) -> Proxy:
        """A running proxy with these callbacks, which knows the gate as the collector."""
        addresses = {
            "SWITCHWISE_URL": self.address,
            "GENERIC_LOGGER_ENDPOINT": f"{self.address}/v1/litellm",
        }
        proxy = Proxy(self.upstream, callbacks, workers, sections, **addresses, **environment)
        self._stack.callback(proxy.close)
        proxy.start()
        with Load(proxy.address, "warm-up", CLIENTS * workers):
            pass
        return proxy

    def stored(self, project: str) -> list[int]:
        """The input sizes of a project's successes that the ledger holds, one an event."""
        query = text("""
            SELECT e.input_tokens FROM event e JOIN series s ON s.id = e.series_id
            WHERE s.project = :project AND s.status = 'success'
        """)
        with self.database.snapshot() as session:
            return [int(size) for size in session.execute(query, {"project": project}).scalars()]

    def _is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.gate.target}/readyz").status_code == 200
        return False


def phase(
    site: Site,
    proxy: Proxy,
    name: str,
    *,
    count: int,
    fault: Callable[[Load], float | None] = lambda _: None,
) -> Outcome:
    """Make requests while a fault happens, wait until nothing changes any more, and count.

    The fault returns the instant at which it killed the proxy, if it did.
    """
    project = name.replace(" ", "-")
    posts, wire_bytes = len(site.gate.bodies), site.gate.wire_bytes
    with Load(proxy.address, project, count) as load:
        killed_at = fault(load)
    site.gate.seconds, site.gate.status = 0.0, 0
    _rest(site, proxy, project, count)
    lost = load.answered_at.keys() - set(site.stored(project))
    unsettled = [
        size
        for size in lost
        if killed_at and 0 < killed_at - load.answered_at[size] < SETTLE_SECONDS
    ]
    return Outcome(
        name=name,
        answered=count,
        lost=len(lost),
        posts=len(site.gate.bodies) - posts,
        wire_bytes=site.gate.wire_bytes - wire_bytes,
        unsettled=len(unsettled),
    )


def _rest(site: Site, proxy: Proxy, project: str, count: int) -> None:
    """Until every answer is stored, or nothing is spooled and nothing more has come for a while."""
    last_count, since = -1, time.monotonic()

    def is_over() -> bool:
        nonlocal last_count, since
        count_now = len(set(site.stored(project)))
        if count_now != last_count or proxy.spooled_bytes():
            last_count, since = count_now, time.monotonic()
        return count_now >= count or time.monotonic() - since > STEADY_SECONDS

    processes.wait_until(is_over, "the ledger to come to rest", DRAIN_SECONDS)


def slow(site: Site, seconds: float) -> Callable[[Load], None]:
    """The collector answers late."""

    def fault(load: Load) -> None:
        site.gate.seconds = seconds
        load.wait_for(1)

    return fault


def refusing(site: Site, status: int, seconds: float) -> Callable[[Load], None]:
    """The collector refuses for a while."""

    def fault(_: Load) -> None:
        site.gate.status = status
        time.sleep(seconds)
        site.gate.status = 0

    return fault


def collector_killed(site: Site) -> Callable[[Load], None]:
    """The collector dies three times and its supervisor once, and each is started again."""

    def fault(load: Load) -> None:
        for share in (0.2, 0.4, 0.6):
            load.wait_for(share)
            site.product.kill("web")
        load.wait_for(0.8)
        site.product.kill("up")
        time.sleep(2)
        site.product.tend()

    return fault


def proxy_ended(proxy: Proxy, how: signal.Signals) -> Callable[[Load], float | None]:
    """The proxy is told to stop, or killed, at half of the load, and started again."""

    def fault(load: Load) -> float | None:
        load.wait_for(0.5)
        assert proxy.process is not None
        proxy.process.send_signal(how)
        killed_at = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            proxy.process.wait(60)
        proxy.kill()
        proxy.start()
        return killed_at if how == signal.SIGKILL else None

    return fault


def worker_killed(proxy: Proxy) -> Callable[[Load], float]:
    """A worker of the proxy is killed at half of the load. Another one sends what it has left."""

    def fault(load: Load) -> float:
        load.wait_for(0.5)
        os.kill(max(_writers(proxy)), signal.SIGKILL)
        return time.monotonic()

    return fault


def proxy_killed_at_rest(site: Site, proxy: Proxy) -> Callable[[Load], float]:
    """The collector is away, every answer is spooled, then the proxy is killed and restarted."""

    def fault(load: Load) -> float:
        site.gate.status = 503
        load.wait_for(1)
        time.sleep(SETTLE_SECONDS)
        killed_at = time.monotonic()
        proxy.kill()
        proxy.start()
        return killed_at

    return fault


def _writers(proxy: Proxy) -> list[int]:
    """The workers of a proxy: the processes that hold a file of its spool open."""
    process_ids = []
    for path in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if Path(os.readlink(path)).is_relative_to(proxy.spool):
                process_ids.append(int(path.parts[2]))
    return process_ids


def with_callback(site: Site) -> Iterator[Outcome]:
    """Every fault, on proxies with our callback: 2,400 requests and more."""
    proxy = site.proxy(litellm.OURS)
    yield phase(site, proxy, "collector answers after 2 s", count=400, fault=slow(site, 2))
    yield phase(site, proxy, "collector refuses for 15 s", count=500, fault=refusing(site, 503, 15))
    yield phase(site, proxy, "collector killed 4 times", count=400, fault=collector_killed(site))
    yield phase(
        site, proxy, "proxy killed at rest", count=300, fault=proxy_killed_at_rest(site, proxy)
    )
    yield phase(
        site, proxy, "proxy stopped under load", count=200, fault=proxy_ended(proxy, signal.SIGTERM)
    )
    yield phase(
        site, proxy, "proxy killed under load", count=200, fault=proxy_ended(proxy, signal.SIGKILL)
    )
    proxy.close()
    proxy = site.proxy(litellm.OURS, workers=2)
    yield phase(
        site, proxy, "one of two workers killed under load", count=400, fault=worker_killed(proxy)
    )


def with_generic_api(site: Site) -> Iterator[Outcome]:
    """The same faults on LiteLLM's own callback: with its defaults, and as our README sets it."""
    proxy = site.proxy("generic_api")
    yield phase(
        site,
        proxy,
        "generic_api, collector refuses for 15 s",
        count=300,
        fault=refusing(site, 503, 15),
    )
    yield phase(
        site, proxy, "generic_api, collector answers after 2 s", count=300, fault=slow(site, 2)
    )
    yield phase(
        site,
        proxy,
        "generic_api, proxy stopped under load",
        count=200,
        fault=proxy_ended(proxy, signal.SIGTERM),
    )
    proxy.close()
    documented = litellm.documented(1, f"{site.address}/v1/litellm")
    proxy = site.proxy(sections=documented, DEFAULT_FLUSH_INTERVAL_SECONDS="1")
    yield phase(
        site,
        proxy,
        "generic_api as documented, collector refuses for 15 s",
        count=300,
        fault=refusing(site, 503, 15),
    )
    yield phase(
        site,
        proxy,
        "generic_api as documented, collector refuses as 429 for 5 s",
        count=200,
        fault=refusing(site, 429, 5),
    )
    yield phase(
        site,
        proxy,
        "generic_api as documented, proxy stopped under load",
        count=200,
        fault=proxy_ended(proxy, signal.SIGTERM),
    )
