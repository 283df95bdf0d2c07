"""A LiteLLM configuration that mirrors a share of one model's requests to another. Pure; no keys.

LiteLLM sends a copy of each request of a deployment to its `silent_model`, in the background:
https://docs.litellm.ai/docs/traffic_mirroring. It has no share of its own, so two deployments of
the same model stand beside each other, of which one mirrors; its default routing picks between them
by `weight`: https://docs.litellm.ai/docs/routing. Read in `litellm/router.py` of LiteLLM 1.108.7.
"""

import json
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from advisor.trial import routing
from advisor.trial.routing import Deployment
from ledger.errors import UsageError

_FINEST = Decimal("1e-6")


def parse_share(text: str) -> Fraction:
    """The share of a text such as `5%` or `0.05`. Raises UsageError."""
    digits, is_percentage = text.strip().removesuffix("%").strip()[:32], text.strip()[-1:] == "%"
    try:
        number = Decimal(digits) / (100 if is_percentage else 1)
        fits = number.is_finite() and 0 < number <= 1 and number.quantize(_FINEST) == number
    except InvalidOperation:
        fits = False
    if not fits:
        raise UsageError(
            f"--share {text[:32]}: write a share over 0 % and at most 100 %, such as 5%"
        )
    return Fraction(number)


def model_list(source: Deployment, target: Deployment, share: Fraction) -> str:
    """The YAML, ready to paste. Capital letters stand for what only its owner knows."""
    mirror = f"      silent_model: {json.dumps(target.model)}"
    name = json.dumps(source.model)
    lines = ["model_list:"]
    if share < 1:
        rest_weight, mirrored_weight = routing.weights(share)
        lines += routing.entry(name, source, rest_weight)
        lines += [*routing.entry(name, source, mirrored_weight), mirror]
    else:
        lines += [*routing.entry(name, source, None), mirror]
    lines += routing.entry(json.dumps(target.model), target, None)
    return "\n".join((*lines, ""))
