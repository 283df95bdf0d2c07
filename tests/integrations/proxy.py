"""A real LiteLLM proxy as a process, with its configuration and our callback file."""

import json
import os
import secrets
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from tests import processes

ROOT = Path(__file__).parent.parent.parent
VENV = ROOT / ".venv-e2e"
CALLBACK = ROOT / "integrations" / "switchwise_litellm.py"
OURS = "switchwise_litellm.handler"
DEPLOYMENTS = {
    "gpt-4.1": "gpt-4.1",
    "gpt-4.1-mini": "gpt-4.1-mini",
    "smart": "gpt-4.1",
    "fragile": "gpt-4.1",
    "text-embedding-3-small": "text-embedding-3-small",
}
"""The names that clients ask for, and the provider's model behind each."""

Sections = Mapping[str, Mapping[str, object]]
NOTHING: Sections = MappingProxyType({})


def documented(number: int, collector: str) -> dict[str, Any]:
    """A piece of a proxy's configuration from our README, with this collector in it.

    A harmless header replaces the key of the README: no key is needed on loopback, and a wrong one
    is refused.
    """
    text = (
        CALLBACK.with_name("README.md").read_text().split("```yaml\n")[number + 1].split("```")[0]
    )
    text = text.replace('Authorization: "Bearer sw_..."', "X-Sender: litellm")
    sections: dict[str, Any] = yaml.safe_load(
        text.replace("http://127.0.0.1:8080/v1/litellm", collector)
    )
    return sections


def program(name: str) -> str:
    """A program of the environment with LiteLLM. Without one the test fails with the remedy."""
    path = VENV / "bin" / name
    if not path.exists():
        pytest.fail(f"{path} is missing; install it with: make litellm")
    return str(path)


class Proxy(processes.Server):
    """A LiteLLM proxy before an upstream, with these callbacks. A restart keeps its folder.

    Sections of its configuration may be added to, under their names.
    """

    start_seconds = 300.0

    def __init__(
        self,
        upstream: str,
        callbacks: Sequence[str],
        workers: int = 1,
        sections: Sections = NOTHING,
        **environment: str,
    ) -> None:
        super().__init__()
        self.spool = self.folder / "spool"
        self._workers = workers
        self._environment = {"SWITCHWISE_SPOOL_DIR": str(self.spool), **environment}
        models = [
            {
                "model_name": alias,
                "litellm_params": {
                    "model": f"openai/{model}",
                    "api_base": f"{upstream}/v1",
                    "api_key": "sk-up",
                },
            }
            for alias, model in DEPLOYMENTS.items()
        ]
        config: dict[str, Any] = {
            "model_list": models,
            "litellm_settings": {
                "callbacks": list(callbacks),
                "fallbacks": [{"fragile": ["gpt-4.1-mini"]}],
            },
            "router_settings": {"num_retries": 0, "disable_cooldowns": True},
            "general_settings": {
                "custom_auth": "proxy_auth.user_api_key_auth",
                "master_key": f"sk-{secrets.token_hex(32)}",
            },
        }
        for name, added in sections.items():
            config[name] = {**config.get(name, {}), **added}
        # JSON is YAML.
        (self.folder / "config.yaml").write_text(json.dumps(config))
        shutil.copy(Path(__file__).with_name("proxy_auth.py"), self.folder)
        shutil.copy(CALLBACK, self.folder)

    @property
    def address(self) -> str:
        """Where clients reach the proxy."""
        return f"http://{processes.LOOPBACK}:{self.port}"

    def command(self) -> list[str]:
        # Without these it asks the network for prices, and compiles itself at every start.
        quiet = {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_TELEMETRY": "False",
            "PYTHONDONTWRITEBYTECODE": "",
        }
        own = [f"{name}={value}" for name, value in {**quiet, **self._environment}.items()]
        options = [
            "--config",
            "config.yaml",
            "--host",
            processes.LOOPBACK,
            "--port",
            str(self.port),
        ]
        # A worker that loads is dead to the one that watches it, unless that one is patient.
        workers = ["--num_workers", str(self._workers), "--timeout_worker_healthcheck", "120"]
        return ["env", *own, program("litellm"), *options, *(workers if self._workers > 1 else [])]

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(  # noqa: S310  # our own
                f"{self.address}/health/liveliness", timeout=2
            ) as response:  # our own
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def spooled_bytes(self) -> int:
        """What has not been delivered yet."""
        return sum(path.stat().st_size for path in self.spool.glob("**/*.ndjson") if path.exists())


def client(address: str, calls: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Make calls with the official client library, in a process of its own; the results."""
    script = Path(__file__).with_name("sdk_calls.py")
    process = subprocess.run(
        [program("python"), str(script), address],
        input=json.dumps(calls),
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    results: list[dict[str, object]] = json.loads(process.stdout)
    return results
