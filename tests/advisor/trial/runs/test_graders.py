"""Graders mark what a person would, and refuse a rule that could mark nothing."""

from typing import Any

import pytest

from advisor.evidence.items import NANO
from advisor.trial.runs import graders, marking
from advisor.trial.runs.graders import Grader
from ledger.errors import UsageError

SCHEMA = {
    "type": "object",
    "properties": {"n": {"$ref": "#/$defs/count"}},
    "required": ["n"],
    "$defs": {"count": {"type": "integer"}},
}


def is_right(choice: object, expected: Any, answer: str, **parameters: Any) -> bool:
    """Whether a grader calls an answer right."""
    grader = graders.parse_grader(choice, Grader())
    return marking.mark(graders.make_rule(grader, expected, parameters), answer) == NANO


@pytest.mark.parametrize(
    ("choice", "expected", "right", "wrong"),
    [
        ("exact", "Paris", [" Paris\n"], ["paris", "Paris.", ""]),
        ("exact", "Zu\u0308rich", ["Z\u00fcrich"], ["Zurich"]),
        ("exact", 42, ["42"], ["42.0", "43"]),
        ({"type": "exact", "ignore_case": True}, "Paris", ["PARIS"], ["Lyon"]),
        ("regex", r"^\s*(yes|ja)\b", ["yes, of course", "ja"], ["no, yes", "yesterday"]),
        ("schema", SCHEMA, ['{"n": 1}', '```json\n{"n": 1}\n```'], ['{"n": "1"}', "{", "", "NaN"]),
        ("number", 12, ["12", "It is 12.", "11 + 1 = 12.0", "$12"], ["12.1", "twelve", "12 or 13"]),
        ("number", "1234.5", ["1,234.5", "1.2345e3"], ["1234"]),
        ("number", -3, ["-3"], ["3"]),
        ({"type": "number", "tolerance": 0.01}, 3.14, ["3.15", "3.13"], ["3.1501"]),
        ({"type": "number", "relative_tolerance": "0.1"}, 200, ["180", "220"], ["179.9"]),
    ],
)
def test_answers_are_marked_by_their_rule(
    choice: object, expected: Any, right: list[str], wrong: list[str]
) -> None:
    assert [answer for answer in right if not is_right(choice, expected, answer)] == []
    assert [answer for answer in wrong if is_right(choice, expected, answer)] == []


def test_the_schema_that_a_request_asks_for_is_its_rule() -> None:
    response_format = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
    assert is_right("schema", None, '{"n": 2}', response_format=response_format)
    assert not is_right("schema", None, '{"m": 2}', response_format=response_format)


@pytest.mark.parametrize(
    ("choice", "expected", "says"),
    [
        ("fuzzy", "x", "use exact, regex, schema, number or judge"),
        (["exact"], "x", "use exact"),
        ({"type": "exact", "tolerance": 1}, "x", "has the option 'tolerance' for the grader exact"),
        ("exact", None, "no text to compare with"),
        ("exact", True, "no text to compare with"),
        ("regex", "(", "no regular expression"),
        ("regex", "", "has no pattern"),
        ("schema", None, "has no JSON schema"),
        ("schema", {"type": "colour"}, "check its keywords"),
        ("schema", {"$ref": "https://example.org/x.json"}, "refers to something outside of it"),
        ("schema", {"$ref": "#/$defs/gone"}, "refers to something outside of it"),
        ("number", "about ten", "no number to compare with"),
        ("number", True, "no number to compare with"),
        ({"type": "number", "tolerance": -1}, 1, "0 or more"),
        ({"type": "number", "tolerance": "NaN"}, 1, "0 or more"),
    ],
)
def test_a_rule_that_marks_nothing_is_refused(choice: object, expected: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says.replace("$", r"\$")):
        is_right(choice, expected, "x")


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("regex", r"^(a+)+$"),
        ("schema", {"type": "string", "pattern": r"^(a+)+$"}),
    ],
)
def test_a_rule_that_takes_for_ever_is_interrupted(choice: str, expected: Any) -> None:
    rule = graders.make_rule(Grader(kind=choice), expected, {})  # type: ignore[arg-type]  # a kind
    text = "a" * 64 + "!"
    with pytest.raises(graders.TooSlow):
        marking.mark(rule, f'"{text}"' if choice == "schema" else text, seconds=0.2)
    assert marking.mark(rule, '"aa"' if choice == "schema" else "aa") == NANO
