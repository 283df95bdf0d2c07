"""`trial run` through a real LiteLLM proxy: its costs are the provider's, and it names a model that
the proxy does not know."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from tests import serving
from tests.integrations import upstream
from tests.integrations.proxy import Proxy
from tests.integrations.upstream import Provider

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Provider, Proxy]]:
    """A provider, and a proxy before it."""
    provider = Provider()
    with serving.serve(provider.app()) as address, Proxy(address, []) as running:
        yield provider, running


def run(folder: Path, pair: str, running: Proxy) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, on 40 prompts."""
    lines = (
        {
            "id": f"q{number}",
            "prompt": upstream.prompt(
                "x", project="trial", input=90 + number, output=9, answer="yes"
            ),
            "expected": "yes",
        }
        for number in range(40)
    )
    (folder / "prompts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = f"trial run prompts.jsonl --pair {pair} --endpoint {running.address} --yes --json"
    return subprocess.run(
        [sys.executable, "-c", "import cli; cli.main()", *words.split(), "--by", "ada"],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "OPENAI_API_KEY": "sk-trial",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_costs_are_those_of_the_provider(tmp_path: Path, site: tuple[Provider, Proxy]) -> None:
    provider, running = site
    ended = run(tmp_path, "gpt-4.1:gpt-4.1-mini", running)
    assert ended.returncode == 0, ended.stderr
    figure = json.loads(ended.stdout)
    assert (figure["pairs"], figure["evidence"]["left_out"]) == (40, 0)
    rates = {
        "gpt-4.1": (Fraction(2), Fraction(8)),
        "gpt-4.1-mini": (Fraction("0.4"), Fraction("1.6")),
    }
    for side in figure["sides"]:
        model = side["model"]
        sent, written, count = (
            provider.answered["trial", model, "default", meter]
            for meter in ("input", "output", "requests")
        )
        assert (side["input_tokens"], side["output_tokens"], count) == (sent, written, 40)
        rate_in, rate_out = rates[model]
        assert Fraction(side["cost_usd"]) == (sent * rate_in + written * rate_out) / 10**6


def test_a_model_that_the_proxy_does_not_know_is_one_error(
    tmp_path: Path, site: tuple[Provider, Proxy]
) -> None:
    _, running = site
    ended = run(tmp_path, "gpt-4.1:gpt-4.1-nano", running)
    assert ended.returncode == 1
    assert "gpt-4.1-nano fail: a model that the endpoint does not know" in ended.stderr
    figure = json.loads(ended.stdout)
    assert [side["answers"] for side in figure["sides"]] == [1, 0]
