"""A judge sees both answers in both orders, and its marks are read or refused."""

import json

import pytest

from advisor.evidence.items import NANO
from advisor.trial.runs import judging, prompts
from advisor.trial.runs.graders import Grader
from advisor.trial.runs.judging import Marks

LINE = b'{"id": "q1", "prompt": "2 + 2?", "expected": "4", "grader": "judge"}'
(PROMPT,) = prompts.parse(LINE, "p.jsonl", Grader())
TEXTS = {"a": "four", "b": "five"}


def test_the_orders_differ_in_the_place_of_the_answers_alone() -> None:
    cases = [
        json.loads(judging.messages(PROMPT, order, TEXTS)[1]["content"]) for order in judging.ORDERS
    ]
    assert [(case["first"], case["second"]) for case in cases] == [
        ("four", "five"),
        ("five", "four"),
    ]
    assert all(case["reference"] == "4" for case in cases)
    assert all(case["task"] == [{"role": "user", "content": "2 + 2?"}] for case in cases)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ('{"first": 1, "second": 0}', (NANO, 0)),
        ('Let me think. {"a": 1} So: {"first": 0.5, "second": 1.0}', (NANO // 2, NANO)),
        ('```json\n{"second": true, "first": false}\n```', (0, NANO)),
    ],
)
def test_marks_are_read_for_the_side_that_they_are_of(text: str, marks: tuple[int, int]) -> None:
    first, second = marks
    assert judging.parse_marks(text, "ab") == Marks(a_nano=first, b_nano=second)
    assert judging.parse_marks(text, "ba") == Marks(a_nano=second, b_nano=first)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the first",
        '{"first": 1}',
        '{"first": 1, "second": 0.7}',
        '{"first": 5, "second": 0}',
        '{"first": "1", "second": "0"}',
        '{"first": 1e999, "second": 0}',
        '{"first": NaN, "second": 0}',
    ],
)
def test_what_holds_no_marks_gives_none(text: str) -> None:
    assert judging.parse_marks(text, "ab") is None
