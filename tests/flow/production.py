"""The compose form as processes of this machine.

Each service runs its own command line, with hosts, ports and paths of this machine.
"""

import copy
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests import composition, processes, servers
from tests.flow import harness
from tests.flow.harness import Product

COMPOSE = composition.load_yaml("compose.yaml")
LASTING = ("collector", "advisor", "worker", "beat")


class ComposePrometheus(servers.Prometheus):
    """A Prometheus with the options and the configuration of the compose form."""

    def __init__(self, key: Path, ports: Mapping[str, int]) -> None:
        super().__init__()
        config = copy.deepcopy(composition.load_yaml("prometheus/prometheus.yml"))
        config["global"] = dict.fromkeys(config["global"], "1s")
        for job in config["scrape_configs"]:
            job["authorization"] = {**job["authorization"], "credentials_file": str(key)}
            for target_group in job["static_configs"]:
                target_group["targets"] = [
                    f"{processes.LOOPBACK}:{ports[name.split(':')[0]]}"
                    for name in target_group["targets"]
                ]
        (self.folder / "prometheus.yml").write_text(json.dumps(config))

    def command(self) -> list[str]:
        own, *_ = super().command()
        paths = {
            "/etc/prometheus/prometheus.yml": self.folder / "prometheus.yml",
            "/prometheus": self.folder / "series",
        }
        options = [option.partition("=") for option in COMPOSE["services"]["prometheus"]["command"]]
        arguments = [f"{name}={paths.get(value, value)}" for name, _, value in options]
        return [own, f"--web.listen-address={processes.LOOPBACK}:{self.port}", *arguments]


@dataclass(slots=True)
class Production:
    """Our services over one database and one Redis, in a folder that stands for the volumes."""

    folder: Path
    database_url: str
    redis_url: str
    ports: dict[str, int] = field(
        default_factory=lambda: {name: processes.free_port() for name in ("collector", "advisor")}
    )
    _started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """A key that init wrote."""
        return (self.folder / "keys" / f"{name}.key").read_text().strip()

    def url(self, service: str, path: str) -> str:
        """The address of a path of a web service."""
        return f"http://{processes.LOOPBACK}:{self.ports[service]}{path}"

    def start(self, service: str) -> subprocess.Popen[bytes]:
        """Start a service as compose would."""
        with (self.folder / f"{service}.log").open("ab") as log:
            words = self._words(service, COMPOSE["services"][service]["command"])
            started = subprocess.Popen(
                words,
                cwd=self.folder,
                env=self._environment(service),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._started[service] = started
        return started

    def wait_until_ready(self, service: str) -> None:
        """Return when a web service says that it is ready.

        Fails the test, with the service's own words, when it ends instead.
        """
        process = self._started[service]
        processes.wait_until(lambda: process.poll() is not None or self._is_ready(service), service)
        assert process.poll() is None, self.log(service)

    def is_healthy(self, service: str) -> bool:
        """Whether the health check of a service passes."""
        _, *check = COMPOSE["services"][service]["healthcheck"]["test"]
        return self.run(service, *check).returncode == 0

    def run(self, service: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside a service, as `docker compose exec` would."""
        return subprocess.run(
            self._words(service, words),
            cwd=self.folder,
            env=self._environment(service),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def log(self, service: str) -> str:
        """What a service has said."""
        return (self.folder / f"{service}.log").read_text()

    def stop(self) -> dict[str, int]:
        """Ask every service that was started to end; their exit statuses."""
        for process in self._started.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        return {name: process.wait(30) for name, process in self._started.items()}

    def census(self) -> list[int]:
        """Every living process of these services, whoever started it."""
        return self._product().census()

    def destroy(self) -> None:
        """Kill whatever is left."""
        for process in self._started.values():
            process.kill()
            process.wait()
        self._product().destroy()

    def _is_ready(self, service: str) -> bool:
        try:
            return httpx.get(self.url(service, "/readyz")).is_success
        except httpx.TransportError:
            return False

    def _product(self) -> Product:
        return Product(self.folder / "data", 0, ())

    def _words(self, service: str, command: Sequence[str]) -> list[str]:
        port = str(self.ports.get(service, 0))
        places = {
            "0.0.0.0": processes.LOOPBACK,  # noqa: S104  # what the container binds
            "8080": port,  # what the container binds
            "/keys": str(self.folder / "keys"),
            "/dashboards": str(self.folder / "dashboards"),
        }
        words = [places.get(word, word.replace(":8080/", f":{port}/")) for word in command]
        programs = {
            "switchwise": [*harness.PYTHON, "import cli; cli.main()"],
            "python": [sys.executable],
        }
        return [*programs[words[0]], *words[1:]]

    def _environment(self, service: str) -> dict[str, str]:
        places = {
            "postgresql://switchwise@postgres:5432/switchwise": self.database_url,
            "redis://redis:6379/0": self.redis_url,
        }
        declared: dict[str, Any] = COMPOSE["services"][service]["environment"]
        own = {
            name: places.get(value, value) for name, value in declared.items() if value is not None
        }
        inherited = {
            name: value
            for name, value in harness.environment().items()
            if not name.startswith("SWITCHWISE_")
        }
        return {
            **inherited,
            **own,
            "SWITCHWISE_DATA": str(self.folder / "data"),
            "HOME": os.devnull,
        }
