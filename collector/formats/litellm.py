"""LiteLLM's `generic_api` payloads, and the smaller ones of our callback, as events.

Pure. It never decodes prompts or answers.
"""

import re
from collections.abc import Collection
from typing import TypeVar

import msgspec

from collector.parsing import fields, label_sets, litellm_rows, litellm_usage
from collector.parsing import litellm_payload as wire
from collector.parsing.fields import Tiers
from collector.parsing.format import MIB, JsonFormat, Limits, Schema
from collector.parsing.naming import Naming
from collector.parsing.reading import Ignored, Reading, Rejected
from ledger import events
from ledger.events import Event, UsageSource
from ledger.refusal_reasons import RefusalReason

_PAYLOAD = msgspec.json.Decoder(wire.Payload)
_PAYLOADS = msgspec.json.Decoder(list[wire.Payload])
_RESPONSE = msgspec.json.Decoder(wire.Response)
_PARAMETERS = msgspec.json.Decoder(wire.Parameters)
_RESPONSE_FORMAT = msgspec.json.Decoder(wire.ResponseFormat)
_TEXT = msgspec.json.Decoder(wire.TextOptions)
_NO_RESPONSE, _NO_PARAMETERS = wire.Response(), wire.Parameters()
_NO_FORMAT, _NO_TEXT, _NO_METADATA = wire.ResponseFormat(), wire.TextOptions(), wire.Metadata()

_ENDED = ("completed", "expired", "cancelled")
"""How a batch ends. What it has answered by then is billed."""
_BATCH_POLLS = ("aretrieve_batch", "retrieve_batch")
# These read or delete what an earlier call made. Some repeat its usage, so they never count.
_HOUSEKEEPING = re.compile(
    r"_?a?(retrieve|get|list|delete|cancel|file|vector_store|video)_|.*_mcp_tools?$"
)
# These make something other than an answer, and count only if they report tokens.
_CREATION = re.compile(
    r"a?_?(create|upload|add)_|a?(search|ingest|query|run_code|code_interpreter_tool)$"
)


_CACHED_AT = re.compile(r"_cache_hit[0-9.]+\Z")
_CLIENT_GONE = "499"
_KEY_HASH_CHARACTERS = 12
_MAX_RETRY_DIGITS = 4

T = TypeVar("T")


def parse(element: bytes, naming: Naming) -> Reading:
    """The event of one payload; ignored if it is no request to a model."""
    payload: wire.Payload | Reading = fields.decode(_PAYLOAD, element)
    if isinstance(payload, Rejected) and litellm_rows.has_row(element):
        payload = litellm_rows.read_payload(element)
    return read_event(payload, naming) if isinstance(payload, wire.Payload) else payload


def parse_body(body: bytes, naming: Naming) -> list[Reading] | None:
    """The same for each payload of a body; None if one of them is not a payload on its own line."""
    try:
        payloads = _PAYLOADS.decode(body) if body.startswith(b"[") else _PAYLOAD.decode_lines(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return [read_event(payload, naming) for payload in payloads] or None


def read_event(payload: wire.Payload, naming: Naming) -> Reading:
    """The event of a decoded payload, whichever way it came."""
    if not payload.id:
        return Rejected("id is missing; send the payload's own id", RefusalReason.NO_ID)
    if payload.status not in ("success", "failure"):
        return Rejected(
            "status is neither success nor failure; send the payload's own status",
            RefusalReason.UNKNOWN_WORD,
        )
    call_type = payload.call_type or ""
    response = litellm_usage.read_section(_RESPONSE, payload.response, _NO_RESPONSE)
    if call_type in _BATCH_POLLS:
        return _batch(payload, response, naming)
    usage = litellm_usage.find_usage(payload, response)
    if _HOUSEKEEPING.match(call_type) or (
        _CREATION.match(call_type) and not any(litellm_usage.totals(payload, usage))
    ):
        return Ignored("the call type is no request to a model")
    return _request(payload, response, usage, naming)


def _request(
    payload: wire.Payload, response: wire.Response, usage: wire.Usage, naming: Naming
) -> Event | Rejected:
    start = payload.start_time
    occurred_at = None if start is None else fields.parse_instant_us(start)
    if start is None or occurred_at is None:
        return Rejected(
            "startTime is not a time in epoch seconds; send the payload's own startTime",
            RefusalReason.NO_TIME,
        )
    parameters = litellm_usage.read_section(_PARAMETERS, payload.model_parameters, _NO_PARAMETERS)
    quantities = litellm_usage.quantities(payload, usage, response)
    totals = litellm_usage.totals(payload, usage)
    has_usage = any(totals) or bool(quantities)
    usage_source = _usage_source(payload, has_usage=has_usage)
    retry_count = _retry_count(payload)
    traits = label_sets.Traits(
        tiers=fields.parse_tiers(
            response.service_tier or usage.service_tier, parameters.service_tier
        ),
        usage_source=usage_source,
        status="cancelled" if _is_cancelled(payload) else str(payload.status),
        context_band=events.context_band(totals[0]),
        features=_features(usage, parameters)
        | _tag_features(payload)
        | (events.FEATURE_CLIENT_RETRY if retry_count else 0),
        modifiers=litellm_usage.modifiers(payload, usage),
    )
    is_stream = payload.stream or parameters.stream
    first_token_at = payload.completion_start_time if is_stream else None
    return Event(
        dedupe_key=_identity(payload, occurred_at // 1_000),
        occurred_at=occurred_at,
        labels=label_sets.build_labels(_names(payload, response), traits, naming),
        **(
            litellm_usage.Counts()
            if usage_source in ("missing", "none")
            else litellm_usage.counts(payload, usage)
        ),
        latency_ms=fields.duration_ms(start, payload.end_time),
        first_token_ms=fields.duration_ms(start, first_token_at),
        retry_count=retry_count,
        sender_cost_pico_usd=litellm_usage.sender_cost_pico_usd(payload, usage)
        if usage_source == "provider"
        else None,
        meters=() if usage_source in ("missing", "none") else quantities,
    )


def _identity(payload: wire.Payload, milliseconds: int) -> str:
    """What LiteLLM's payload of a call, our callback's and its row in the database share.

    The database keeps milliseconds, and each of the three adds its own time to the id of an answer
    from the gateway's cache.
    """
    answer_id = payload.id or ""
    if "_cache_hit" in answer_id:
        answer_id = _CACHED_AT.sub("", answer_id)
    return f"litellm:{answer_id}:{payload.status}:{milliseconds}"


def _batch(payload: wire.Payload, response: wire.Response, naming: Naming) -> Reading:
    """The event of a completed batch, at the batch's own time: each poll of it carries all tokens.

    The latency and retries are those of the poll, so they are left out. So is the context band:
    the size of a batch says nothing about the size of its requests.
    """
    usage = litellm_usage.find_usage(payload, response)
    if response.status not in _ENDED or not any(litellm_usage.totals(payload, usage)):
        return Ignored("the batch has not ended, or names no tokens")
    time = response.created_at if response.completed_at is None else response.completed_at
    occurred_at = None if time is None else fields.parse_instant_us(time)
    if occurred_at is None:
        return Rejected(
            "the batch has neither completed_at nor created_at in epoch seconds;"
            " send the batch as answered",
            RefusalReason.NO_TIME,
        )
    traits = label_sets.Traits(
        tiers=Tiers("batch", "batch"),
        usage_source="provider",
        features=_tag_features(payload),
        modifiers=litellm_usage.modifiers(payload, usage),
    )
    return Event(
        dedupe_key=f"litellm-batch:{payload.id}",
        occurred_at=occurred_at,
        labels=label_sets.build_labels(_names(payload, response), traits, naming),
        **litellm_usage.counts(payload, usage),
        sender_cost_pico_usd=litellm_usage.sender_cost_pico_usd(payload, usage),
        meters=litellm_usage.quantities(payload, usage, response),
    )


def _is_cancelled(payload: wire.Payload) -> bool:
    """Whether the client hung up: LiteLLM logs that as a success with an error code."""
    return (
        payload.error_information is not None
        and str(payload.error_information.error_code) == _CLIENT_GONE
    )


def _usage_source(payload: wire.Payload, *, has_usage: bool) -> UsageSource:
    """Where the token counts come from.

    Zero tokens mean that the usage is unknown, unless a meter says what was used. The tokens of a
    failure, or of a client that hung up, were counted by the proxy.
    """
    is_complete = payload.status == "success" and not _is_cancelled(payload)
    if is_complete and payload.cache_hit:
        return "gateway_cache"
    if has_usage:
        return "provider" if is_complete else "estimated"
    return "missing" if is_complete else "none"


def _retry_count(payload: wire.Payload) -> int:
    """How often the client library had tried before, by its own header; 0 if it does not say."""
    headers = payload.metadata and payload.metadata.requester_custom_headers
    text = str(headers.retry_count) if headers else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_RETRY_DIGITS else 0


def _features(usage: wire.Usage, parameters: wire.Parameters) -> int:
    input_details, output_details = litellm_usage.details(usage)
    features = 0
    if _has_tools(parameters.tools) or _has_tools(parameters.functions):
        features |= events.FEATURE_TOOLS
    if _has_schema(parameters):
        features |= events.FEATURE_JSON_SCHEMA
    if input_details.image_tokens:
        features |= events.FEATURE_IMAGE
    if input_details.audio_tokens or output_details.audio_tokens:
        features |= events.FEATURE_AUDIO
    return features


def _has_schema(parameters: wire.Parameters) -> bool:
    """Whether an answer by a schema was asked for, in the words of either API."""
    answer_format = litellm_usage.read_section(
        _RESPONSE_FORMAT, parameters.response_format, _NO_FORMAT
    )
    text = litellm_usage.read_section(_TEXT, parameters.text, _NO_TEXT)
    return "json_schema" in (answer_format.type, (text.format or _NO_FORMAT).type)


def _tag_features(payload: wire.Payload) -> int:
    """What the tags say about the workload: its class, and whether it can wait."""
    features = 0
    for tag in payload.request_tags or ():
        if isinstance(tag, str):
            features |= events.feature_of_tag(tag)
    return features


def _has_tools(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:4]) not in (b"", b"null", b"[]")


def _names(payload: wire.Payload, response: wire.Response) -> label_sets.SentNames:
    metadata = payload.metadata or _NO_METADATA
    key_hash = (metadata.user_api_key_hash or "")[:_KEY_HASH_CHARACTERS]
    return label_sets.SentNames(
        provider=payload.custom_llm_provider,
        model=_model(payload, response),
        request_model=fields.first_label(payload.model_group, payload.model),
        project=_project(metadata),
        workload=_workload(payload),
        key=fields.first_label(metadata.user_api_key_alias, key_hash),
    )


def _project(metadata: wire.Metadata) -> str | None:
    names = (
        metadata.user_api_key_project_alias,
        metadata.user_api_key_project_id,
        metadata.user_api_key_team_alias,
        metadata.user_api_key_team_id,
        metadata.user_api_key_alias,
    )
    return fields.first_label(*names)


def _model(payload: wire.Payload, response: wire.Response) -> str | None:
    """The most exact name there is: of the answer, of the price, of the deployment, as requested.

    LiteLLM writes the requested name over the answered one, and where a priced name has no mode it
    is only that of the deployment.
    """
    answered = response.model if response.model != payload.model_group else None
    price = payload.model_map_information and payload.model_map_information.model_map_value
    priced = price.key if price and price.mode else None
    deployed = (payload.model or "").removeprefix(f"{payload.custom_llm_provider}/")
    return fields.first_label(answered, priced, deployed, payload.model_group)


def _workload(payload: wire.Payload) -> str | None:
    """The text after `workload:` in the first tag that begins so, else after `feature:`."""
    for prefix in ("workload:", "feature:"):
        for tag in payload.request_tags or ():
            if isinstance(tag, str) and tag.startswith(prefix):
                workload = fields.clean_label(tag.removeprefix(prefix))
                if workload is not None:
                    return workload
    return None


def detect(keys: Collection[str]) -> bool:
    """Whether an object of a log file is a payload of LiteLLM."""
    return "startTime" in keys


_SCHEMA: Schema = {
    "type": "object",
    "description": "LiteLLM's StandardLoggingPayload, unmodified",
    "required": ["id", "status", "startTime"],
    "properties": {
        "id": {"type": "string"},
        "status": {"enum": ["success", "failure"]},
        "startTime": {"type": "number", "description": "epoch seconds"},
        "model": fields.TEXT_SCHEMA,
        "prompt_tokens": fields.COUNT_SCHEMA,
        "completion_tokens": fields.COUNT_SCHEMA,
    },
}

FORMAT = JsonFormat(
    name="litellm",
    title="LiteLLM payloads",
    route="/v1/litellm",
    limits=Limits(wire_bytes=64 * MIB, inflated_bytes=256 * MIB),
    schema=_SCHEMA,
    detect=detect,
    parse=parse,
    parse_body=parse_body,
)
