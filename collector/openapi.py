"""What the write API says about itself in `/openapi.json`: bodies, answers, refusals. Data only."""

from typing import Any, get_args

from fastapi import Response
from pydantic import BaseModel

from collector.receipts import NativeReceipt, Receipt
from ledger import events

Document = dict[str, Any]


class Refused(BaseModel):
    """The one shape of error: what is wrong, and what to do about it."""

    error: str


_COUNT: Document = {"type": ["integer", "null"], "minimum": 0, "maximum": events.MAX_COUNT}
_TEXT: Document = {"type": ["string", "null"]}
_TEXTS = (
    "provider",
    "model",
    "request_model",
    "project",
    "workload",
    "key",
    "service_tier",
    "service_tier_requested",
)
_COUNTS = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "latency_ms",
    "first_token_ms",
    "retry_count",
)
_NATIVE_EVENT: Document = {
    "type": "object",
    "required": ["id", "time", "model"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "time": {
            "description": "RFC 3339 with an offset, or epoch seconds",
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number", "minimum": 0}],
        },
        **dict.fromkeys(_TEXTS, _TEXT),
        **dict.fromkeys(_COUNTS, _COUNT),
        "status": {"enum": [*get_args(events.Status), None]},
        "usage_source": {"enum": [*get_args(events.UsageSource), None]},
        "features": {"type": ["array", "null"], "items": {"enum": list(events.FEATURE_NAMES)}},
    },
    "example": {
        "id": "req_7f3a",
        "time": "2026-11-23T19:58:04.120Z",
        "provider": "openai",
        "model": "gpt-4.1-2025-04-14",
        "project": "support",
        "workload": "classify",
        "input_tokens": 1840,
        "cached_input_tokens": 1024,
        "output_tokens": 12,
    },
}
_LITELLM_PAYLOAD: Document = {
    "type": "object",
    "description": "LiteLLM's StandardLoggingPayload, unmodified",
    "required": ["id", "status", "startTime"],
    "properties": {
        "id": {"type": "string"},
        "status": {"enum": ["success", "failure"]},
        "startTime": {"type": "number", "description": "epoch seconds"},
        "model": _TEXT,
        "prompt_tokens": _COUNT,
        "completion_tokens": _COUNT,
    },
}
_REFUSALS = {
    400: "No element of the body was complete; do not send it again",
    401: "No valid API key",
    403: "The key may not write",
    408: "The body stopped arriving",
    413: "The body is larger than this route takes; send fewer events at once",
    415: "A content encoding other than identity and gzip",
    503: "Nothing was acknowledged; send it again after Retry-After seconds",
}


def _body(element: Document) -> Document:
    """One element, an array of them, or one a line: told apart by the first byte, whatever the content type says."""
    document = {"anyOf": [element, {"type": "array", "items": element}]}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": document}}}
    }


def _answers(receipt: type[Receipt]) -> dict[int | str, Document]:
    refusals: dict[int | str, Document] = {
        status: {"model": Refused, "description": description}
        for status, description in _REFUSALS.items()
    }
    return {
        200: {"model": receipt, "description": "Committed: what became of each element"},
        **refusals,
    }


NATIVE: Document = {"openapi_extra": _body(_NATIVE_EVENT), "responses": _answers(NativeReceipt)}
LITELLM: Document = {"openapi_extra": _body(_LITELLM_PAYLOAD), "responses": _answers(Receipt)}
PROBE: Document = {
    "responses": {503: {"model": Refused, "description": "Not now; the reason is in `error`"}}
}
_SCRAPE_REFUSALS = {
    401: _REFUSALS[401],
    403: "The key may not scrape",
    503: "Ask again after Retry-After seconds",
}
METRICS: Document = {
    "response_class": Response,
    "responses": {
        status: {"model": Refused, "description": says} for status, says in _SCRAPE_REFUSALS.items()
    },
}
