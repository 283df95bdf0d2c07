"""A LiteLLM `model_list` that sends a share of one model's requests to another. Pure; no keys.

LiteLLM's default routing (simple-shuffle) picks among the deployments of a `model_name` by the
`weight` in their `litellm_params`, for each request: https://docs.litellm.ai/docs/routing.
"""

import json
from dataclasses import dataclass
from fractions import Fraction

# By OpenTelemetry's name of a provider: LiteLLM's prefix of its models, and its variable of a key.
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
_DEPLOYMENT_PROVIDERS = frozenset({"azure.ai.openai"})
"""Providers where LiteLLM names the deployment, which only its owner knows, not the model."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model at a provider, and the service tier to request; None leaves it to the client."""

    provider: str
    model: str
    service_tier: str | None = None


def weights(share: Fraction) -> tuple[int, int]:
    """Whole weights of source and target that split traffic exactly; their sum is 100 if it can be.

    The share is over 0 and under 1.
    """
    total = 100 if 100 % share.denominator == 0 else share.denominator
    return total - int(share * total), int(share * total)


def model_list(source: Deployment, target: Deployment, share: Fraction) -> str:
    """The YAML, ready to paste. Capital letters stand for what only its owner knows."""
    source_weight, target_weight = weights(share)
    name = json.dumps(source.model)
    lines = [
        "model_list:",
        *entry(name, source, source_weight),
        *entry(name, target, target_weight),
    ]
    return "\n".join((*lines, ""))


def entry(name: str, deployment: Deployment, weight: int | None) -> list[str]:
    """The lines of one deployment behind a `model_name` in quotes; None leaves the weight out."""
    prefix, variable = _PROVIDERS.get(deployment.provider, ("PROVIDER", "API_KEY"))
    owner_names_it = deployment.provider in _DEPLOYMENT_PROVIDERS
    model = "YOUR-DEPLOYMENT" if owner_names_it else deployment.model
    lines = [
        f"  - model_name: {name}",
        "    litellm_params:",
        f"      model: {json.dumps(f'{prefix}/{model}')}",
        f"      api_key: os.environ/{variable}",
    ]
    if weight is not None:
        lines.append(f"      weight: {weight}")
    if deployment.service_tier:
        lines.append(f"      service_tier: {deployment.service_tier}")
    return lines
