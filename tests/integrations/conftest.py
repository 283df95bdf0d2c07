"""What tests of the files for other people's proxies share."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ledger.database import Database
from tests import processes, serving
from tests.integrations import callback
from tests.integrations.gate import Gate
from tests.serving import RunningCollector

Writer = Callable[..., subprocess.Popen[str]]
Handler = Callable[..., Any]


@pytest.fixture
def backend() -> str:
    """One database is enough: what a sender does never depends on it."""
    return "sqlite"


@pytest.fixture
def ours() -> ModuleType:
    """The callback file, loaded anew."""
    return callback.load()


@pytest.fixture
def handler(ours: ModuleType, tmp_path: Path) -> Iterator[Handler]:
    """Start the callback's handler on a spool in the test's folder: `handler(**environment)`.

    Without an address of a collector in the environment it reaches none.
    """
    started: list[Any] = []

    def start(**environment: str) -> Any:
        own = {
            "SWITCHWISE_SPOOL_DIR": str(tmp_path),
            "SWITCHWISE_URL": dead_address(),
            **environment,
        }
        started.append(ours.SwitchwiseHandler(own))
        return started[-1]

    yield start
    for handler in started:
        handler.close()


@pytest.fixture
def collector(database: Database) -> Iterator[RunningCollector]:
    """A real collector on a fresh ledger."""
    with serving.collector(database) as running:
        yield running


@pytest.fixture
def gate(collector: RunningCollector) -> Iterator[tuple[Gate, str]]:
    """A gate before the collector, and its address."""
    passage = Gate(str(collector.client.base_url).rstrip("/"))
    with serving.serve(passage) as address:
        yield passage, address


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """Start a process that gives payloads to the callback and then waits.

    It is called as `writer(count, first, **environment)`.
    """
    started: list[subprocess.Popen[str]] = []

    def start(count: int, first: int = 0, **environment: str) -> subprocess.Popen[str]:
        script = str(Path(callback.__file__))
        process = subprocess.Popen(
            [sys.executable, script, str(count), str(first)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                "SWITCHWISE_SPOOL_DIR": str(tmp_path),
                "SWITCHWISE_URL": dead_address(),
                **environment,
            },
        )
        started.append(process)
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"pid": process.pid}
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def dead_address() -> str:
    """An address where nobody listens."""
    return f"http://{processes.LOOPBACK}:{processes.free_port()}"
