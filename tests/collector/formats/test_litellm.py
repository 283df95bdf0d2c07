"""LiteLLM's payloads follow the rules of their fields, and none breaks the parser."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.formats import litellm
from collector.parsing.naming import Naming
from collector.parsing.reading import Ignored, Reading, Rejected
from ledger import events
from ledger.events import Event

BASE = {
    "id": "chatcmpl-1",
    "status": "success",
    "call_type": "acompletion",
    "startTime": 1795454524.5,
    "model": "openai/gpt-4.1",
    "model_group": "gpt-4.1",
    "custom_llm_provider": "openai",
    "prompt_tokens": 100,
    "completion_tokens": 20,
}


def parse(element: object, naming: Naming | None = None) -> Reading:
    """The reading of one payload given as a value."""
    return litellm.parse(json.dumps(element).encode(), naming or Naming())


def event_of(**changes: object) -> Event:
    """The event of a small payload with some fields changed; a test fails here if it is none."""
    reading = parse(BASE | changes)
    assert isinstance(reading, Event)
    return reading


@pytest.mark.parametrize(
    ("parameters", "features"),
    [
        (
            {"response_format": {"type": "json_schema", "json_schema": {}}},
            events.FEATURE_JSON_SCHEMA,
        ),
        ({"text": {"format": {"type": "json_schema"}}}, events.FEATURE_JSON_SCHEMA),
        ({"response_format": {"type": "json_object"}, "tools": [], "functions": None}, 0),
        ({"functions": [{"name": "f"}]}, events.FEATURE_TOOLS),
        (
            {"response_format": "a class", "text": 7, "tools": [{"type": "function"}]},
            events.FEATURE_TOOLS,
        ),
        ("not a section", 0),
    ],
)
def test_features_come_from_the_parameters(parameters: object, features: int) -> None:
    assert event_of(model_parameters=parameters).labels.features == features


@pytest.mark.parametrize(
    ("who", "project"),
    [
        (["project-alias", "project-id", "team-alias", "team-id", "key"], "project-alias"),
        ([None, "project-id", "team-alias", "team-id", "key"], "project-id"),
        (["", None, "team-alias", "team-id", "key"], "team-alias"),
        ([None, None, None, "team-id", "key"], "team-id"),
        ([None, None, None, None, "key"], "key"),
        ([None, None, " ", None, None], "unassigned"),
    ],
)
def test_a_project_is_the_first_name_that_says_who_pays(
    who: list[str | None], project: str
) -> None:
    names = ("project_alias", "project_id", "team_alias", "team_id", "alias")
    metadata = {f"user_api_key_{name}": value for name, value in zip(names, who, strict=True)}
    assert event_of(metadata=metadata).labels.project == project


@pytest.mark.parametrize(
    ("tags", "workload"),
    [
        (["feature:a", "workload:b", "workload:c"], "b"),
        (["User-Agent: x", "feature:a", "feature:b"], "a"),
        (["my-workload:a", "Workload:b"], "unlabelled"),
        (["workload:", "feature:a"], "a"),
        ([None, 7, "workload:a"], "a"),
        (None, "unlabelled"),
    ],
)
def test_a_workload_is_the_first_tag_that_says_what_for(
    tags: list[object] | None, workload: str
) -> None:
    assert event_of(request_tags=tags).labels.workload == workload


def test_tags_of_class_and_waiting_become_features() -> None:
    tags = ["class: Multi-Step", None, "can_wait", "class:nothing of ours", "workload:a"]
    features = event_of(request_tags=tags).labels.features
    assert features == events.CLASS_BITS["multi_step"] | events.FEATURE_CAN_WAIT


def test_a_key_without_an_alias_is_the_start_of_its_hash() -> None:
    assert event_of(metadata={"user_api_key_hash": "0123456789abcdef"}).labels.key == "0123456789ab"
    assert event_of(metadata=None).labels.key == "unknown"


def test_a_client_that_hung_up_leaves_a_cancelled_request_with_estimated_tokens() -> None:
    cancelled = event_of(error_information={"error_code": "499"})
    assert (cancelled.labels.status, cancelled.labels.usage_source, cancelled.input_tokens) == (
        "cancelled",
        "estimated",
        100,
    )
    unused = event_of(error_information={"error_code": 499}, prompt_tokens=0, completion_tokens=0)
    assert (unused.labels.status, unused.labels.usage_source, unused.input_tokens) == (
        "cancelled",
        "none",
        None,
    )


@pytest.mark.parametrize(
    ("provider", "total_tokens", "reasoning", "output"),
    [
        ("openai", 120, 15, 20),
        ("xai", 120, 15, 20),
        ("xai", 135, 15, 35),
        ("openai", 120, 21, 41),
        ("perplexity", 120, 15, 35),
        ("perplexity", 120, 0, 20),
        ("perplexity", 120, None, 20),
    ],
)
def test_reasoning_that_lies_beside_the_output_is_added_to_it(
    provider: str, total_tokens: int, reasoning: int | None, output: int
) -> None:
    event = event_of(
        custom_llm_provider=provider,
        total_tokens=total_tokens,
        metadata={"usage_object": {"completion_tokens_details": {"reasoning_tokens": reasoning}}},
    )
    assert (event.output_tokens, event.reasoning_tokens) == (output, reasoning)
    assert event.meters == ()


@pytest.mark.parametrize(
    ("usage", "written"),
    [
        ({"prompt_tokens_details": {"cache_creation_tokens": 40}}, 40),
        ({"prompt_tokens_details": {"cache_write_tokens": 40, "cache_creation_tokens": 40}}, 40),
        (
            {
                "prompt_tokens_details": {"cache_write_tokens": 0},
                "cache_creation_input_tokens": 40,
            },
            40,
        ),
        (
            {"cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 10}},
            40,
        ),
        ({"prompt_tokens_details": {"cache_creation_tokens": 0}}, 0),
        ({"prompt_tokens_details": {"cached_tokens": 5}}, None),
    ],
)
def test_tokens_written_to_the_cache_count_under_each_of_their_names(
    usage: object, written: int | None
) -> None:
    assert event_of(metadata={"usage_object": usage}).cache_write_input_tokens == written


def test_calls_of_the_providers_own_tools_are_meters() -> None:
    tools = {"x_search_calls": 2, "web_search_calls": 3, "code_interpreter_calls": 0}
    event = event_of(metadata={"usage_object": {"server_side_tool_usage_details": tools}})
    assert event.meters == (("tool_calls", 2), ("web_searches", 3))


def test_a_large_request_is_banded_by_its_own_input() -> None:
    assert event_of(prompt_tokens=200_001).labels.context_band == events.context_band(200_001) > 0


def test_the_tier_that_was_answered_decides() -> None:
    requested, answered = {"service_tier": "flex"}, {"service_tier": "default"}
    assert event_of(model_parameters=requested, response=answered).labels.service_tier == "standard"
    assert event_of(model_parameters=requested, response={}).labels.service_tier == "unknown"
    usage = {"usage_object": {"service_tier": "priority"}}
    assert event_of(metadata=usage, response=None).labels.service_tier == "priority"


@pytest.mark.parametrize(
    "response", [None, "text", ["text"], {"model": 7}, {"model": "gpt-4.1", "status": {}}]
)
def test_an_answer_of_any_shape_costs_only_what_it_would_have_said(response: object) -> None:
    event = event_of(response=response)
    assert (event.labels.model, event.input_tokens) == ("gpt-4.1", 100)


@pytest.mark.parametrize(
    "call_type",
    [
        "acreate_file",
        "aget_responses",
        "adelete_responses",
        "alist_batches",
        "acancel_batch",
        "call_mcp_tool",
        "a_add_message",
        "avector_store_search",
        "video_list",
        "asearch",
    ],
)
def test_housekeeping_is_no_request(call_type: str) -> None:
    assert isinstance(
        parse(BASE | {"call_type": call_type, "prompt_tokens": 0, "completion_tokens": 0}), Ignored
    )


def test_reading_an_answer_again_does_not_count_its_tokens_again() -> None:
    assert isinstance(parse(BASE | {"call_type": "aget_responses"}), Ignored)


@pytest.mark.parametrize(
    "call_type", ["acompletion", "aanthropic_messages", "aembedding", "something_new", "", None]
)
def test_any_other_call_counts(call_type: str | None) -> None:
    assert event_of(call_type=call_type).labels.usage_source == "provider"


@pytest.mark.parametrize("status", ["validating", "in_progress", "failed", None])
def test_a_batch_counts_only_when_completed(status: str | None) -> None:
    answer = {"status": status, "created_at": 1795400000}
    assert isinstance(parse(BASE | {"call_type": "aretrieve_batch", "response": answer}), Ignored)


def test_a_completed_batch_without_a_completion_time_counts_when_it_was_created() -> None:
    answer = {"status": "completed", "completed_at": None, "created_at": 1795400000}
    assert event_of(call_type="retrieve_batch", response=answer).occurred_at == 1795400000_000_000
    timeless = parse(BASE | {"call_type": "retrieve_batch", "response": {"status": "completed"}})
    assert isinstance(timeless, Rejected)
    assert "completed_at" in timeless.reason


@pytest.mark.parametrize("sent", ["1200", 1200.0, -1, True, 10**9 + 1, 10**18])
def test_a_token_count_that_is_none_is_refused_by_name(sent: object) -> None:
    reading = parse(BASE | {"prompt_tokens": sent})
    assert isinstance(reading, Rejected)
    assert reading.reason.startswith("prompt_tokens is ")


@pytest.mark.parametrize(
    ("element", "field"),
    [
        (None, "the record"),
        (7, "the record"),
        ([], "the record"),
        ({}, "id"),
        (BASE | {"id": ""}, "id"),
        (BASE | {"status": None}, "status"),
        (BASE | {"startTime": None}, "startTime"),
        (BASE | {"startTime": -1}, "startTime"),
        (BASE | {"startTime": 1795454524500}, "startTime"),
        (
            BASE
            | {"metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 1.5}}}},
            "cached_tokens",
        ),
    ],
)
def test_an_element_that_is_no_payload_is_refused_by_name(element: object, field: str) -> None:
    reading = parse(element)
    assert isinstance(reading, Rejected)
    assert field in reading.reason


@pytest.mark.parametrize("retries", ["", "x", "-1", "²", "99999", None, 1.5])
def test_a_client_cannot_spoil_its_event_with_a_header(retries: object) -> None:
    reading = parse(
        BASE | {"metadata": {"requester_custom_headers": {"x-stainless-retry-count": retries}}}
    )
    assert (
        isinstance(reading, Rejected)
        if retries == 1.5
        else isinstance(reading, Event) and reading.retry_count == 0
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        *BASE,
        "metadata",
        "response",
        "model_parameters",
        "error_information",
        "request_tags",
        "model_map_information",
        "completionStartTime",
        "endTime",
        "cache_hit",
        "stream",
    ]
)


@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_no_value_of_any_field_breaks_the_parser(changes: dict[str, object]) -> None:
    assert isinstance(parse(BASE | changes), Event | Ignored | Rejected)


@given(
    st.binary()
    | st.binary().map(lambda tail: b'{"id":' + tail)
    | JSON.map(lambda value: json.dumps(value).encode())
)
def test_no_bytes_break_the_parser(element: bytes) -> None:
    assert isinstance(litellm.parse(element, Naming()), Ignored | Rejected)
