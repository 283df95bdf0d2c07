"""The row that LiteLLM writes to its database for a call whose payload it sends."""

import json
from datetime import UTC, datetime
from typing import Any

_METADATA = (
    "usage_object",
    "user_api_key_alias",
    "user_api_key_team_id",
    "user_api_key_team_alias",
)


def row_of(payload: dict[str, Any]) -> dict[str, Any]:
    """The row of a payload, as LiteLLM makes one: spend_tracking_utils.get_logging_payload.

    The database cuts times to milliseconds. A failure is written at its end. A batch's row has a
    hash for an id, and an answer from the cache the time of its own writing in it.
    """
    is_failure = payload["status"] == "failure"
    request_id = str(payload["id"])
    if "_cache_hit" in request_id:
        request_id = f"{request_id.partition('_cache_hit')[0]}_cache_hit1795450000.123"
    if payload["call_type"] == "aretrieve_batch":
        request_id = "5d41402abc4b2a76b9719d911017c592"
    metadata = {name: payload["metadata"].get(name) for name in _METADATA}
    return {
        "request_id": request_id,
        "call_type": payload["call_type"],
        "api_key": payload["metadata"].get("user_api_key_hash") or "",
        "spend": payload["response_cost"],
        "total_tokens": payload["total_tokens"],
        "prompt_tokens": payload["prompt_tokens"],
        "completion_tokens": payload["completion_tokens"],
        "startTime": _time(payload["endTime" if is_failure else "startTime"]),
        "endTime": _time(payload["endTime"]),
        "model": payload["model"],
        "model_group": payload["model_group"] or "",
        "custom_llm_provider": payload["custom_llm_provider"] or "",
        "metadata": {
            **metadata,
            "status": payload["status"],
            "model_map_information": payload["model_map_information"],
            "cost_breakdown": payload.get("cost_breakdown"),
            "error_information": payload["error_information"] if is_failure else None,
        },
        "cache_hit": str(payload["cache_hit"]),
        "request_tags": payload["request_tags"],
        "team_id": payload["metadata"].get("user_api_key_team_id") or "",
        "status": payload["status"],
        "messages": {"content": "CANARY"},
        "response": {},
    }


def as_csv_has_it(row: dict[str, Any]) -> dict[str, Any]:
    """The same with JSON columns as text."""
    return {
        name: json.dumps(value) if isinstance(value, dict | list) else value
        for name, value in row.items()
    }


def _time(seconds: float) -> str:
    time = datetime.fromtimestamp(seconds, UTC)
    return time.replace(microsecond=time.microsecond // 1_000 * 1_000).isoformat()
