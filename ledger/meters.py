"""The meters that few requests have, each a row of one table: what is billed besides plain tokens.

Plain input, cached, cache-write, output and audio tokens are columns of every event. A meter of
this table is stored as a row of its own, only where a request has it. `modifiers` are words that
set the rate of all tokens of a request, such as a speed.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Unit = Literal["token", "search", "call", "session", "image", "ms", "character", "page", "request"]

OTHER = "other_meter"
"""Where a sender names a meter that this table lacks: it is kept, and never has a rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One meter. `catalogue` is the name of its rate in genai-prices, `catalogue_units` how many of
    our units one unit of that rate has.

    A meter that is `part_of` a meter of plain tokens counts tokens that stand in that meter too: it
    costs the difference of the two rates. Without a rate of its own it costs as the plain tokens
    do where `is_plain_without_rate`, and has no price otherwise. A meter with a `column` is counted
    in that column of every event, so no sender gives it by itself.
    """

    name: str
    unit: Unit
    label: str
    plural: str
    part_of: str = ""
    column: str = ""
    is_plain_without_rate: bool = False
    catalogue: str = ""
    catalogue_units: int = 1_000_000


_TABLE = (
    Meter(
        name="cache_write_1h_input_tokens",
        unit="token",
        label="input token cached for one hour",
        plural="input tokens cached for one hour",
        part_of="cache_write_input",
        catalogue="cache_write_1h_mtok",
    ),
    Meter(
        name="cache_write_other_input_tokens",
        unit="token",
        label="input token cached for another time",
        plural="input tokens cached for another time",
        part_of="cache_write_input",
    ),
    Meter(
        name="cached_audio_tokens",
        unit="token",
        label="cached audio token",
        plural="cached audio tokens",
        part_of="cached_input",
        catalogue="cache_audio_read_mtok",
    ),
    Meter(
        name="input_image_tokens",
        unit="token",
        label="input image token",
        plural="input image tokens",
        part_of="uncached_input",
        is_plain_without_rate=True,
        catalogue="input_image_mtok",
    ),
    Meter(
        name="cached_image_tokens",
        unit="token",
        label="cached image token",
        plural="cached image tokens",
        part_of="cached_input",
        is_plain_without_rate=True,
        catalogue="cache_image_read_mtok",
    ),
    Meter(
        name="output_image_tokens",
        unit="token",
        label="output image token",
        plural="output image tokens",
        part_of="output",
        is_plain_without_rate=True,
        catalogue="output_image_mtok",
    ),
    Meter(
        name="input_video_tokens",
        unit="token",
        label="input video token",
        plural="input video tokens",
        part_of="uncached_input",
        is_plain_without_rate=True,
        catalogue="input_video_mtok",
    ),
    Meter(
        name="output_video_tokens",
        unit="token",
        label="output video token",
        plural="output video tokens",
        part_of="output",
        catalogue="output_video_mtok",
    ),
    Meter(
        name="output_reasoning_tokens",
        unit="token",
        label="reasoning token",
        plural="reasoning tokens",
        part_of="output",
        column="reasoning_tokens",
        is_plain_without_rate=True,
        catalogue="output_reasoning_mtok",
    ),
    Meter(
        name="billed_requests",
        unit="request",
        label="request with a fee of its own",
        plural="requests with a fee of their own",
        column="requests",
        catalogue="requests_kcount",
        catalogue_units=1_000,
    ),
    Meter(
        name="citation_tokens",
        unit="token",
        label="citation token",
        plural="citation tokens",
        catalogue="output_citation_mtok",
    ),
    Meter(
        name="unaccounted_tokens",
        unit="token",
        label="token in the sender's total and in no part of it",
        plural="tokens in the sender's total and in no part of it",
    ),
    Meter(
        name="unread_audio_requests",
        unit="request",
        label="request with audio whose tokens were not counted",
        plural="requests with audio whose tokens were not counted",
    ),
    Meter(
        name="web_searches",
        unit="search",
        label="web search",
        plural="web searches",
        catalogue="web_searches_kcount",
        catalogue_units=1_000,
    ),
    Meter(
        name="file_searches",
        unit="search",
        label="file search",
        plural="file searches",
        catalogue="storage_searches_kcount",
        catalogue_units=1_000,
    ),
    Meter(name="code_sessions", unit="session", label="code session", plural="code sessions"),
    Meter(name="tool_calls", unit="call", label="other tool call", plural="other tool calls"),
    Meter(name="rerank_searches", unit="search", label="rerank search", plural="rerank searches"),
    Meter(name="images", unit="image", label="image", plural="images"),
    Meter(
        name="input_audio_ms",
        unit="ms",
        label="second of input audio",
        plural="seconds of input audio",
        catalogue="input_audio_hours",
        catalogue_units=3_600_000,
    ),
    Meter(
        name="input_characters",
        unit="character",
        label="character to speak",
        plural="characters to speak",
        catalogue="input_mchars",
    ),
    Meter(
        name="document_pages",
        unit="page",
        label="document page",
        plural="document pages",
        catalogue="input_document_kpages",
        catalogue_units=1_000,
    ),
    Meter(
        name="annotated_document_pages",
        unit="page",
        label="annotated document page",
        plural="annotated document pages",
        catalogue="input_annotated_document_kpages",
        catalogue_units=1_000,
    ),
    Meter(
        name=OTHER, unit="call", label="unit that is not known here", plural="units not known here"
    ),
)
BY_NAME = MappingProxyType({meter.name: meter for meter in _TABLE})
WITHOUT_RATE = frozenset({"unaccounted_tokens", "unread_audio_requests"})
"""What is counted because it is missing: nobody can set a rate for it."""
SENT = frozenset(meter.name for meter in _TABLE if not meter.column)
"""The meters that a sender may give."""
IN_COLUMNS = tuple(meter for meter in _TABLE if meter.column)
