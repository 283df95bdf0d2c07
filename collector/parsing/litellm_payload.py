"""The parts of LiteLLM's standard logging payload that we read.

All other fields are skipped undecoded, above all prompts and answers. Names are LiteLLM's, and any
section may be null. The answer and the parameters may hold anything, so they are kept raw, and
only a few of their fields are looked at.
"""

import msgspec

from collector.parsing.fields import Count

Seconds = float | int | None


class CacheWrites(msgspec.Struct):
    """Tokens written to the cache by how long they stay there."""

    ephemeral_5m_input_tokens: Count = None
    ephemeral_30m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None
    ephemeral_12h_input_tokens: Count = None


class InputDetails(msgspec.Struct):
    cached_tokens: Count = None
    cache_write_tokens: Count = None
    cache_creation_tokens: Count = None
    audio_tokens: Count = None
    image_tokens: Count = None
    video_tokens: Count = None
    web_search_requests: Count = None
    cache_creation_token_details: CacheWrites | None = None


class OutputDetails(msgspec.Struct):
    reasoning_tokens: Count = None
    audio_tokens: Count = None
    image_tokens: Count = None
    video_tokens: Count = None
    citation_tokens: Count = None


class ServerTools(msgspec.Struct):
    web_search_requests: Count = None
    tool_search_requests: Count = None


class ProviderTools(msgspec.Struct):
    """xAI's own words for the calls of its tools that have a fee."""

    web_search_calls: Count = None
    x_search_calls: Count = None
    code_interpreter_calls: Count = None
    file_search_calls: Count = None
    document_search_calls: Count = None


class Usage(msgspec.Struct):
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None
    cache_read_input_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_creation: CacheWrites | None = None
    server_tool_use: ServerTools | None = None
    server_side_tool_usage_details: ProviderTools | None = None
    search_units: Count = None
    num_search_queries: Count = None
    citation_tokens: Count = None
    input_tokens: Count = None
    output_tokens: Count = None
    type: str | None = None
    seconds: Seconds = None
    cost: Seconds = None
    service_tier: str | None = None
    inference_geo: str | None = None
    speed: str | None = None


class CostBreakdown(msgspec.Struct):
    service_tier: str | None = None
    tool_usage_cost: Seconds = None
    data_residency: str | None = None


class ClientHeaders(msgspec.Struct):
    retry_count: str | int | None = msgspec.field(default=None, name="x-stainless-retry-count")


class Metadata(msgspec.Struct):
    user_api_key_hash: str | None = None
    user_api_key_alias: str | None = None
    user_api_key_team_id: str | None = None
    user_api_key_team_alias: str | None = None
    user_api_key_project_id: str | None = None
    user_api_key_project_alias: str | None = None
    usage_object: Usage | None = None
    requester_custom_headers: ClientHeaders | None = None


class PricedAs(msgspec.Struct):
    key: str | None = None
    mode: str | None = None


class ModelMap(msgspec.Struct):
    model_map_value: PricedAs | None = None


class ErrorInformation(msgspec.Struct):
    error_code: str | int | None = None


class Payload(msgspec.Struct):
    id: str | None = None
    status: str | None = None
    call_type: str | None = None
    cache_hit: bool | None = None
    stream: bool | None = None
    start_time: Seconds = msgspec.field(default=None, name="startTime")
    end_time: Seconds = msgspec.field(default=None, name="endTime")
    completion_start_time: Seconds = msgspec.field(default=None, name="completionStartTime")
    custom_llm_provider: str | None = None
    model: str | None = None
    model_group: str | None = None
    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    response_cost: Seconds = None
    cost_breakdown: CostBreakdown | None = None
    request_tags: list[str | int | float | bool | None] | None = None
    metadata: Metadata | None = None
    model_map_information: ModelMap | None = None
    error_information: ErrorInformation | None = None
    response: msgspec.Raw = msgspec.Raw()
    model_parameters: msgspec.Raw = msgspec.Raw()


class Response(msgspec.Struct):
    model: str | None = None
    service_tier: str | None = None
    status: str | None = None
    created_at: Seconds = None
    completed_at: Seconds = None
    output: msgspec.Raw = msgspec.Raw()
    usage: msgspec.Raw = msgspec.Raw()


class OutputItem(msgspec.Struct):
    type: str | None = None
    status: str | None = None


class ResponseFormat(msgspec.Struct):
    type: str | None = None


class TextOptions(msgspec.Struct):
    format: ResponseFormat | None = None


class Parameters(msgspec.Struct):
    stream: bool | None = None
    service_tier: str | None = None
    tools: msgspec.Raw = msgspec.Raw()
    functions: msgspec.Raw = msgspec.Raw()
    response_format: msgspec.Raw = msgspec.Raw()
    text: msgspec.Raw = msgspec.Raw()
