"""What an endpoint answered, checked field by field: nothing in it is taken on trust. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from advisor.evidence.rows import MOST_TOKENS
from ledger.tokens import TokenCounts

MOST_BYTES = 8 * 2**20
"""An answer of more bytes than this is not read to its end."""
_NAME = re.compile(r"[\w.:/@+-]{1,128}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_.]{0,63}(\[\d{1,4}\][a-z0-9_.]{0,63})?")
_FINISHES = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})


class OddAnswer(ValueError):
    """An answer that is none: its reason is one of our own words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AnswerUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of an answer as its endpoint counted them; a part that it did not say is None."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    reasoning_tokens: int | None = None

    @property
    def counts(self) -> TokenCounts:
        """The counts as they are priced: a part that is unknown is ordinary input."""
        return TokenCounts(
            input_tokens=self.input_tokens,
            cached_input_tokens=self.cached_input_tokens or 0,
            cache_write_input_tokens=self.cache_write_input_tokens or 0,
            output_tokens=self.output_tokens,
            reasoning_tokens=self.reasoning_tokens or 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """An answer with its text, which stays in memory, and what is recorded of it."""

    text: str
    usage: AnswerUsage | None
    model: str
    service_tier: str
    finish: str


def parse(content: bytes) -> ModelAnswer:
    """The answer in a body of chat completions. Raises OddAnswer."""
    if len(content) > MOST_BYTES:
        raise OddAnswer("too_large")
    try:
        body = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise OddAnswer("odd_json") from error
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise OddAnswer("no_choices")
    return ModelAnswer(
        text=_text(message),
        usage=_usage(body.get("usage")),
        model=name(body.get("model")),
        service_tier=word(body.get("service_tier")),
        finish=finish if (finish := word(choice.get("finish_reason"))) in _FINISHES else "",
    )


def usage_of(content: bytes) -> AnswerUsage | None:
    """The usage of a body that need not hold an answer; None where it says none."""
    try:
        return _usage(msgspec.json.decode(content, type=dict[str, Any]).get("usage"))
    except (msgspec.DecodeError, RecursionError):
        return None


def name(text: object) -> str:
    """The name of a model that an endpoint sent, where it looks like one; else empty."""
    return text if isinstance(text, str) and _NAME.fullmatch(text) else ""


def word(text: object) -> str:
    """A code that an endpoint sent, where it looks like one; else empty, as it may be any text."""
    return text if isinstance(text, str) and _WORD.fullmatch(text) else ""


def _text(message: Mapping[str, Any]) -> str:
    """The content; where there is none, the calls of tools as JSON."""
    content = message.get("content")
    if isinstance(content, str) and content:
        return content
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    calls = message.get("tool_calls")
    functions = [
        call["function"]
        for call in (calls if isinstance(calls, list) else ())
        if isinstance(call, dict) and isinstance(call.get("function"), dict)
    ]
    if not functions:
        return ""
    tool_calls = [{"name": call.get("name"), "arguments": _arguments(call)} for call in functions]
    return msgspec.json.encode(tool_calls).decode()


def _arguments(function: Mapping[str, Any]) -> object:
    arguments = function.get("arguments")
    try:
        return msgspec.json.decode(arguments) if isinstance(arguments, str) else arguments
    except (msgspec.DecodeError, RecursionError):
        return arguments


def _usage(usage: object) -> AnswerUsage | None:
    """The usage, where its counts agree with each other; else None: odd counts price nothing."""
    if not isinstance(usage, dict):
        return None
    sent, written = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if sent is None or written is None:
        return None
    input_details, output_details = (
        details if isinstance(details := usage.get(section), dict) else {}
        for section in ("prompt_tokens_details", "completion_tokens_details")
    )
    cached = _count(input_details.get("cached_tokens"))
    cache_write = _count(
        usage.get("cache_creation_input_tokens", input_details.get("cache_write_tokens"))
    )
    reasoning = _count(output_details.get("reasoning_tokens"))
    if (cached or 0) + (cache_write or 0) > sent or (reasoning or 0) > written:
        return None
    return AnswerUsage(
        input_tokens=sent,
        output_tokens=written,
        cached_input_tokens=cached,
        cache_write_input_tokens=cache_write,
        reasoning_tokens=reasoning,
    )


def _count(number: object) -> int | None:
    is_count = isinstance(number, int) and not isinstance(number, bool)
    return number if is_count and isinstance(number, int) and 0 <= number <= MOST_TOKENS else None
