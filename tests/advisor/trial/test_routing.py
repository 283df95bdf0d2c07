"""LiteLLM's weights: they split exactly, are YAML for any names, and the real router agrees."""

import json
import subprocess
from decimal import Decimal
from fractions import Fraction

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor.trial import routing
from advisor.trial.routing import Deployment
from tests.integrations import proxy


@given(st.fractions(Fraction(1, 1_000), Fraction(999, 1_000)))
def test_weights_split_exactly(share: Fraction) -> None:
    source, target = routing.weights(share)
    assert Fraction(target, source + target) == share


def test_the_model_list_is_yaml_whatever_the_names() -> None:
    awkward = 'ft:gpt-4.1:"x": {a}'
    text = routing.model_list(
        Deployment("openai", awkward), Deployment("openai", "gpt-4.1-mini", "flex"), Fraction(1, 20)
    )
    first, second = yaml.safe_load(text)["model_list"]
    assert (first["model_name"], first["litellm_params"]["model"]) == (awkward, f"openai/{awkward}")
    assert second["model_name"] == awkward
    assert second["litellm_params"] == {
        "model": "openai/gpt-4.1-mini",
        "api_key": "os.environ/OPENAI_API_KEY",
        "weight": 5,
        "service_tier": "flex",
    }


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("azure.ai.openai", "azure/YOUR-DEPLOYMENT"),
        ("house", "PROVIDER/gpt-4.1"),
        ("x_ai", "xai/gpt-4.1"),
    ],
)
def test_what_only_the_owner_knows_is_left_to_fill_in(provider: str, model: str) -> None:
    text = routing.model_list(
        Deployment(provider, "gpt-4.1"), Deployment(provider, "gpt-4.1"), Fraction(1, 5)
    )
    entries = yaml.safe_load(text)["model_list"]
    assert {entry["litellm_params"]["model"] for entry in entries} == {model}


SPLITS = """
import collections, json, sys, yaml
from litellm import Router
entries = yaml.safe_load(sys.stdin)["model_list"]
router = Router(model_list=entries)
name = entries[0]["model_name"]
messages = [{"role": "user", "content": "x"}]
counts = collections.Counter(
    router.get_available_deployment(model=name, messages=messages)["litellm_params"]["model"]
    for _ in range(4000)
)
print(json.dumps(counts))
"""


@pytest.mark.full
def test_the_real_litellm_splits_by_these_weights() -> None:
    text = routing.model_list(
        Deployment("openai", "gpt-4.1"), Deployment("openai", "gpt-4.1-mini"), Fraction(1, 5)
    )
    process = subprocess.run(
        [proxy.program("python"), "-c", SPLITS],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        env={"OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": ""},
    )
    counts = json.loads(process.stdout.splitlines()[-1])
    assert abs(Decimal(counts["openai/gpt-4.1-mini"]) / 4_000 - Decimal("0.2")) < Decimal("0.03")
