"""LiteLLM's own cost function beside our figure: every model of the ladder, plain, cached and long, by tier."""

import csv
import json
import subprocess
from typing import Any

import pytest

from tests.advisor import sender_costs
from tests.integrations import proxy

pytestmark = pytest.mark.full
SENDERS = {
    "openai": "openai",
    "azure.ai.openai": "azure",
    "anthropic": "anthropic",
    "gcp.gemini": "gemini",
    "gcp.vertex_ai": "vertex_ai",
    "x_ai": "xai",
}
"""By provider, LiteLLM's name of it."""
USAGES: dict[str, dict[str, Any]] = {
    "plain": {"input": 1_000, "output": 500},
    "cached": {
        "input": 1_000,
        "output": 500,
        "usage": {"prompt_tokens_details": {"cached_tokens": 400}},
    },
    "written": {
        "input": 10_000,
        "output": 500,
        "usage": {
            "prompt_tokens_details": {"cached_tokens": 0},
            "cache_creation_input_tokens": 4_000,
        },
    },
    "reasoning": {
        "input": 1_000,
        "output": 500,
        "usage": {"completion_tokens_details": {"reasoning_tokens": 300}},
    },
    "long": {
        "input": 300_000,
        "output": 1_000,
        "usage": {"prompt_tokens_details": {"cached_tokens": 100_000}},
    },
}
# What LiteLLM does not know costs "0" here, which is compared with nothing.
SCRIPT = """
import json, os, sys
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm
from litellm.types.utils import ModelResponse, Usage
litellm.suppress_debug_info = True
for line in sys.stdin:
    case = json.loads(line)
    usage = Usage(
        prompt_tokens=case["input"],
        completion_tokens=case["output"],
        total_tokens=case["input"] + case["output"],
        **case.get("usage", {}),
    )
    response = ModelResponse(model=case["model"], usage=usage)
    try:
        cost = litellm.completion_cost(
            completion_response=response,
            model=case["model"],
            custom_llm_provider=case["provider"],
            service_tier=case.get("tier"),
        )
    except Exception:
        cost = 0
    print(json.dumps({"usd": repr(cost), "usage": usage.model_dump(exclude_none=True)}))
"""


def ladder_cases() -> list[dict[str, Any]]:
    """Each model of the ladder at each tier, with each usage."""
    with (sender_costs.FOLDER.parent / "ladder.csv").open() as file:
        models = [(row["provider"], row["model"]) for row in csv.DictReader(file)]
    return [
        {
            "case": f"{sender_costs.LADDER}{provider} {model} {tier or 'standard'} {name}",
            "provider": SENDERS[provider],
            "model": model,
            "at": "2026-11-20T12:00:00Z",
            **usage,
            **({"tier": tier} if tier else {}),
        }
        for provider, model in models
        if provider in SENDERS
        for tier in ("", "flex", "priority")
        for name, usage in USAGES.items()
    ]


def with_costs(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases with what LiteLLM's function says they cost, and its own form of their usage."""
    lines = subprocess.run(
        [proxy.program("python"), "-c", SCRIPT],
        input="\n".join(json.dumps(case) for case in cases),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout.splitlines()
    answers = [json.loads(line) for line in lines if line.startswith("{")]
    return [case | answer for case, answer in zip(cases, answers, strict=True)]


def test_a_model_of_the_ladder_costs_what_litellm_works_out_or_a_reason_stands_in_the_table() -> (
    None
):
    """What has no price here is a gap on every face, so it is not compared."""
    costs = {case["case"]: sender_costs.costs_of_case(case) for case in with_costs(ladder_cases())}
    priced = {name: cost for name, cost in costs.items() if cost.theirs and not cost.unpriced}
    assert len(priced) > 500
    assert sender_costs.faults(priced, sender_costs.differences(on_ladder=True)) == []
