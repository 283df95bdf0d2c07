"""What a LiteLLM payload says of usage: counts, meters, modifiers and its own cost. Pure."""

import re
from typing import TypedDict, TypeVar

import msgspec

from collector.parsing import fields, rare
from collector.parsing import litellm_payload as wire
from collector.parsing.reading import Rejected
from ledger import events
from ledger.tokens import TokenCounts

T = TypeVar("T")

_USAGE = msgspec.json.Decoder(wire.Usage)
_OUTPUT = msgspec.json.Decoder(list[wire.OutputItem])
_NO_WRITES, _NO_TOOLS, _NO_USAGE = wire.CacheWrites(), wire.ServerTools(), wire.Usage()
_NO_INPUT_DETAILS, _NO_OUTPUT_DETAILS = wire.InputDetails(), wire.OutputDetails()
_FEE_METERS = ("web_searches", "file_searches", "code_sessions", "images")
_TOOL_CALLS = {
    "web_search_call": "web_searches",
    "file_search_call": "file_searches",
    "code_interpreter_call": "code_sessions",
    "image_generation_call": "images",
}
"""By the type of an output item of the Responses API, the meter of its fee."""
_REASONING_APART = frozenset({"perplexity"})
"""LiteLLM's names of the providers whose output never includes their reasoning."""
_IMAGE_CALLS = re.compile(r"_?a?image_(generation|edit|variation)$")
_RERANK_CALLS = re.compile(r"_?a?rerank$")


class Counts(TypedDict, total=False):
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    input_audio_tokens: int | None
    output_audio_tokens: int | None


def read_section(decoder: msgspec.json.Decoder[T], raw: msgspec.Raw, unknown: T) -> T:
    """A section that may hold anything: the fields of it that we read, or unknown."""
    if bytes(memoryview(raw)[:1]) != b"{":
        return unknown
    section = fields.decode(decoder, raw)
    return unknown if isinstance(section, Rejected) else section


def find_usage(payload: wire.Payload, response: wire.Response) -> wire.Usage:
    """What the payload says of usage; the provider's own answer where LiteLLM says nothing."""
    usage = (payload.metadata and payload.metadata.usage_object) or _NO_USAGE
    if payload.prompt_tokens or payload.completion_tokens or usage.input_tokens:
        return usage
    answered = read_section(_USAGE, response.usage, _NO_USAGE)
    return answered if answered.input_tokens or answered.output_tokens else usage


def details(usage: wire.Usage) -> tuple[wire.InputDetails, wire.OutputDetails]:
    return (
        usage.prompt_tokens_details or usage.input_tokens_details or _NO_INPUT_DETAILS,
        usage.completion_tokens_details or usage.output_tokens_details or _NO_OUTPUT_DETAILS,
    )


def totals(payload: wire.Payload, usage: wire.Usage) -> tuple[int | None, int | None]:
    """Input and output tokens; a provider's own answer, as of a batch, has its names for them."""
    if payload.prompt_tokens or payload.completion_tokens:
        return _whole_input(payload, usage), _whole_output(payload, usage)
    if usage.input_tokens or usage.output_tokens:
        return usage.input_tokens or 0, usage.output_tokens or 0
    return payload.prompt_tokens, payload.completion_tokens


def _whole_input(payload: wire.Payload, usage: wire.Usage) -> int | None:
    """The input with its cached parts, also where a route reports them beside each other.

    That is certain only where the parts exceed the input and LiteLLM's total is the sum of all.
    """
    sent, answered = payload.prompt_tokens or 0, payload.completion_tokens or 0
    if payload.total_tokens is None or payload.total_tokens == sent + answered:
        return payload.prompt_tokens
    cached, cache_write = _cached_parts(usage)
    parts = (cached or 0) + (cache_write or 0)
    is_apart = parts > sent and payload.total_tokens == sent + parts + answered
    return sent + parts if is_apart else payload.prompt_tokens


def _whole_output(payload: wire.Payload, usage: wire.Usage) -> int | None:
    """The output with its reasoning, also where a provider reports them beside each other.

    That is certain where the reasoning exceeds the output or LiteLLM's total is the sum of all.
    Perplexity always does so: https://docs.perplexity.ai/getting-started/pricing.
    """
    details = usage.completion_tokens_details
    reasoning = details.reasoning_tokens if details is not None else None
    if not reasoning:
        return payload.completion_tokens
    answered = payload.completion_tokens or 0
    is_apart = (
        reasoning > answered
        or payload.custom_llm_provider in _REASONING_APART
        or payload.total_tokens == (payload.prompt_tokens or 0) + answered + reasoning
    )
    return answered + reasoning if is_apart else payload.completion_tokens


def _cached_parts(usage: wire.Usage) -> tuple[int | None, int | None]:
    """Tokens read from the cache, and written to it.

    LiteLLM has three names for the tokens written, and mirrors them in newer releases only. Some
    routes give none of them and say how long the tokens stay there.
    """
    input_details, _ = details(usage)
    cached = input_details.cached_tokens
    cache_write = input_details.cache_write_tokens
    if not cache_write:
        created, sent = input_details.cache_creation_tokens, usage.cache_creation_input_tokens
        writes = input_details.cache_creation_token_details or usage.cache_creation
        written = created or sent or (_sum_of_writes(writes) if writes is not None else 0)
        if written:
            cache_write = written
        elif cache_write is None:
            cache_write = sent if created is None else created
    return usage.cache_read_input_tokens if cached is None else cached, cache_write


def _sum_of_writes(writes: wire.CacheWrites) -> int:
    return (
        (writes.ephemeral_5m_input_tokens or 0)
        + (writes.ephemeral_30m_input_tokens or 0)
        + (writes.ephemeral_1h_input_tokens or 0)
        + (writes.ephemeral_12h_input_tokens or 0)
    )


def counts(payload: wire.Payload, usage: wire.Usage) -> Counts:
    """The token counts. For every provider behind LiteLLM, totals include their parts.

    So input includes cached and cache-write tokens, and output includes reasoning tokens.
    """
    input_details, output_details = details(usage)
    cached, cache_write = _cached_parts(usage)
    input_tokens, output_tokens = totals(payload, usage)
    return {
        "input_tokens": input_tokens,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": cache_write,
        "output_tokens": output_tokens,
        "reasoning_tokens": output_details.reasoning_tokens,
        "input_audio_tokens": input_details.audio_tokens,
        "output_audio_tokens": output_details.audio_tokens,
    }


def quantities(
    payload: wire.Payload, usage: wire.Usage, response: wire.Response
) -> rare.Quantities:
    """The quantities of what few requests have."""
    if not _may_have_meters(payload, usage, response):
        return ()
    input_details, output_details = details(usage)
    writes = input_details.cache_creation_token_details or usage.cache_creation or _NO_WRITES
    tools = usage.server_tool_use or _NO_TOOLS
    input_tokens, output_tokens = totals(payload, usage)
    call_type = payload.call_type or ""
    image_tokens = output_details.image_tokens
    if image_tokens is None and _IMAGE_CALLS.match(call_type):
        image_tokens = output_tokens
    by_meter = (
        _provider_tools(usage)
        | _tool_calls(response)
        | {
            "cache_write_1h_input_tokens": writes.ephemeral_1h_input_tokens,
            "input_image_tokens": input_details.image_tokens,
            "input_video_tokens": input_details.video_tokens,
            "output_image_tokens": image_tokens,
            "output_video_tokens": output_details.video_tokens,
            "citation_tokens": output_details.citation_tokens or usage.citation_tokens,
            "unaccounted_tokens": rare.unaccounted_tokens(
                payload.total_tokens, (input_tokens, output_tokens)
            ),
            "input_audio_ms": _milliseconds(usage.seconds) if usage.type == "duration" else None,
            "rerank_searches": (usage.search_units or 1)
            if _RERANK_CALLS.match(call_type)
            else None,
        }
    )
    searches = tools.web_search_requests or input_details.web_search_requests
    by_meter["web_searches"] = searches or usage.num_search_queries or by_meter.get("web_searches")
    long_writes = (writes.ephemeral_30m_input_tokens or 0) + (
        writes.ephemeral_12h_input_tokens or 0
    )
    by_meter["cache_write_other_input_tokens"] = long_writes
    if not any(by_meter.get(meter) for meter in _FEE_METERS) and _tool_cost(payload):
        by_meter["tool_calls"] = 1
    return rare.quantities(rare.fit_parts(by_meter, _plain_tokens(counts(payload, usage))))


def sender_cost_pico_usd(payload: wire.Payload, usage: wire.Usage) -> int | None:
    """What the proxy, else the provider, says that it cost; None for nothing, or 0 for unknown."""
    return fields.pico_usd(payload.response_cost or usage.cost) or None


def modifiers(payload: wire.Payload, usage: wire.Usage) -> str:
    residency = payload.cost_breakdown.data_residency if payload.cost_breakdown else None
    if usage.inference_geo is None and usage.speed is None and residency is None:
        return ""
    return rare.modifiers(geography=usage.inference_geo or residency, speed=usage.speed)


def _may_have_meters(payload: wire.Payload, usage: wire.Usage, response: wire.Response) -> bool:
    """Whether a payload must be looked at for meters. Most need not, and this runs for each."""
    details, answer_details = usage.prompt_tokens_details, usage.completion_tokens_details
    call_type, breakdown = payload.call_type or "", payload.cost_breakdown
    return (
        (payload.total_tokens or 0)
        > (payload.prompt_tokens or 0) + (payload.completion_tokens or 0)
        or (details is not None and _has_rare_input(details))
        or (answer_details is not None and _has_rare_output(answer_details))
        or (breakdown is not None and bool(breakdown.tool_usage_cost))
        or usage.server_tool_use is not None
        or usage.server_side_tool_usage_details is not None
        or usage.cache_creation is not None
        or usage.seconds is not None
        or usage.num_search_queries is not None
        or usage.citation_tokens is not None
        or len(memoryview(response.output)) > 0
        or "rerank" in call_type
        or "image" in call_type
    )


def _has_rare_input(details: wire.InputDetails) -> bool:
    return bool(
        details.cache_creation_token_details
        or details.image_tokens
        or details.video_tokens
        or details.web_search_requests
    )


def _has_rare_output(details: wire.OutputDetails) -> bool:
    return bool(details.image_tokens or details.video_tokens or details.citation_tokens)


def _tool_calls(response: wire.Response) -> dict[str, int | None]:
    """The calls of built-in tools among the output items of the Responses API."""
    raw = response.output
    if bytes(memoryview(raw)[:1]) != b"[":
        return {}
    items = fields.decode(_OUTPUT, raw)
    calls: dict[str, int | None] = {}
    for item in () if isinstance(items, Rejected) else items:
        meter = _TOOL_CALLS.get(item.type or "")
        if meter is not None and item.status != "failed":
            calls[meter] = (calls.get(meter) or 0) + 1
    return calls


def _provider_tools(usage: wire.Usage) -> dict[str, int | None]:
    """The calls of xAI's tools that have a fee: https://docs.x.ai/developers/pricing.md."""
    tools = usage.server_side_tool_usage_details
    if tools is None:
        return {}
    return {
        "web_searches": tools.web_search_calls,
        "file_searches": (tools.file_search_calls or 0) + (tools.document_search_calls or 0),
        "code_sessions": tools.code_interpreter_calls,
        "tool_calls": tools.x_search_calls,
    }


def _tool_cost(payload: wire.Payload) -> bool:
    """Whether the proxy says that tools cost something."""
    return bool(payload.cost_breakdown and payload.cost_breakdown.tool_usage_cost)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else min(round(seconds * 1_000), events.MAX_COUNT)


def _plain_tokens(known: Counts) -> TokenCounts:
    return TokenCounts(
        input_tokens=known["input_tokens"] or 0,
        cached_input_tokens=known["cached_input_tokens"] or 0,
        cache_write_input_tokens=known["cache_write_input_tokens"] or 0,
        output_tokens=known["output_tokens"] or 0,
        input_audio_tokens=known["input_audio_tokens"] or 0,
        output_audio_tokens=known["output_audio_tokens"] or 0,
    )
