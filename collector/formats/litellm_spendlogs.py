"""Rows of LiteLLM's spend logs: its own past, from the database, a CSV or `/spend/logs`. Pure.

A row and a payload of the same call are the same event: one identity rule serves both.
"""

from collections.abc import Collection

from collector.formats import litellm
from collector.parsing import fields, litellm_rows
from collector.parsing import litellm_payload as wire
from collector.parsing.format import MIB, JsonFormat, Limits, Schema
from collector.parsing.naming import Naming
from collector.parsing.reading import Reading


def parse(element: bytes, naming: Naming) -> Reading:
    """The event of one row; ignored if it is no request to a model."""
    payload = litellm_rows.read_payload(element)
    return litellm.read_event(payload, naming) if isinstance(payload, wire.Payload) else payload


def detect(keys: Collection[str]) -> bool:
    """Whether an object of a log file is a row."""
    return litellm_rows.is_row(keys)


_SCHEMA: Schema = {
    "type": "object",
    "description": "A row of LiteLLM_SpendLogs, or an element of the answer of /spend/logs",
    "required": ["request_id", "startTime"],
    "properties": {
        "request_id": {"type": "string"},
        "startTime": {"type": "string", "description": "RFC 3339; UTC without an offset"},
        "spend": {"type": ["number", "null"]},
        "model": fields.TEXT_SCHEMA,
        "prompt_tokens": fields.COUNT_SCHEMA,
        "completion_tokens": fields.COUNT_SCHEMA,
    },
}

FORMAT = JsonFormat(
    name="litellm-spendlogs",
    title="rows of LiteLLM's spend logs",
    route="/v1/litellm/spend-logs",
    limits=Limits(wire_bytes=64 * MIB, inflated_bytes=256 * MIB),
    schema=_SCHEMA,
    detect=detect,
    parse=parse,
)
