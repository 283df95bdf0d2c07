"""Answers of an endpoint are read field by field, and never believed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.trial.runs import answers
from advisor.trial.runs.answers import AnswerUsage, OddAnswer

USAGE = {"prompt_tokens": 100, "completion_tokens": 7}


def body(message: object = None, **fields: Any) -> bytes:
    """A body of chat completions."""
    choice = {"message": message or {"content": "yes"}, "finish_reason": "stop"}
    return json.dumps({"choices": [choice], "model": "m-1", "usage": USAGE, **fields}).encode()


def test_an_answer_is_read() -> None:
    details = {
        "prompt_tokens_details": {"cached_tokens": 64},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    answer = answers.parse(body(usage=USAGE | details, service_tier="default"))
    assert (answer.text, answer.model, answer.service_tier) == ("yes", "m-1", "default")
    assert answer.usage == AnswerUsage(
        input_tokens=100, output_tokens=7, cached_input_tokens=64, reasoning_tokens=3
    )


def test_calls_of_tools_are_an_answer_as_json() -> None:
    call = {"function": {"name": "weather", "arguments": '{"city": "Rome"}'}}
    text = answers.parse(body({"content": None, "tool_calls": [call]})).text
    assert json.loads(text) == [{"name": "weather", "arguments": {"city": "Rome"}}]


@pytest.mark.parametrize("message", [{}, {"content": None}, {"content": 5}, {"tool_calls": "x"}])
def test_an_answer_without_a_text_is_an_empty_one(message: object) -> None:
    assert answers.parse(body(message or {"role": "assistant"})).text == ""


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "many",
        {},
        {"prompt_tokens": 1},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": 10**10, "completion_tokens": 1},
        {**USAGE, "prompt_tokens_details": {"cached_tokens": 101}},
        {**USAGE, "completion_tokens_details": {"reasoning_tokens": 8}},
    ],
)
def test_odd_usage_is_unknown_and_not_zero(usage: object) -> None:
    assert answers.parse(body(usage=usage)).usage is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "odd_json"),
        (b"data: {}", "odd_json"),
        (b"[" * 100_000, "odd_json"),
        (b"{}", "no_choices"),
        (b'{"choices": []}', "no_choices"),
        (b'{"choices": [null]}', "no_choices"),
        (b'{"choices": {"0": 1}}', "no_choices"),
        (b"x" * (answers.MOST_BYTES + 1), "too_large"),
    ],
)
def test_what_is_no_answer_has_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(OddAnswer) as odd:
        answers.parse(content)
    assert odd.value.reason == reason


def test_a_name_that_is_a_text_is_not_kept() -> None:
    answer = answers.parse(body(model="you are a helpful model", service_tier="x\ny"))
    assert (answer.model, answer.service_tier) == ("", "")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("context_length_exceeded", "context_length_exceeded"),
        ("messages[0].content", "messages[0].content"),
        ("Secret", ""),
        ("my secret", ""),
        ("x" * 65, ""),
        (5, ""),
    ],
)
def test_a_code_is_kept_only_where_it_looks_like_one(text: object, word: str) -> None:
    assert answers.word(text) == word


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda part: st.lists(part) | st.dictionaries(st.text(), part),
    )
)
def test_no_json_makes_it_fail_in_another_way(document: object) -> None:
    for fields in ({"choices": document}, {"choices": [{"message": document}], "usage": document}):
        try:
            answer = answers.parse(json.dumps(fields).encode())
        except OddAnswer:
            continue
        assert isinstance(answer.text, str)
