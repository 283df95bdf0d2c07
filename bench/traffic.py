"""The events that benchmarks send: 18 fields, some 440 bytes, times in order, 100 label sets.

They are the same for every server.
"""

import gzip
import json
from collections.abc import Iterable

from ledger import clock
from ledger.events import Labels

START_US = clock.now_us() - 2 * clock.HOUR_US
"""The time of event 0; a million events later it is a quarter of an hour on."""
_MODELS = (
    "gpt-4.1-2025-04-14",
    "gpt-4.1-mini-2025-04-14",
    "gpt-4o-2024-08-06",
    "claude-sonnet-4-5",
    "o4-mini",
)


def event(number: int, start_us: int) -> dict[str, object]:
    """The event of a number, a millisecond after the one before it."""
    return {
        "id": f"chatcmpl-{number:026d}",
        "time": clock.rfc3339(start_us + number * 1_000),
        "provider": "openai",
        "model": _MODELS[number % 5],
        "request_model": _MODELS[number % 5],
        "project": f"project-{number % 10}",
        "workload": ("classify", "answer")[number // 10 % 2],
        "key": "key-of-the-proxy",
        "input_tokens": 800 + number % 1_000,
        "cached_input_tokens": number % 500,
        "cache_write_input_tokens": 0,
        "output_tokens": 10 + number % 90,
        "reasoning_tokens": number % 10,
        "service_tier": "default",
        "status": "success",
        "latency_ms": 300 + number % 700,
        "first_token_ms": 100 + number % 200,
        "retry_count": 0,
    }


def labels(
    *, model: str, project: str, workload: str, status: str = "success", key: str = "key"
) -> Labels:
    """The label set of events whose provider reported their usage."""
    return Labels(
        namespace="bench",
        provider="openai",
        model=model,
        request_model="gpt-4.1",
        service_tier="standard",
        service_tier_requested="standard",
        context_band=0,
        features=0,
        usage_source="provider",
        status=status,
        project=project,
        workload=workload,
        key=key,
    )


def batch(start_us: int, numbers: Iterable[int]) -> bytes:
    """The body of a post of these events."""
    return json.dumps([event(number, start_us) for number in numbers]).encode()


def singles(path: str, start_us: int, first: int, count: int) -> list[bytes]:
    """Requests of one event each."""
    return [
        _post(path, json.dumps(event(number, start_us)).encode())
        for number in range(first, first + count)
    ]


def batches(
    path: str, start_us: int, first: int, count: int, size: int, packing: str
) -> list[bytes]:
    """Requests of `size` events each; packing: `array`, `lines` or `gzip` (of lines)."""
    requests = []
    for start in range(first, first + count * size, size):
        events = [event(number, start_us) for number in range(start, start + size)]
        lines = [json.dumps(one).encode() for one in events]
        body = json.dumps(events).encode() if packing == "array" else b"\n".join(lines)
        requests.append(
            _post(path, gzip.compress(body, 6), "gzip") if packing == "gzip" else _post(path, body)
        )
    return requests


def _post(path: str, body: bytes, encoding: str = "identity") -> bytes:
    head = (
        f"POST {path} HTTP/1.1",
        "Host: bench",
        "Content-Type: application/json",
        f"Content-Encoding: {encoding}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode() + body
