"""The real servers that tests use: Redis, PostgreSQL, Prometheus.

Touches no server that it did not start.
"""

import atexit
import functools
import itertools
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests import processes

# PostgreSQL refuses to run as root.
_POSTGRES_ACCOUNT = "nobody" if os.geteuid() == 0 else None


class Redis(processes.Server):
    """A redis-server that evicts nothing.

    With `append_only` every write survives a kill, without it none does.
    """

    def __init__(self, *, append_only: bool = False) -> None:
        super().__init__()
        self.append_only = append_only

    @property
    def url(self) -> str:
        """The address of database 0."""
        return f"redis://{processes.LOOPBACK}:{self.port}/0"

    def command(self) -> list[str]:
        return [
            processes.command_path("redis-server", "redis-server"),
            "--bind",
            processes.LOOPBACK,
            "--port",
            str(self.port),
            "--dir",
            str(self.folder),
            "--save",
            "",
            "--appendonly",
            "yes" if self.append_only else "no",
            "--appendfsync",
            "always",
            "--maxmemory-policy",
            "noeviction",
        ]

    def answers(self) -> bool:
        try:
            once = Retry(NoBackoff(), retries=0)
            with redis.Redis(
                host=processes.LOOPBACK, port=self.port, socket_timeout=1, retry=once
            ) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Postgres(processes.Server):
    """A PostgreSQL cluster that really syncs its commits; each test has its own database."""

    stop_signal = signal.SIGINT  # a fast shutdown: it does not wait for clients
    account = _POSTGRES_ACCOUNT

    def __init__(self, *, on_disk: bool = False) -> None:
        super().__init__(on_disk=on_disk)
        self._numbers = itertools.count(1)
        self._cluster = self.folder / "cluster"
        shutil.copytree(_empty_cluster(), self._cluster)
        _give_to_account(self.folder)

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": processes.LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "on",
            "synchronous_commit": "on",
            "shared_buffers": "128MB",
            "max_wal_size": "128MB",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [
            processes.command_path("postgres", "postgresql"),
            "-D",
            str(self._cluster),
            *options,
        ]

    def answers(self) -> bool:
        try:
            with self._maintenance(connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def database(self, template: str = "template0") -> str:
        """The SQLAlchemy address of a fresh database: empty, or a copy of an unused template."""
        name = f"test_{next(self._numbers)}"
        with self._maintenance() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://postgres@{processes.LOOPBACK}:{self.port}/{name}"

    def drop(self, url: str) -> None:
        """Remove a database made by `database`, whoever is still connected to it."""
        with self._maintenance() as connection:
            connection.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')

    def _maintenance(self, connect_timeout: int = 10) -> psycopg.Connection:
        return psycopg.connect(
            host=processes.LOOPBACK,
            port=self.port,
            user="postgres",
            dbname="postgres",
            connect_timeout=connect_timeout,
            autocommit=True,
        )


@functools.cache
def _empty_cluster() -> Path:
    """A cluster made once a process, copied for each server: initdb takes longer than the copy."""
    folder = processes.scratch_folder("initdb")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _give_to_account(folder)
    initdb = subprocess.run(
        [
            processes.command_path("initdb", "postgresql"),
            "-D",
            str(folder / "cluster"),
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        cwd=folder,
        user=_POSTGRES_ACCOUNT,
        capture_output=True,
        text=True,
        check=False,
    )
    if initdb.returncode:
        pytest.fail(f"initdb failed: {initdb.stderr}")
    return folder / "cluster"


def _give_to_account(folder: Path) -> None:
    if _POSTGRES_ACCOUNT:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, user=_POSTGRES_ACCOUNT)


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an instant query: its labels and its value as Prometheus writes it."""

    labels: dict[str, str]
    value_text: str


class Prometheus(processes.Server):
    """A Prometheus that scrapes `host:port` targets at /metrics, with optional rule files."""

    def __init__(
        self, targets: Sequence[str] = (), *, rules: Sequence[Path] = (), interval_ms: int = 200
    ) -> None:
        super().__init__()
        config = {
            "global": {
                "scrape_interval": f"{interval_ms}ms",
                "evaluation_interval": f"{interval_ms}ms",
            },
            "rule_files": [str(path.resolve()) for path in rules],
            "scrape_configs": [
                {"job_name": "switchwise", "static_configs": [{"targets": list(targets)}]}
            ],
        }
        # YAML reads JSON.
        (self.folder / "prometheus.yml").write_text(json.dumps(config))

    @property
    def url(self) -> str:
        """The address of the web server and its HTTP API."""
        return f"http://{processes.LOOPBACK}:{self.port}"

    def command(self) -> list[str]:
        return [
            processes.command_path("prometheus", "prometheus"),
            f"--web.listen-address={processes.LOOPBACK}:{self.port}",
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'series'}",
        ]

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=2).is_success
        except httpx.TransportError:
            return False

    def query(self, expression: str) -> list[Sample]:
        """The series that an instant query finds now.

        Raises httpx.HTTPStatusError for an expression it refuses.
        """
        answer = httpx.get(
            f"{self.url}/api/v1/query", params={"query": expression}, timeout=10
        ).raise_for_status()
        return [Sample(row["metric"], row["value"][1]) for row in answer.json()["data"]["result"]]
