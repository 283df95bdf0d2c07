"""Rows of LiteLLM's table `LiteLLM_SpendLogs`, as the payload that LiteLLM sends of the same call.

Pure. A row has the same id, and the same start cut to milliseconds. It lacks the answer, so the
tier that was asked for and the tools that the answer used are not in it.
"""

import re
from collections.abc import Collection
from typing import TypeVar

import msgspec

from collector.parsing import fields
from collector.parsing import litellm_payload as wire
from collector.parsing.fields import Count
from collector.parsing.reading import Ignored, Rejected
from ledger import clock
from ledger.refusal_reasons import RefusalReason

NEEDED = (
    "request_id",
    "call_type",
    "status",
    "startTime",
    "endTime",
    "api_key",
    "spend",
    "total_tokens",
    "prompt_tokens",
    "completion_tokens",
    "custom_llm_provider",
    "model",
    "model_group",
    "team_id",
    "cache_hit",
    "request_tags",
    "metadata",
)
"""The columns that are read; all others, above all prompts and answers, are not even fetched."""
MARKS = ("request_id", "startTime", "spend")
"""The columns that give such a row away."""
T = TypeVar("T")

_OFFSET = re.compile(r"(?:[Zz]|[+-]\d\d:\d\d)\Z")
_BATCH_ROWS = ("aretrieve_batch", "retrieve_batch")


class _Metadata(wire.Metadata):
    user_api_key: str | None = None
    status: str | None = None
    model_map_information: wire.ModelMap | None = None
    cost_breakdown: wire.CostBreakdown | None = None
    error_information: wire.ErrorInformation | None = None


class _Row(msgspec.Struct):
    request_id: str | None = None
    call_type: str | None = None
    status: str | None = None
    start_time: str | None = msgspec.field(default=None, name="startTime")
    end_time: str | None = msgspec.field(default=None, name="endTime")
    api_key: str | None = None
    spend: wire.Seconds = None
    total_tokens: Count = None
    prompt_tokens: Count = None
    completion_tokens: Count = None
    custom_llm_provider: str | None = None
    model: str | None = None
    model_group: str | None = None
    team_id: str | None = None
    cache_hit: str | bool | None = None
    request_tags: msgspec.Raw = msgspec.Raw()
    metadata: msgspec.Raw = msgspec.Raw()


_ROW = msgspec.json.Decoder(_Row)
_METADATA = msgspec.json.Decoder(_Metadata)
_TAGS = msgspec.json.Decoder(list[str | int | float | bool | None])
_TEXT = msgspec.json.Decoder(str)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def is_row(keys: Collection[str]) -> bool:
    """Whether an object with these keys is a row."""
    return all(name in keys for name in MARKS)


def has_row(element: bytes) -> bool:
    """Whether an element is a row."""
    members = fields.decode(_KEYS, element)
    return not isinstance(members, Rejected) and is_row(members)


def read_payload(element: bytes) -> wire.Payload | Ignored | Rejected:
    """The payload of a row.

    A failure's row has the time at which it was written, not the request's own, and a batch's row
    does not name its batch: neither could be told from what LiteLLM sends of the same call.
    """
    row = fields.decode(_ROW, element)
    if isinstance(row, Rejected):
        return row
    metadata = _section(row.metadata, _METADATA, _Metadata())
    tags = _section(row.request_tags, _TAGS, [])
    if isinstance(metadata, Rejected):
        return metadata
    if isinstance(tags, Rejected):
        return tags
    status = row.status or metadata.status or "success"
    if fault := _unmatched(row, status):
        return fault
    start, end = _seconds(row.start_time), _seconds(row.end_time)
    if start is None:
        return Rejected(
            "startTime is not a time; send it as 2026-11-20T10:00:00.123Z", RefusalReason.NO_TIME
        )
    return _payload(row, metadata, status=status, start=start, end=end, tags=tags)


def _payload(
    row: _Row,
    metadata: _Metadata,
    *,
    status: str,
    start: float,
    end: float | None,
    tags: list[str | int | float | bool | None],
) -> wire.Payload:
    metadata.user_api_key_hash = metadata.user_api_key_hash or row.api_key
    metadata.user_api_key_team_id = metadata.user_api_key_team_id or row.team_id
    usage, costs = metadata.usage_object, metadata.cost_breakdown
    if usage is not None and costs is not None:
        # The answer, which names the tier, is not in a row; the tier that was charged for is.
        usage.service_tier = usage.service_tier or costs.service_tier
    return wire.Payload(
        id=row.request_id,
        status=status,
        call_type=row.call_type,
        cache_hit=str(row.cache_hit) == "True",
        start_time=start,
        end_time=end,
        custom_llm_provider=row.custom_llm_provider or None,
        model=row.model or None,
        model_group=row.model_group or None,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        total_tokens=row.total_tokens,
        response_cost=row.spend,
        cost_breakdown=metadata.cost_breakdown,
        request_tags=tags,
        metadata=metadata,
        model_map_information=metadata.model_map_information,
        error_information=metadata.error_information,
    )


def _unmatched(row: _Row, status: str) -> Ignored | Rejected | None:
    """Why a row cannot be told from the payload of the same call; None if it can."""
    has_tokens = bool(row.prompt_tokens or row.completion_tokens)
    if status == "failure" and not has_tokens:
        return Ignored("a failed request without tokens; its row has no start of the request")
    if status == "failure":
        return Rejected(
            "the row of a failure has no start of the request, so it could count twice; send"
            " LiteLLM's payload of it",
            RefusalReason.NO_TIME,
        )
    if row.call_type in _BATCH_ROWS and has_tokens:
        return Rejected(
            "the row of a batch does not name the batch, so it could count twice; send LiteLLM's"
            " payload of it, or an event of your own",
            RefusalReason.NO_ID,
        )
    return None


def _section(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T], empty: T) -> T | Rejected:
    """A column of JSON, also where the database gave it as text."""
    content = bytes(raw)
    if content.startswith(b'"'):
        text = fields.decode(_TEXT, content)
        content = b"" if isinstance(text, Rejected) else text.strip().encode()
    if content in (b"", b"null", b"{}", b"[]"):
        return empty
    return fields.decode(decoder, content)


def _seconds(time: str | None) -> float | None:
    """Epoch seconds of a column of a time, which is UTC where it has no offset."""
    if not time:
        return None
    instant_us = fields.parse_instant_us(time if _OFFSET.search(time) else f"{time}Z")
    return None if instant_us is None else instant_us / clock.SECOND_US
