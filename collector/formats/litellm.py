"""LiteLLM's `generic_api` payloads, and the slimmer ones of our callback, as events. Pure; it never sees prompts or answers."""

import re
from typing import TypedDict, TypeVar

import msgspec

from collector.parsing import fields, label_sets
from collector.parsing import litellm_payload as wire
from collector.parsing.naming import Naming
from collector.parsing.reading import Ignored, Reading, Rejected
from ledger import events
from ledger.events import Event, UsageSource

_PAYLOAD = msgspec.json.Decoder(wire.Payload)
_PAYLOADS = msgspec.json.Decoder(list[wire.Payload])
_RESPONSE = msgspec.json.Decoder(wire.Response)
_PARAMETERS = msgspec.json.Decoder(wire.Parameters)
_FORMAT = msgspec.json.Decoder(wire.Format)
_TEXT = msgspec.json.Decoder(wire.Text)

_BATCH_POLLS = ("aretrieve_batch", "retrieve_batch")
# These read or tidy what an earlier call made, and some repeat its usage, so they never count.
_HOUSEKEEPING = re.compile(
    r"_?a?(retrieve|get|list|delete|cancel|file|vector_store|video)_|.*_mcp_tools?$"
)
# These make something other than an answer, and count only if they say that they used tokens.
_CREATION = re.compile(
    r"a?_?(create|upload|add)_|a?(search|ingest|query|run_code|code_interpreter_tool)$"
)

_CLIENT_GONE = "499"
_KEY_HASH_CHARACTERS = 12
_MAX_RETRY_DIGITS = 4

T = TypeVar("T")


class _Counts(TypedDict, total=False):
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    input_audio_tokens: int | None
    output_audio_tokens: int | None


def parse(element: bytes, naming: Naming) -> Reading:
    """The event of one payload; ignored if it is no request to a model."""
    payload = fields.decode(_PAYLOAD, element)
    return payload if isinstance(payload, Rejected) else _reading(payload, naming)


def parse_whole(body: bytes, naming: Naming) -> list[Reading] | None:
    """The same for each payload of a body, in one go; None if one of them does not read as a payload on its own line."""
    try:
        payloads = _PAYLOADS.decode(body) if body.startswith(b"[") else _PAYLOAD.decode_lines(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return [_reading(payload, naming) for payload in payloads] or None


def _reading(payload: wire.Payload, naming: Naming) -> Reading:
    if not payload.id:
        return Rejected("id is missing; send the payload's own id")
    if payload.status not in ("success", "failure"):
        return Rejected("status is neither success nor failure; send the payload's own status")
    call_type = payload.call_type or ""
    response = _section(_RESPONSE, payload.response, wire.Response())
    if call_type in _BATCH_POLLS:
        return _batch(payload, response, naming)
    if _HOUSEKEEPING.match(call_type) or (_CREATION.match(call_type) and not _has_tokens(payload)):
        return Ignored("the call type is no request to a model")
    return _request(payload, response, naming)


def _request(payload: wire.Payload, response: wire.Response, naming: Naming) -> Event | Rejected:
    start = payload.start_time
    occurred_at = None if start is None else fields.instant_us(start)
    if start is None or occurred_at is None:
        return Rejected(
            "startTime is no instant in epoch seconds; send the payload's own startTime"
        )
    parameters = _section(_PARAMETERS, payload.model_parameters, wire.Parameters())
    used = _usage(payload)
    source = _usage_source(payload)
    has_counts = source not in ("missing", "none")
    retry_count = _retry_count(payload)
    traits = label_sets.Traits(
        fields.tiers(response.service_tier or used.service_tier, parameters.service_tier),
        source,
        "cancelled" if _is_cancelled(payload) else str(payload.status),
        events.context_band(payload.prompt_tokens),
        _features(used, parameters)
        | _tagged(payload)
        | (events.FEATURE_CLIENT_RETRY if retry_count else 0),
    )
    streams = payload.stream or parameters.stream
    return Event(
        dedupe_key=f"litellm:{payload.id}:{payload.status}:{start:.6f}",
        occurred_at=occurred_at,
        labels=label_sets.labels(_said(payload, response), traits, naming),
        **(_counts(payload, used) if has_counts else _Counts()),
        latency_ms=fields.duration_ms(start, payload.end_time),
        first_token_ms=fields.duration_ms(start, payload.completion_start_time)
        if streams
        else None,
        retry_count=retry_count,
    )


def _batch(payload: wire.Payload, response: wire.Response, naming: Naming) -> Reading:
    """A poll of a completed batch carries all its tokens, each time: one event, at the batch's own time.

    Its latency and retries are the poll's. Its size says nothing of its requests', so it has no context band.
    """
    if response.status != "completed" or not _has_tokens(payload):
        return Ignored("the batch has not completed, or names no tokens")
    at = response.created_at if response.completed_at is None else response.completed_at
    occurred_at = None if at is None else fields.instant_us(at)
    if occurred_at is None:
        return Rejected(
            "the batch has neither completed_at nor created_at in epoch seconds; send the batch as answered"
        )
    traits = label_sets.Traits(("batch", "batch"), "provider", features=_tagged(payload))
    return Event(
        dedupe_key=f"litellm-batch:{payload.id}",
        occurred_at=occurred_at,
        labels=label_sets.labels(_said(payload, response), traits, naming),
        **_counts(payload, _usage(payload)),
    )


def _section(decoder: msgspec.json.Decoder[T], raw: msgspec.Raw, unknown: T) -> T:
    """A section that may hold anything: what we know of it, or unknown."""
    if bytes(memoryview(raw)[:1]) != b"{":
        return unknown
    found = fields.decode(decoder, raw)
    return unknown if isinstance(found, Rejected) else found


def _usage(payload: wire.Payload) -> wire.Usage:
    return (payload.metadata and payload.metadata.usage_object) or wire.Usage()


def _details(used: wire.Usage) -> tuple[wire.InputDetails, wire.OutputDetails]:
    return (
        used.prompt_tokens_details or wire.InputDetails(),
        used.completion_tokens_details or wire.OutputDetails(),
    )


def _has_tokens(payload: wire.Payload) -> bool:
    return bool(payload.prompt_tokens or payload.completion_tokens)


def _is_cancelled(payload: wire.Payload) -> bool:
    """A client that hung up is logged as a success with an error code."""
    return (
        payload.error_information is not None
        and str(payload.error_information.error_code) == _CLIENT_GONE
    )


def _usage_source(payload: wire.Payload) -> UsageSource:
    """Zero tokens stand for unknown usage; those of a failure or of a client that left were counted by the proxy."""
    whole = payload.status == "success" and not _is_cancelled(payload)
    if whole and payload.cache_hit:
        return "gateway_cache"
    if _has_tokens(payload):
        return "provider" if whole else "estimated"
    return "missing" if whole else "none"


def _counts(payload: wire.Payload, used: wire.Usage) -> _Counts:
    """Input includes cached and cache-write tokens, and output reasoning, for every provider behind LiteLLM."""
    sent, answered = _details(used)
    read, written = sent.cached_tokens, sent.cache_write_tokens
    return {
        "input_tokens": payload.prompt_tokens,
        "cached_input_tokens": used.cache_read_input_tokens if read is None else read,
        "cache_write_input_tokens": used.cache_creation_input_tokens
        if written is None
        else written,
        "output_tokens": payload.completion_tokens,
        "reasoning_tokens": answered.reasoning_tokens,
        "input_audio_tokens": sent.audio_tokens,
        "output_audio_tokens": answered.audio_tokens,
    }


def _retry_count(payload: wire.Payload) -> int:
    """The client library's own count of its attempts before this one, from its header."""
    headers = payload.metadata and payload.metadata.requester_custom_headers
    sent = str(headers.retry_count) if headers else ""
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) <= _MAX_RETRY_DIGITS else 0


def _features(used: wire.Usage, parameters: wire.Parameters) -> int:
    sent, answered = _details(used)
    text = _section(_TEXT, parameters.text, wire.Text())
    formats = (
        _section(_FORMAT, parameters.response_format, wire.Format()),
        text.format or wire.Format(),
    )
    present = {
        events.FEATURE_TOOLS: _is_given(parameters.tools) or _is_given(parameters.functions),
        events.FEATURE_JSON_SCHEMA: any(each.type == "json_schema" for each in formats),
        events.FEATURE_IMAGE: bool(sent.image_tokens),
        events.FEATURE_AUDIO: bool(sent.audio_tokens or answered.audio_tokens),
    }
    return sum(bit for bit, is_present in present.items() if is_present)


def _tagged(payload: wire.Payload) -> int:
    """What the tags say of the workload: its class, and whether it can wait."""
    found = 0
    for tag in payload.request_tags or ():
        if isinstance(tag, str):
            found |= events.feature_of_tag(tag)
    return found


def _is_given(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:4]) not in (b"", b"null", b"[]")


def _said(payload: wire.Payload, response: wire.Response) -> label_sets.Said:
    metadata = payload.metadata or wire.Metadata()
    hashed = (metadata.user_api_key_hash or "")[:_KEY_HASH_CHARACTERS]
    return label_sets.Said(
        provider=payload.custom_llm_provider,
        model=_model(payload, response),
        request_model=fields.first_label(payload.model_group, payload.model),
        project=fields.first_label(
            metadata.user_api_key_project_alias,
            metadata.user_api_key_project_id,
            metadata.user_api_key_team_alias,
            metadata.user_api_key_team_id,
            metadata.user_api_key_alias,
        ),
        workload=_workload(payload),
        key=fields.first_label(metadata.user_api_key_alias, hashed),
    )


def _model(payload: wire.Payload, response: wire.Response) -> str | None:
    """The most exact name: answered, priced, deployed, asked.

    LiteLLM writes the name asked over the answered one, and a priced name without a mode is only the deployment's.
    """
    answered = response.model if response.model != payload.model_group else None
    priced = payload.model_map_information and payload.model_map_information.model_map_value
    deployed = (payload.model or "").removeprefix(f"{payload.custom_llm_provider}/")
    return fields.first_label(
        answered, priced.key if priced and priced.mode else None, deployed, payload.model_group
    )


def _workload(payload: wire.Payload) -> str | None:
    """The text after `workload:` in the first tag that begins so, else after `feature:`."""
    for prefix in ("workload:", "feature:"):
        for tag in payload.request_tags or ():
            if isinstance(tag, str) and tag.startswith(prefix):
                found = fields.label(tag.removeprefix(prefix))
                if found is not None:
                    return found
    return None
