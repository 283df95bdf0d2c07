"""Files of prompts: one bad line refuses all, by its number and never by its text."""

import json
from typing import Any

import pytest

from advisor.trial.runs import prompts
from advisor.trial.runs.graders import Grader
from ledger.errors import UsageError

LINE: dict[str, Any] = {"id": "q1", "prompt": "SECRET", "expected": "yes"}


def parse(*lines: object) -> tuple[prompts.Prompt, ...]:
    """The prompts of lines; what is no text is written as JSON."""
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return prompts.parse("\n".join(texts).encode(), "p.jsonl", Grader())


def test_a_line_says_what_is_sent_and_what_is_expected() -> None:
    messages = [{"role": "system", "content": "be short"}, {"role": "user", "content": "hello"}]
    first, second = parse(
        {**LINE, "conversation": "c7", "parameters": {"max_tokens": 5, "temperature": 0}},
        {"id": 2, "messages": messages, "expected": 4, "grader": "number"},
        "",
    )
    assert first.messages == ({"role": "user", "content": "SECRET"},)
    assert (first.cluster, first.output_limit, first.rule.grader.kind) == ("c7", 5, "exact")
    assert (second.id, second.cluster, second.output_limit) == ("2", "2", None)
    assert list(second.messages) == messages
    assert second.rule.grader.kind == "number"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[1]", "line 2 is not a JSON object"),
        ("{SECRET", "line 2 is not a JSON object"),
        ({**LINE, "expcted": 1}, "unknown key 'expcted'"),
        ({"prompt": "SECRET", "expected": "yes"}, "has no id"),
        ({**LINE, "id": "q0"}, "has the id 'q0' of an earlier line"),
        ({**LINE, "id": "x" * 129}, "has a id that is no name"),
        ({**LINE, "id": "a\nb"}, "has a id that is no name"),
        ({**LINE, "messages": []}, "either prompt or messages"),
        ({"id": "q1", "expected": "yes"}, "either prompt or messages"),
        ({"id": "q1", "messages": ["SECRET"], "expected": "yes"}, "has messages that are none"),
        ({**LINE, "prompt": 5}, "has messages that are none"),
        ({**LINE, "parameters": {"stream": True}}, "has the parameter 'stream'"),
        ({**LINE, "parameters": {"user": "SECRET"}}, "has the parameter 'user'"),
        ({**LINE, "parameters": [1]}, "parameters that are no JSON object"),
        ({"id": "q1", "prompt": "SECRET"}, "no text to compare with"),
    ],
)
def test_a_bad_line_is_named_without_its_text(line: object, says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse({**LINE, "id": "q0"}, line)
    assert says in str(refusal.value)
    assert str(refusal.value).startswith("p.jsonl: line 2 ")
    assert "Nothing was sent" in str(refusal.value)
    assert "SECRET" not in str(refusal.value)


def test_many_bad_lines_are_counted() -> None:
    with pytest.raises(UsageError, match="and 3 lines more"):
        parse(*["{"] * 8)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(UsageError, match="no prompt in it"):
        parse("", " ")


def test_an_image_counts_by_an_assumption_and_not_by_its_encoding() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10**6}}
    content = [{"type": "text", "text": "what is this?"}, image]
    (prompt,) = parse(
        {"id": 1, "messages": [{"role": "user", "content": content}], "expected": "x"}
    )
    assert 8_000 < prompt.input_bytes < 9_000
