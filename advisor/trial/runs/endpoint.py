"""Calls to an OpenAI-compatible endpoint with the official library: bounded, counted, timed.

The only user of that library. Neither a body nor an error message leaves this file: what failed is
told by a status and by names that look like names.
"""

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import httpx2
import msgspec

from advisor.trial.runs import answers
from ledger import clock
from ledger.errors import UsageError

MOST_RETRIES = 4
"""How often the library tries again: after a rate limit, a fault of the server, or no answer."""
_TOTAL_SECONDS = 30 * 60
_PARTIAL_STATUSES = frozenset({408, 502, 504})
"""Statuses of a request that may have reached the model, and been billed."""
_NO_ACCESS = frozenset({401, 403})
_LIBRARIES = ("openai", "jsonschema", "referencing")
INSTALL = "make trial, or: pip install 'switchwise[trial]'"


@dataclass(slots=True)
class Attempts:
    """How often a call went out, and how often it ended without an answer."""

    total: int = 0
    unclear: int = 0
    last_began_seconds: float = 0.0
    """When the last attempt went out, on the clock of durations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """What came of a call: the bytes of its answer, or why there are none."""

    content: bytes = b""
    failure: str = ""
    is_final: bool = False
    """Whether the same request would fail again."""
    stops_run: bool = False
    """Whether no other request of this model could succeed either."""
    attempts: Attempts
    latency_ms: int = 0
    """Of the attempt that was answered: waits for a rate limit are no latency of the model."""


_attempts: contextvars.ContextVar[Attempts] = contextvars.ContextVar("attempts")


def check_installed() -> None:
    """Raise UsageError with the command that installs what a trial needs, where it is missing."""
    for library in _LIBRARIES:
        try:
            import_module(library)
        except ModuleNotFoundError as error:
            raise UsageError(
                f"a trial needs the library {library}, which is not installed;"
                f" install it with: {INSTALL}"
            ) from error


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends after so many bytes, whatever the endpoint goes on to send."""

    def __init__(self, stream: httpx2.AsyncByteStream, attempts: Attempts) -> None:
        self._stream = stream
        self._attempts = attempts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._stream:
                size += len(chunk)
                yield chunk
                if size > answers.MOST_BYTES:
                    return
        except httpx2.TransportError:
            self._attempts.unclear += 1
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Transport(httpx2.AsyncHTTPTransport):
    """Counts each attempt, and bounds what it answers. Bodies are plain: none can be inflated."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        attempts = _attempts.get()
        attempts.total += 1
        attempts.last_began_seconds = clock.monotonic_seconds()
        request.headers["Accept-Encoding"] = "identity"
        try:
            response = await super().handle_async_request(request)
        except httpx2.ConnectError:
            raise
        except httpx2.TransportError:
            attempts.unclear += 1
            raise
        if response.status_code in _PARTIAL_STATUSES:
            attempts.unclear += 1
        stream = response.stream
        if not isinstance(stream, httpx2.AsyncByteStream):
            return response
        headers = [
            (name, value)
            for name, value in response.headers.raw
            if name.lower() != b"content-encoding"
        ]
        return httpx2.Response(
            status_code=response.status_code,
            headers=headers,
            stream=_Bounded(stream, attempts),
            extensions=response.extensions,
        )


class Endpoint:
    """An open client of one endpoint."""

    def __init__(self, client: Any, library: Any) -> None:
        self._client = client
        self._library = library

    async def complete(self, body: Mapping[str, Any], idempotency_key: str) -> CallResult:
        """Send one request of chat completions. Failures are results, not exceptions."""
        attempts = Attempts()
        _attempts.set(attempts)
        try:
            async with asyncio.timeout(_TOTAL_SECONDS):
                response = await self._client.chat.completions.with_raw_response.create(
                    **body, extra_headers={"Idempotency-Key": idempotency_key}
                )
        except TimeoutError:
            attempts.unclear += 1
            return CallResult(failure="timeout", attempts=attempts)
        except self._library.APITimeoutError:
            return CallResult(failure="timeout", attempts=attempts)
        except self._library.APIConnectionError:
            return CallResult(failure="no_connection", attempts=attempts)
        except self._library.APIStatusError as error:
            return _refusal(error.status_code, error.response.content, attempts)
        except (self._library.OpenAIError, httpx2.HTTPError):
            return CallResult(failure="odd_answer", is_final=True, attempts=attempts)
        seconds = clock.monotonic_seconds() - attempts.last_began_seconds
        return CallResult(
            content=response.content, attempts=attempts, latency_ms=round(seconds * 1_000)
        )


@asynccontextmanager
async def open_endpoint(url: str, key: str, connections: int) -> AsyncIterator[Endpoint]:
    """A client of the endpoint at `url`, closed at the end.

    It follows no redirect, as that would carry prompts to another host.
    """
    import openai

    library: Any = openai
    # The library logs for whoever sets OPENAI_LOG; a trial's log holds nothing of its requests.
    for name in ("openai", "httpx2", "httpcore2", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.ERROR)
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    transport = _Transport(limits=limits, trust_env=True)
    async with httpx2.AsyncClient(
        transport=transport, follow_redirects=False, timeout=httpx2.Timeout(600, connect=10)
    ) as http_client:
        client = library.AsyncOpenAI(
            api_key=key, base_url=url, max_retries=MOST_RETRIES, http_client=http_client
        )
        yield Endpoint(client, library)


def _refusal(status: int, content: bytes, attempts: Attempts) -> CallResult:
    """A status that is no success, in words of ours: what an endpoint says may quote a prompt."""
    error = _error_of(content)
    names = [answers.word(error.get(name)) for name in ("code", "type", "param")]
    details = " ".join(dict.fromkeys(name for name in names if name and name != str(status)))
    is_passing = status in (408, 409, 429) or status >= 500
    says_unknown = status in (400, 404, 422) and _says_unknown_model(error, names)
    reason = "unknown_model" if says_unknown else f"http_{status}"
    return CallResult(
        failure=f"{reason} ({details})" if details and not says_unknown else reason,
        is_final=not is_passing,
        stops_run=says_unknown or status in _NO_ACCESS or status == 404 or 300 <= status < 400,
        attempts=attempts,
    )


def _error_of(content: bytes) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return {}
    for name in ("error", "detail"):
        error = body.get(name)
        if isinstance(error, dict):
            return _error_of(msgspec.json.encode(error)) if "error" in error else error
        if isinstance(error, str):
            return {"message": error}
    return body


def _says_unknown_model(error: Mapping[str, Any], names: list[str]) -> bool:
    message = error.get("message")
    text = message[:2_000].lower() if isinstance(message, str) else ""
    return (
        bool({"model_not_found", "model_not_available", "invalid_model"} & set(names))
        or "invalid model name" in text
        or ("model" in text and ("does not exist" in text or "not found" in text))
    )
