"""Mirroring by LiteLLM: the configuration is YAML for any names, and the real router mirrors."""

import json
import subprocess
from fractions import Fraction

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor.trial import shadow
from advisor.trial.routing import Deployment
from ledger.errors import UsageError
from tests import serving
from tests.integrations import proxy, upstream

SOURCE, TARGET = Deployment("openai", "gpt-4.1"), Deployment("openai", "gpt-4.1-mini")

NAMES = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), min_size=1)


@given(st.fractions(Fraction(1, 1_000), Fraction(999, 1_000)), NAMES)
def test_the_source_is_mirrored_by_its_share_whatever_the_names(
    share: Fraction, model: str
) -> None:
    text = shadow.model_list(SOURCE, Deployment("openai", model), share)
    plain, mirrored, target = yaml.safe_load(text)["model_list"]
    weights = [entry["litellm_params"]["weight"] for entry in (plain, mirrored)]
    assert Fraction(weights[1], sum(weights)) == share
    assert {entry["model_name"] for entry in (plain, mirrored)} == {"gpt-4.1"}
    assert "silent_model" not in plain["litellm_params"]
    assert mirrored["litellm_params"]["silent_model"] == target["model_name"] == model


def test_all_of_it_needs_no_second_deployment() -> None:
    mirrored, target = yaml.safe_load(shadow.model_list(SOURCE, TARGET, Fraction(1)))["model_list"]
    assert mirrored["litellm_params"]["silent_model"] == target["model_name"]
    assert "weight" not in mirrored["litellm_params"]


@pytest.mark.parametrize(
    ("text", "share"),
    [("5%", Fraction(1, 20)), (" 0.05 ", Fraction(1, 20)), ("12.5 %", Fraction(1, 8)), ("1", 1)],
)
def test_a_share_is_a_percentage_or_a_fraction(text: str, share: Fraction) -> None:
    assert shadow.parse_share(text) == share


@pytest.mark.parametrize("text", ["", "%", "0", "0%", "5", "101%", "-1%", "NaN", "1e-9", "five"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="such as 5%"):
        shadow.parse_share(text)


CALLS = """
import asyncio, json, sys, yaml
from litellm import Router
text, prompt = json.load(sys.stdin)
router = Router(model_list=yaml.safe_load(text)["model_list"])

async def main():
    messages = [{"role": "user", "content": prompt}]
    for _ in range(200):
        await router.acompletion(model="gpt-4.1", messages=messages)
    await asyncio.sleep(5)  # for the copies, which nobody waits for

asyncio.run(asyncio.wait_for(main(), 100))
"""


@pytest.mark.full
def test_the_real_litellm_mirrors_that_share() -> None:
    provider = upstream.Provider()
    with serving.serve(provider.app()) as address:
        text = shadow.model_list(SOURCE, TARGET, Fraction(1, 5)).replace(
            "      api_key: os.environ/OPENAI_API_KEY",
            f"      api_key: none\n      api_base: {address}/v1",
        )
        prompt = upstream.prompt("hello", project="search", input=10, output=2)
        subprocess.run(
            [proxy.program("python"), "-c", CALLS],
            input=json.dumps([text, prompt]),
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
            env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": ""},
        )
    requests = {
        model: amount
        for (_, model, _, meter), amount in provider.answered.items()
        if meter == "requests"
    }
    assert requests["gpt-4.1"] == 200
    assert 15 <= requests["gpt-4.1-mini"] <= 70
