"""Weights for a LiteLLM `model_list` that sends a share of one model's requests to another. Pure; holds no key.

LiteLLM's default routing (simple-shuffle) picks among deployments of one `model_name` by the `weight` in their
`litellm_params`, request by request: https://docs.litellm.ai/docs/routing.
"""

import json
from dataclasses import dataclass
from fractions import Fraction

# By OpenTelemetry's name of a provider: the prefix that LiteLLM gives its models, and the variable that it reads a key from.
_PROVIDERS = {
    "openai": ("openai", "OPENAI_API_KEY"),
    "azure.ai.openai": ("azure", "AZURE_API_KEY"),
    "anthropic": ("anthropic", "ANTHROPIC_API_KEY"),
    "gcp.gemini": ("gemini", "GEMINI_API_KEY"),
    "mistral_ai": ("mistral", "MISTRAL_API_KEY"),
    "cohere": ("cohere", "COHERE_API_KEY"),
    "deepseek": ("deepseek", "DEEPSEEK_API_KEY"),
    "groq": ("groq", "GROQ_API_KEY"),
    "x_ai": ("xai", "XAI_API_KEY"),
    "perplexity": ("perplexity", "PERPLEXITYAI_API_KEY"),
}
_OF_DEPLOYMENTS = frozenset({"azure.ai.openai"})
"""Providers where LiteLLM names the deployment, which only its owner knows, and not the model."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model at a provider, and the tier to ask for where it is not the client's own."""

    provider: str
    model: str
    service_tier: str | None = None


def weights(share: Fraction) -> tuple[int, int]:
    """Whole weights of source and target that split traffic by a share (over 0, under 1) exactly; of 100 where they can be."""
    whole = 100 if 100 % share.denominator == 0 else share.denominator
    return whole - int(share * whole), int(share * whole)


def model_list(source: Deployment, target: Deployment, share: Fraction) -> str:
    """The YAML, ready to paste; what only its owner knows is in capital letters."""
    to_source, to_target = weights(share)
    name = json.dumps(source.model)
    return "\n".join(
        ["model_list:", *_entry(name, source, to_source), *_entry(name, target, to_target), ""]
    )


def _entry(name: str, of: Deployment, weight: int) -> list[str]:
    prefix, variable = _PROVIDERS.get(of.provider, ("PROVIDER", "API_KEY"))
    model = "YOUR-DEPLOYMENT" if of.provider in _OF_DEPLOYMENTS else of.model
    lines = [
        f"  - model_name: {name}",
        "    litellm_params:",
        f"      model: {json.dumps(f'{prefix}/{model}')}",
        f"      api_key: os.environ/{variable}",
        f"      weight: {weight}",
    ]
    return [*lines, f"      service_tier: {of.service_tier}"] if of.service_tier else lines
