"""LiteLLM's payloads read as the captures say, whatever a section holds, and nothing private comes through."""

import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.formats import litellm, reading
from collector.formats.reading import Ignored, Naming, Rejected
from ledger import events
from ledger.events import Event
from tests.collector.formats import captures
from tests.collector.formats.captures import Captured

CAPTURED = captures.litellm()
USAGE = [captured for captured in CAPTURED if captured.golden["kind"] == "usage"]
SHARED = {
    "dedupe_key": "dedupe_key",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_input_tokens": "cache_read_input_tokens",
    "cache_write_input_tokens": "cache_write_input_tokens",
    "input_audio_tokens": "input_audio_tokens",
    "reasoning_tokens": "reasoning_output_tokens",
}
MODELS = ("model_response", "model_price_key", "model_deployed", "model_requested")
BASE = {"id": "chatcmpl-1", "status": "success", "call_type": "acompletion", "startTime": 1795454524.5,
        "model": "openai/gpt-4.1", "model_group": "gpt-4.1", "custom_llm_provider": "openai",
        "prompt_tokens": 100, "completion_tokens": 20}  # fmt: skip


def by_name(captured: Captured) -> str:
    """The id of a parametrised test."""
    return captured.name


def parse(element: object, naming: Naming | None = None) -> reading.Reading:
    """The reading of one payload given as a value."""
    return litellm.parse(json.dumps(element).encode(), naming or Naming())


def event_of(**changes: object) -> Event:
    """The event of a small payload with some fields changed; a test fails here if it is none."""
    found = parse(BASE | changes)
    assert isinstance(found, Event)
    return found


def of_case(case: str) -> Event:
    """The first event of a captured case."""
    found = litellm.parse(next(each.element for each in USAGE if each.golden["case"] == case), Naming())
    assert isinstance(found, Event)
    return found


def tier_word(captured: Captured, field: str) -> str:
    """A golden tier in our words; a batch was asked for by its call."""
    if captured.golden["service_tier"] == "batch":
        return "batch"
    sent = captured.golden[field]
    return "standard" if sent in (None, "default", "standard") else str(sent)


def microseconds(seconds: object) -> int:
    """A golden instant, whose digits are those that were sent."""
    return int(Decimal(repr(seconds)) * 1_000_000)


@pytest.mark.parametrize("captured", USAGE, ids=by_name)
def test_a_captured_request_reads_as_its_golden_row(captured: Captured) -> None:
    golden, event = captured.golden, litellm.parse(captured.element, Naming())
    assert isinstance(event, Event)
    assert {ours: getattr(event, ours) for ours in SHARED} == {ours: golden[theirs] for ours, theirs in SHARED.items()}
    assert event.occurred_at == microseconds(golden["start_time"])
    assert event.retry_count == (golden["client_retry_count"] or 0)
    labels = event.labels
    assert labels.model == next(filter(None, (golden[field] for field in MODELS)))
    assert labels.request_model == (golden["model_requested"] or "unknown")
    assert labels.provider == (golden["provider"] or "unknown")
    assert (labels.status, labels.usage_source) == (golden["status"], golden["usage_source"])
    assert labels.service_tier == tier_word(captured, "service_tier")
    assert labels.service_tier_requested == tier_word(captured, "service_tier_requested")
    assert labels.key == (golden["api_key_alias"] or str(golden["api_key_hash"])[:12])


@pytest.mark.parametrize("captured", USAGE, ids=by_name)
def test_a_captured_request_can_be_stored(captured: Captured) -> None:
    event = litellm.parse(captured.element, Naming())
    assert isinstance(event, Event)
    assert events.fault_of(event, event.occurred_at) is None
    assert event.labels.service_tier in ("standard", "batch", "flex", "priority")


@pytest.mark.parametrize("captured", [each for each in CAPTURED if each.golden["kind"] == "ignored"], ids=by_name)
def test_a_call_that_asks_no_model_is_ignored(captured: Captured) -> None:
    assert isinstance(litellm.parse(captured.element, Naming()), Ignored)


def test_two_polls_of_a_batch_are_one_event() -> None:
    first, second = of_case("batch-get-1"), of_case("batch-get-2")
    assert events.key_of(first) == events.key_of(second)
    assert events.fingerprint_of(first) == events.fingerprint_of(second)
    assert (first.latency_ms, first.retry_count, first.labels.context_band) == (None, 0, 0)


def test_no_two_other_captured_events_share_an_identity() -> None:
    found = [litellm.parse(captured.element, Naming()) for captured in USAGE]
    assert len({events.key_of(event) for event in found if isinstance(event, Event)}) == len(USAGE) - 1


def test_times_of_a_stream_are_those_of_its_answer_and_of_its_first_chunk() -> None:
    captured = next(each for each in USAGE if each.golden["case"] == "stream-usage")
    sent, event = json.loads(captured.element), of_case("stream-usage")
    assert event.latency_ms == round(1000 * (sent["endTime"] - sent["startTime"]))
    assert event.first_token_ms == round(1000 * (sent["completionStartTime"] - sent["startTime"]))
    assert of_case("chat-basic").first_token_ms is None


def test_what_a_request_uses_shows_as_features() -> None:
    assert of_case("chat-basic").labels.features == 0
    assert of_case("chat-tools").labels.features == events.FEATURE_TOOLS
    assert of_case("audio-in").labels.features == events.FEATURE_AUDIO
    retried = litellm.parse(next(e.element for e in USAGE if e.golden["client_retry_count"]), Naming())
    assert isinstance(retried, Event)
    assert (retried.labels.features, retried.retry_count) == (events.FEATURE_CLIENT_RETRY, 1)


@pytest.mark.parametrize(
    ("parameters", "features"),
    [
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, events.FEATURE_JSON_SCHEMA),
        ({"text": {"format": {"type": "json_schema"}}}, events.FEATURE_JSON_SCHEMA),
        ({"response_format": {"type": "json_object"}, "tools": [], "functions": None}, 0),
        ({"functions": [{"name": "f"}]}, events.FEATURE_TOOLS),
        ({"response_format": "a class", "text": 7, "tools": [{"type": "function"}]}, events.FEATURE_TOOLS),
        ("not a section", 0),
    ],
)
def test_features_come_from_the_parameters(parameters: object, features: int) -> None:
    assert event_of(model_parameters=parameters).labels.features == features


def test_project_workload_and_key_follow_the_names_in_the_payload() -> None:
    labels = of_case("chat-basic").labels
    assert (labels.project, labels.workload, labels.key) == ("Search", "search", "search-prod")


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
def test_a_project_is_the_first_name_that_says_who_pays(who: list[str | None], project: str) -> None:
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
def test_a_workload_is_the_first_tag_that_says_what_for(tags: list[object] | None, workload: str) -> None:
    assert event_of(request_tags=tags).labels.workload == workload


def test_a_key_without_an_alias_is_the_start_of_its_hash() -> None:
    assert event_of(metadata={"user_api_key_hash": "0123456789abcdef"}).labels.key == "0123456789ab"
    assert event_of(metadata=None).labels.key == "unknown"


def test_a_client_that_hung_up_leaves_a_cancelled_request_with_estimated_tokens() -> None:
    gone = event_of(error_information={"error_code": "499"})
    assert (gone.labels.status, gone.labels.usage_source, gone.input_tokens) == ("cancelled", "estimated", 100)
    unused = event_of(error_information={"error_code": 499}, prompt_tokens=0, completion_tokens=0)
    assert (unused.labels.status, unused.labels.usage_source, unused.input_tokens) == ("cancelled", "none", None)


def test_a_large_request_is_banded_by_its_own_input() -> None:
    assert event_of(prompt_tokens=200_001).labels.context_band == events.context_band(200_001) > 0


def test_the_tier_that_was_answered_decides() -> None:
    asked, answered = {"service_tier": "flex"}, {"service_tier": "default"}
    assert event_of(model_parameters=asked, response=answered).labels.service_tier == "standard"
    assert event_of(model_parameters=asked, response={}).labels.service_tier == "unknown"
    usage = {"usage_object": {"service_tier": "priority"}}
    assert event_of(metadata=usage, response=None).labels.service_tier == "priority"


@pytest.mark.parametrize("response", [None, "text", ["text"], {"model": 7}, {"model": "gpt-4.1", "status": {}}])
def test_an_answer_of_any_shape_costs_only_what_it_would_have_said(response: object) -> None:
    event = event_of(response=response)
    assert (event.labels.model, event.input_tokens) == ("gpt-4.1", 100)


@pytest.mark.parametrize(
    "call_type",
    ["acreate_file", "aget_responses", "adelete_responses", "alist_batches", "acancel_batch", "call_mcp_tool",
     "a_add_message", "avector_store_search", "video_list", "asearch"],
)  # fmt: skip
def test_housekeeping_is_no_request(call_type: str) -> None:
    assert isinstance(parse(BASE | {"call_type": call_type, "prompt_tokens": 0, "completion_tokens": 0}), Ignored)


def test_reading_an_answer_again_does_not_count_its_tokens_again() -> None:
    assert isinstance(parse(BASE | {"call_type": "aget_responses"}), Ignored)


@pytest.mark.parametrize("call_type", ["acompletion", "aanthropic_messages", "aembedding", "something_new", "", None])
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
    found = parse(BASE | {"prompt_tokens": sent})
    assert isinstance(found, Rejected)
    assert found.reason.startswith("prompt_tokens: ")


@pytest.mark.parametrize(
    ("element", "named"),
    [
        (None, "the element"), (7, "the element"), ([], "the element"), ({}, "id"),
        (BASE | {"id": ""}, "id"), (BASE | {"status": None}, "status"), (BASE | {"startTime": None}, "startTime"),
        (BASE | {"startTime": -1}, "startTime"), (BASE | {"startTime": 1795454524500}, "startTime"),
        (BASE | {"metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 1.5}}}}, "cached_tokens"),
    ],
)  # fmt: skip
def test_an_element_that_is_no_payload_is_refused_by_name(element: object, named: str) -> None:
    found = parse(element)
    assert isinstance(found, Rejected)
    assert named in found.reason


@pytest.mark.parametrize("retries", ["", "x", "-1", "²", "99999", None, 1.5])
def test_a_client_cannot_spoil_its_event_with_a_header(retries: object) -> None:
    found = parse(BASE | {"metadata": {"requester_custom_headers": {"x-stainless-retry-count": retries}}})
    assert isinstance(found, Rejected) if retries == 1.5 else isinstance(found, Event) and found.retry_count == 0


def test_no_private_text_of_the_captures_reaches_an_event() -> None:
    texts = "\n".join(repr(litellm.parse(captured.element, Naming())) for captured in CAPTURED)
    canaries = {canary for captured in CAPTURED for canary in private_texts(json.loads(captured.element))}
    assert {"ada@example.com", "127.0.0.1", "You are terse."} <= canaries
    assert len(canaries) > 40
    assert [canary for canary in canaries if canary in texts] == []
    assert not re.search(r"[\w.]+@[\w.]+|Traceback|\d+\.\d+\.\d+\.\d+", texts)


def private_texts(payload: dict[str, object]) -> set[str]:
    """Every text of a captured payload that must not be kept: who asked, from where, what was said, and what failed."""
    kept = {"messages", "response", "error_information", "error_str", "requester_ip_address", "user_agent"}
    found = {text for field in kept for text in texts_of(payload.get(field))}
    metadata = payload["metadata"]
    assert isinstance(metadata, dict)
    for field in ("user_api_key_user_email", "requester_ip_address", "user_agent", "requester_metadata"):
        found |= texts_of(metadata.get(field))
    # Single words are names and ids as a rule, some of which an event holds on purpose.
    return {text for text in found if re.search(r"[\s@]|\d+\.\d+\.\d+", text)}


def texts_of(value: object) -> set[str]:
    """The texts inside a JSON value."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = list(value.values())
    return {text for each in value for text in texts_of(each)} if isinstance(value, list) else set()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*BASE, "metadata", "response", "model_parameters", "error_information", "request_tags",
                          "model_map_information", "completionStartTime", "endTime", "cache_hit", "stream"])  # fmt: skip


@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_no_value_of_any_field_breaks_the_parser(changes: dict[str, object]) -> None:
    assert isinstance(parse(BASE | changes), Event | Ignored | Rejected)


@given(
    st.binary() | st.binary().map(lambda tail: b'{"id":' + tail) | JSON.map(lambda value: json.dumps(value).encode())
)
def test_no_bytes_break_the_parser(element: bytes) -> None:
    assert isinstance(litellm.parse(element, Naming()), Ignored | Rejected)


@given(st.sampled_from(USAGE), st.data())
def test_a_captured_payload_cut_or_changed_anywhere_is_read_or_refused(captured: Captured, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(captured.element) - 1))
    changed = captured.element[:at] + data.draw(st.binary(max_size=3)) + captured.element[at + 1 :]
    assert isinstance(litellm.parse(changed, Naming()), Event | Ignored | Rejected)
    assert isinstance(litellm.parse(captured.element[:at], Naming()), Rejected)
