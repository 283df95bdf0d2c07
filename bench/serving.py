"""Starting what is measured: servers in processes of their own, and databases on a disk."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests import processes, servers


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    port: int
    process_id: int

    def cpu_seconds(self) -> float:
        """What the process has used of a processor, in user and system mode."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(name: str, database_url: str = "sqlite://", **settings: str) -> Iterator[Served]:
    """A server of `bench.apps` in a process of its own."""
    port = processes.free_port()
    variables = {f"SWITCHWISE_{key.upper()}": value for key, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.apps", name, str(port)],
        env={**os.environ, **variables, "SWITCHWISE_DATABASE_URL": database_url},
    )
    try:
        processes.wait_until(
            lambda: process.poll() is not None or _answers(port), f"the server {name}"
        )
        yield Served(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database of a PostgreSQL server that syncs to a disk."""
    with servers.Postgres(on_disk=True) as server:
        yield server.database()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for databases on a disk, not in memory: the benchmarks measure what is synced."""
    with tempfile.TemporaryDirectory(prefix="switchwise-bench-") as path:
        yield Path(path)
