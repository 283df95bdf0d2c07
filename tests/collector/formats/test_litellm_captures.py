"""Every captured LiteLLM event reads as its golden row, without anything private of it."""

import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.formats import litellm
from collector.parsing.naming import Naming
from collector.parsing.reading import Ignored, Rejected
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


def by_name(captured: Captured) -> str:
    """The id of a parametrised test."""
    return captured.name


def of_case(case: str) -> Event:
    """The first event of a captured case."""
    event = litellm.parse(
        next(element.element for element in USAGE if element.golden["case"] == case), Naming()
    )
    assert isinstance(event, Event)
    return event


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
    assert {ours: getattr(event, ours) for ours in SHARED} == {
        ours: golden[theirs] for ours, theirs in SHARED.items()
    }
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


@pytest.mark.parametrize(
    "captured",
    [element for element in CAPTURED if element.golden["kind"] == "ignored"],
    ids=by_name,
)
def test_a_call_that_asks_no_model_is_ignored(captured: Captured) -> None:
    assert isinstance(litellm.parse(captured.element, Naming()), Ignored)


def test_two_polls_of_a_batch_are_one_event() -> None:
    first, second = of_case("batch-get-1"), of_case("batch-get-2")
    assert events.key_of(first) == events.key_of(second)
    assert events.fingerprint_of(first) == events.fingerprint_of(second)
    assert (first.latency_ms, first.retry_count, first.labels.context_band) == (None, 0, 0)


def test_no_two_other_captured_events_share_an_identity() -> None:
    readings = [litellm.parse(captured.element, Naming()) for captured in USAGE]
    assert (
        len({events.key_of(event) for event in readings if isinstance(event, Event)})
        == len(USAGE) - 1
    )


def test_times_of_a_stream_are_those_of_its_answer_and_of_its_first_chunk() -> None:
    captured = next(element for element in USAGE if element.golden["case"] == "stream-usage")
    sent, event = json.loads(captured.element), of_case("stream-usage")
    assert event.latency_ms == round(1000 * (sent["endTime"] - sent["startTime"]))
    assert event.first_token_ms == round(1000 * (sent["completionStartTime"] - sent["startTime"]))
    assert of_case("chat-basic").first_token_ms is None


def test_what_a_request_uses_shows_as_features() -> None:
    assert of_case("chat-basic").labels.features == 0
    assert of_case("chat-tools").labels.features == events.FEATURE_TOOLS
    assert of_case("audio-in").labels.features == events.FEATURE_AUDIO
    retried = litellm.parse(
        next(e.element for e in USAGE if e.golden["client_retry_count"]), Naming()
    )
    assert isinstance(retried, Event)
    assert (retried.labels.features, retried.retry_count) == (events.FEATURE_CLIENT_RETRY, 1)


def test_project_workload_and_key_follow_the_names_in_the_payload() -> None:
    labels = of_case("chat-basic").labels
    assert (labels.project, labels.workload, labels.key) == ("Search", "search", "search-prod")


def test_no_private_text_of_the_captures_reaches_an_event() -> None:
    texts = "\n".join(repr(litellm.parse(captured.element, Naming())) for captured in CAPTURED)
    canaries = {
        canary
        for captured in CAPTURED
        for canary in captures.private_texts(json.loads(captured.element))
    }
    assert {"ada@example.com", "127.0.0.1", "You are terse."} <= canaries
    assert len(canaries) > 40
    assert [canary for canary in canaries if canary in texts] == []
    assert not re.search(r"[\w.]+@[\w.]+|Traceback|\d+\.\d+\.\d+\.\d+", texts)


@given(st.sampled_from(USAGE), st.data())
def test_a_captured_payload_cut_or_changed_anywhere_is_read_or_refused(
    captured: Captured, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(captured.element) - 1))
    changed = captured.element[:at] + data.draw(st.binary(max_size=3)) + captured.element[at + 1 :]
    assert isinstance(litellm.parse(changed, Naming()), Event | Ignored | Rejected)
    assert isinstance(litellm.parse(captured.element[:at], Naming()), Rejected)
