"""A proxy for trials on loopback: it answers chat completions as a test plans, and keeps books.

A prompt ends with its number. Which answer a model gives to it, and how the call goes, is up to the
test; what was answered, and with how many tokens, is counted here.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests import processes

USD_PER_MTOK = {
    "gpt-4.1": (Fraction(2), Fraction("0.5"), Fraction(8)),
    "gpt-4.1-mini": (Fraction("0.4"), Fraction("0.1"), Fraction("1.6")),
    "claude-sonnet-4-5": (Fraction(3), Fraction("0.3"), Fraction(15)),
}
"""What input, cached input and output cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """How a call goes: with a status, an answer, and fields in place of the usual ones."""

    text: str = "yes"
    status: int = 200
    error: Mapping[str, object] | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    seconds: float = 0.0
    hangs_up: bool = False


Plan = Callable[[str, int, int], Planned]
"""By model, number of the prompt, and which attempt it is, counted from 0."""


def right_until(**percentages: int) -> Plan:
    """Each model (with _ for - and .) answers so many of each hundred prompts right."""

    def plan(model: str, number: int, _attempt: int) -> Planned:
        share = percentages[model.replace("-", "_").replace(".", "_")]
        return Planned(text="yes" if number * 37 % 100 < share else "no")

    return plan


@dataclass(slots=True)
class Upstream:
    """The proxy's own books."""

    plan: Plan
    calls: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Attempts by model and prompt."""
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    tokens: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By model, and input, cached or output."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    port: int = 0
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://{processes.LOOPBACK}:{self.port}"

    def usd(self, *models: str) -> Fraction:
        """What its answers cost, of some models or of all."""
        return sum((self._usd(model) for model in models or USD_PER_MTOK), Fraction(0))

    def _usd(self, model: str) -> Fraction:
        sent, cached, written = (
            self.tokens[model, meter] for meter in ("input", "cached", "output")
        )
        rates = USD_PER_MTOK[model]
        return ((sent - cached) * rates[0] + cached * rates[1] + written * rates[2]) / 10**6

    def respond(self, body: dict[str, Any], headers: dict[str, str]) -> tuple[Planned, bytes]:
        """How a request goes, and the bytes of its answer."""
        model = body["model"]
        number = number_of(body)
        with self._lock:
            attempt = self.calls[model, number]
            self.calls[model, number] += 1
            self.requests.append(body)
            self.headers.append(headers)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        planned = self.plan(model, number, attempt)
        time.sleep(planned.seconds)
        with self._lock:
            self._at_once -= 1
        if planned.raw is not None:
            return planned, planned.raw
        if planned.status != 200:
            return planned, json.dumps({"error": planned.error or {}}).encode()
        return planned, json.dumps(self._completion(planned, model, number)).encode()

    def _completion(self, planned: Planned, model: str, number: int) -> dict[str, object]:
        usage = {
            "prompt_tokens": 100 + number,
            "completion_tokens": 7 + number % 3,
            "total_tokens": 107 + number + number % 3,
            "prompt_tokens_details": {"cached_tokens": 64},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }
        with self._lock:
            self.answered[model, number] += 1
            self.tokens[model, "input"] += 100 + number
            self.tokens[model, "cached"] += 64
            self.tokens[model, "output"] += 7 + number % 3
        message = {"role": "assistant", "content": planned.text}
        return {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1_795_464_000,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage,
            **planned.fields,
        }


def number_of(body: Mapping[str, Any]) -> int:
    """The number that a prompt ends with, also of one that a judge is shown."""
    content = str(body["messages"][-1]["content"])
    if content.startswith('{"task"'):
        content = json.loads(content)["task"][-1]["content"]
    return int(content.split()[-1])


@contextmanager
def serve(plan: Plan) -> Iterator[Upstream]:
    """A proxy that runs in threads of this process."""
    upstream = Upstream(plan)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            planned, content = upstream.respond(
                body, {name.lower(): text for name, text in self.headers.items()}
            )
            if planned.hangs_up:
                self.close_connection = True
                return
            lines = [f"HTTP/1.1 {planned.status} Planned", f"Content-Length: {len(content)}"]
            lines += [f"{name}: {value}" for name, value in planned.headers.items()]
            head = "\r\n".join((*lines, "Content-Type: application/json", "", ""))
            # In one write: two would wait for each other's acknowledgement.
            self.wfile.write(head.encode() + content)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is no news."""

    server = Server((processes.LOOPBACK, 0), Handler)
    upstream.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
