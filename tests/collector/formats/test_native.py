"""A native event is read as the contract says, strictly, and a typo shows."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.formats import native
from collector.parsing.naming import Naming
from collector.parsing.reading import Ignored, Reading, Rejected
from ledger import events
from ledger.events import Event

LEAST = {"id": "r-1", "time": "2026-11-23T12:00:00Z", "model": "gpt-4.1"}
COUNTS = [
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "latency_ms",
    "first_token_ms",
    "retry_count",
]


def parse(value: object, naming: Naming | None = None) -> Reading:
    """The reading of one event given as a value."""
    return native.parse(json.dumps(value).encode(), naming or Naming())


def event_of(**changes: object) -> Event:
    """The event of the least fields with some added; a test fails here if it is none."""
    reading = parse(LEAST | changes)
    assert isinstance(reading, Event), reading
    return reading


def refusal(**changes: object) -> str:
    """Why the least fields with some changed are refused."""
    reading = parse(LEAST | changes)
    assert isinstance(reading, Rejected), reading
    return reading.reason


def test_every_field_of_the_contract_is_read() -> None:
    event = event_of(
        time=1795435200.25,
        provider="Azure",
        request_model="prod",
        project="p",
        workload="w",
        key="k",
        input_tokens=40_000,
        cached_input_tokens=1,
        cache_write_input_tokens=2,
        output_tokens=30,
        reasoning_tokens=4,
        service_tier="fast",
        service_tier_requested="auto",
        status="cancelled",
        latency_ms=5,
        first_token_ms=6,
        retry_count=7,
        usage_source="estimated",
        features=["tools", "image"],
        input_audio_tokens=3,
        output_audio_tokens=5,
        meters={"web_searches": 4, "cache_write_1h_input_tokens": 1, "house_meter": 2},
        modifiers={"geo": "US", "speed": "fast"},
        cost_usd=0.25,
        total_tokens=40_032,
    )
    labels = events.Labels(
        namespace="default",
        provider="azure.ai.openai",
        model="gpt-4.1",
        request_model="prod",
        service_tier="priority",
        service_tier_requested="unknown",
        context_band=32_768,
        features=events.FEATURE_TOOLS | events.FEATURE_IMAGE | events.FEATURE_CLIENT_RETRY,
        usage_source="estimated",
        status="cancelled",
        project="p",
        workload="w",
        key="k",
        modifiers="geo=us speed=fast",
    )
    assert event == Event(
        dedupe_key="native:r-1",
        occurred_at=1_795_435_200_250_000,
        labels=labels,
        input_tokens=40_000,
        cached_input_tokens=1,
        cache_write_input_tokens=2,
        output_tokens=30,
        reasoning_tokens=4,
        input_audio_tokens=3,
        output_audio_tokens=5,
        sender_cost_pico_usd=250_000_000_000,
        meters=(
            ("cache_write_1h_input_tokens", 1),
            ("other_meter", 2),
            ("unaccounted_tokens", 2),
            ("web_searches", 4),
        ),
        latency_ms=5,
        first_token_ms=6,
        retry_count=7,
    )


def test_what_is_absent_or_null_is_unknown_not_zero() -> None:
    for event in (
        event_of(),
        event_of(**dict.fromkeys([*COUNTS, "features", "status", "key", "provider"])),
    ):
        assert [getattr(event, name) for name in COUNTS[:-1]] == [None] * 7
        assert (event.labels.status, event.labels.usage_source) == ("success", "missing")
        assert event.labels.service_tier == "standard"


@pytest.mark.parametrize(
    ("sent", "source"),
    [
        ({"input_tokens": 0, "output_tokens": 0}, "provider"),
        ({"input_tokens": 5}, "missing"),
        ({"output_tokens": 5, "status": "failure"}, "missing"),
        ({"status": "failure"}, "none"),
        ({"status": "failure", "input_tokens": 5, "output_tokens": 0}, "provider"),
        ({"usage_source": "gateway_cache", "input_tokens": 5, "output_tokens": 5}, "gateway_cache"),
        ({"usage_source": "provider", "input_tokens": 5}, "provider"),
    ],
)
def test_usage_is_the_providers_only_if_it_is_whole_or_said_to_be(
    sent: dict[str, Any], source: str
) -> None:
    assert event_of(**sent).labels.usage_source == source


@pytest.mark.parametrize("field", COUNTS)
@pytest.mark.parametrize("sent", ["1200", 1200.0, -1, True, 10**9 + 1, 2**63, [], {}])
def test_a_count_that_is_none_is_refused_by_name(field: str, sent: object) -> None:
    assert refusal(**{field: sent}).startswith(f"{field} is ")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"model": None}, "model"),
        ({"model": " "}, "model"),
        ({"time": None}, "time"),
        ({"time": "yesterday"}, "time"),
        ({"time": True}, "time"),
        ({"time": -1}, "time"),
        ({"status": "ok"}, "status"),
        ({"usage_source": "me"}, "usage_source"),
        ({"features": ["sound"]}, "features"),
        ({"features": "tools"}, "features"),
        ({"usage_source": "none", "input_tokens": 1}, "usage_source"),
        ({"usage_source": "provider"}, "usage_source"),
        ({"project": 7}, "project"),
    ],
)
def test_a_field_that_cannot_be_is_refused_by_name_and_with_a_remedy(
    changes: dict[str, Any], problem: str
) -> None:
    reason = refusal(**changes)
    assert reason.startswith(problem)
    assert ";" in reason
    assert "\n" not in reason


def test_a_refusal_never_repeats_what_was_sent() -> None:
    secret = "my prompt, by mistake"
    for field in ("time", "status", "usage_source", "input_tokens", "features"):
        assert secret not in refusal(**{field: [secret] if field == "features" else secret})


def test_the_model_of_an_import_stands_in_for_a_missing_one() -> None:
    reading = parse(LEAST | {"model": None}, Naming(model="gpt-4.1-mini"))
    assert isinstance(reading, Event)
    assert reading.labels.model == "gpt-4.1-mini"


@pytest.mark.parametrize(
    "members",
    [
        b'"id":"r-2"',
        b'"model":"gpt-4.1-mini"',
        b'"input_tokens":1,"input_tokens":2',
        b'"x":1,"x":{"a":"b"}',
        b'"\\u0069d":1',
    ],
)
def test_a_field_that_comes_twice_is_refused(members: bytes) -> None:
    element = json.dumps(LEAST).encode()[:-1] + b"," + members + b"}"
    reading = native.parse(element, Naming())
    assert isinstance(reading, Rejected)


@pytest.mark.parametrize(
    "value",
    [
        b"9" * 5000,
        b"NaN",
        b"Infinity",
        b"1e999",
        b'"\\ud800"',
        b'"\xff"',
        b"[" * 100_000 + b"]" * 100_000,
        b"01",
        b"tru",
    ],
    ids=lambda value: repr(value[:10]),
)
@pytest.mark.parametrize("field", [b"project", b"input_tokens"])
def test_hostile_values_are_refused(field: bytes, value: bytes) -> None:
    element = json.dumps(LEAST).encode()[:-1] + b',"' + field + b'":' + value + b"}"
    assert isinstance(native.parse(element, Naming()), Rejected)


def test_depth_is_refused_even_where_nothing_is_read() -> None:
    reading = native.parse(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", Naming())
    assert isinstance(reading, Rejected)
    assert "nested" in reading.reason


def test_unknown_fields_are_named_and_otherwise_ignored() -> None:
    element = json.dumps({"inptu_tokens": 7, **LEAST, "a\0b": [1], "x" * 500: "deep"}).encode()
    assert native.parse(element, Naming()) == event_of()
    assert native.unknown_fields(element) == ("inptu_tokens", "ab", "x" * 128)
    assert native.unknown_fields(json.dumps(LEAST).encode()) == ()
    assert native.unknown_fields(b"null") == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [*LEAST, *COUNTS, "features", "status", "project", "service_tier", "usage_source", 'a"b', "x"]
)


@given(st.dictionaries(FIELDS, JSON))
def test_no_value_of_any_field_breaks_the_parser(changes: dict[str, object]) -> None:
    assert isinstance(parse(LEAST | changes), Event | Rejected)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_break_the_parser(element: bytes) -> None:
    assert isinstance(native.parse(element, Naming()), Ignored | Rejected)
    assert isinstance(native.unknown_fields(element), tuple)


@given(st.dictionaries(st.text(max_size=8).filter(lambda name: '"' not in name), JSON, max_size=5))
def test_no_unknown_field_is_taken_for_a_repeated_one(extra: dict[str, object]) -> None:
    element = json.dumps(extra | LEAST).encode()
    reading = native.parse(element, Naming())
    assert not isinstance(reading, Rejected) or "twice" not in reading.reason


FIELD = st.sampled_from(
    [
        *LEAST,
        "input_tokens",
        "output_tokens",
        "retry_count",
        "features",
        "colour",
        "id",
        '"',
        "proje\\ct",
    ]
)
VALUE = st.sampled_from(
    [
        '"r"',
        '"2026-11-23T12:00:00.5Z"',
        "7",
        "null",
        '["tools"]',
        '"a\\"b"',
        '"\\u0022"',
        "{}",
        '"é"',
        "1.5",
    ]
)
MEMBERS = st.lists(st.tuples(FIELD, VALUE), max_size=5)


@given(bodies=st.lists(MEMBERS, max_size=4), as_array=st.booleans(), good=st.booleans())
def test_a_body_in_one_go_reads_as_its_elements_do_or_not_at_all(
    bodies: list[list[tuple[str, str]]], as_array: bool, good: bool
) -> None:
    elements = []
    for members in bodies:
        least = [(name, json.dumps(value)) for name, value in LEAST.items()] if good else []
        text = ",".join(f"{json.dumps(name)}:{value}" for name, value in [*least, *members])
        elements.append(f"{{{text}}}".encode())
    body = b"[" + b",".join(elements) + b"]" if as_array else b"\n".join(elements)
    readings = native.parse_body(body, Naming())
    if readings is not None:
        assert readings == [native.parse(element, Naming()) for element in elements]
        assert [name for element in elements for name in native.unknown_fields(element)] == []


def test_escapes_cannot_hide_a_field_that_is_not_read() -> None:
    sent = b'{"id":"a","time":1795435200,"model":"m","project":"\\u0022\\u0022","colour":1}'
    assert native.parse_body(sent, Naming()) is None
    assert native.unknown_fields(sent) == ("colour",)


def test_plain_bodies_are_read_in_one_go() -> None:
    element = json.dumps(LEAST | {"features": ["tools"], "input_tokens": 5}).encode()
    for body in (element, element + b"\n" + element, b"[" + element + b"," + element + b"]", b"[]"):
        assert native.parse_body(body, Naming()) is not None
    for body in (b"", b"7", b"[7]", b'{"id":"a","id":"b"}', b'{"colour":1}', element[:-1]):
        assert native.parse_body(body, Naming()) is None
