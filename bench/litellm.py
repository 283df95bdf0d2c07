"""What LiteLLM loses on the way to the ledger, and what our callback costs the proxy.

Measured with our callback and with `generic_api`. `make bench-litellm` writes the section of
RESULTS.md. It needs the real LiteLLM, so `make bench` leaves it out.
"""

import functools
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC
from pathlib import Path

import httpx

from bench import results, timing
from ledger import clock
from tests.collector.formats import captures
from tests.integrations import callback, loss, proxy, upstream
from tests.integrations.loss import Outcome, Site
from tests.integrations.proxy import OURS, Proxy

TITLE = "LiteLLM without loss"
PAIRS = 300
APPENDS = 5_000


def latencies(site: Site) -> str:
    """Calls in turn through a proxy without our callback and through one with it."""
    proxies = (site.proxy(), site.proxy(OURS))
    with httpx.Client(timeout=300) as client:
        pairs = [_pair(client, *proxies, size) for size in range(PAIRS)]
    without, ours = (sorted(times) for times in zip(*pairs, strict=True))
    added = statistics.median(second - first for first, second in pairs)
    for started_proxy in proxies:
        started_proxy.close()
    return (
        f"A call through the proxy, {PAIRS} in turn, median (95th percentile): {_spread(without)}"
        f" without a callback, {_spread(ours)} with ours; median difference {added:+.1f} ms."
    )


def _pair(client: httpx.Client, without: Proxy, ours: Proxy, size: int) -> tuple[float, float]:
    """Milliseconds of one call through each proxy; they take turns to go first."""
    if size % 2:
        return _milliseconds(client, without, size), _milliseconds(client, ours, size)
    second = _milliseconds(client, ours, size)
    return _milliseconds(client, without, size), second


def _milliseconds(client: httpx.Client, through: Proxy, size: int) -> float:
    content = upstream.prompt("hello", project="latency", input=1_000 + size, output=7)
    body = {"model": loss.MODEL, "messages": [{"role": "user", "content": content}]}
    headers = {"Authorization": "Bearer sk-latency"}

    def call() -> None:
        client.post(
            f"{through.address}/v1/chat/completions", json=body, headers=headers
        ).raise_for_status()

    return 1_000 * timing.seconds(call)


def _spread(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.1f} ms ({times[len(times) * 95 // 100]:.1f})"


def appends() -> str:
    """The time of the hook itself, on a disk, while its thread syncs.

    The payloads are captured ones, at most a thousand a second.
    """
    payloads = [json.loads(captured.element) for captured in captures.litellm()]
    with tempfile.TemporaryDirectory() as folder:
        handler = callback.load().SwitchwiseHandler(
            {"SWITCHWISE_SPOOL_DIR": folder, "SWITCHWISE_URL": "http://127.0.0.1:9"}
        )
        times = []
        for number in range(APPENDS):
            kwargs = {"standard_logging_object": payloads[number % len(payloads)]}
            times.append(1_000_000 * timing.seconds(functools.partial(handler.keep, kwargs)))
            time.sleep(0.001)
        size_bytes = sum(path.stat().st_size for path in Path(folder).iterdir())
    times.sort()
    return (
        f"The hook: {statistics.median(times):.0f} µs (99th percentile"
        f" {times[APPENDS * 99 // 100]:.0f} µs), {size_bytes / APPENDS:.0f} bytes an event on disk."
    )


def section(outcomes: Iterable[Outcome], costs: Sequence[str]) -> str:
    """The section of RESULTS.md."""
    rows = [
        f"| {outcome.name} | {outcome.answered} | **{outcome.lost - outcome.unsettled}** |"
        f" {outcome.unsettled} | {outcome.posts} | {outcome.wire_bytes / outcome.answered:,.0f} |"
        for outcome in outcomes
    ]
    lines = [
        f"`make bench-litellm`, {clock.now().astimezone(UTC):%Y-%m-%d}:",
        f"litellm[proxy] {_version('litellm')}, all on loopback.",
        f"{loss.CLIENTS} clients in a closed loop, one fault a row. A request is lost when its",
        "client was answered and it is not in the ledger. The proxy has our callback, unless the",
        "row names another. LiteLLM answers its client first and calls back a moment later: no",
        "callback knows what a killed proxy had not yet handed over (*unhanded*).",
        "",
        "| fault | requests answered | lost | unhanded | posts | bytes on the wire an event |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        *costs,
        "",
    ]
    return "\n".join(lines)


def _version(package: str) -> str:
    metadata = next(proxy.VENV.glob(f"lib/*/site-packages/{package}-*.dist-info"))
    return metadata.name.removesuffix(".dist-info").rpartition("-")[2]


def main() -> None:
    """Measure and replace the section."""
    logging.disable()
    outcomes, costs = [], [appends()]
    with Site() as site:
        costs.append(latencies(site))
        for run in (loss.with_callback, loss.with_generic_api):
            for outcome in run(site):
                print(outcome)
                outcomes.append(outcome)
    results.replace(TITLE, section(outcomes, costs))


if __name__ == "__main__":
    main()
