"""Log files: however a file is cut into chunks, and wherever reading starts again, its records are those of its elements."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import records
from collector.formats import litellm, native
from collector.framing import Framing
from collector.parsing.naming import Naming
from collector.parsing.reading import Parser, Reading, Rejected
from collector.records import Mark
from tests import samples

NAMING = Naming()
PARSERS: dict[str, Parser] = {"native": native.parse, "litellm": litellm.parse}
LITELLM = {
    "id": "chatcmpl-1", "status": "success", "startTime": 1_795_454_524.5, "endTime": 1_795_454_525.5, "model": "gpt-4.1",
    "call_type": "acompletion", "prompt_tokens": 12, "completion_tokens": 3, "response": {"model": "gpt-4.1-2025-04-14"},
    "model_parameters": {"stream": True, "tools": [{"type": "function"}]}, "metadata": {"user_api_key_alias": "a\u00e9"},
}  # fmt: skip


def good(number: int) -> list[str]:
    """One record as it may be written: plain, of either format, spread over lines, or of other fields."""
    event, payload = samples.native_event(number), {**LITELLM, "id": f"chatcmpl-{number}"}
    return [
        json.dumps(event),
        json.dumps(event, indent=1),
        json.dumps({**event, "colour": {"b": "}"}}),
        json.dumps(payload),
        json.dumps({**payload, "call_type": "aretrieve_batch"}),
        json.dumps({**payload, "prompt_tokens": "many"}),
    ]


RECORD = st.integers(0, 99).flatmap(lambda number: st.sampled_from(good(number)))
ODD = st.sampled_from(
    [
        "",
        " ",
        "{}",
        "null",
        "7",
        '"text"',
        "[]",
        "}",
        '{"id": "torn',
        '{"a": [1, 2',
        "nonsense",
        "\ufeff",
        '{"a": "\\u0022"}',
    ]
)
LINES = st.lists(st.one_of(RECORD, RECORD, RECORD, ODD), max_size=12)
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", " "])


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file of records, mostly one a line, sometimes an array."""
    lines, end = draw(LINES), draw(ENDS)
    if draw(st.booleans()) and draw(st.booleans()):
        return f"[{','.join(lines)}]".encode()
    return (end.join(lines) + draw(st.sampled_from(["", end]))).encode()


def expected(format_name: str, content: bytes) -> list[Reading]:
    """The records by taking the file apart, byte for byte."""
    framing = Framing()
    found = [PARSERS[format_name](element, NAMING) for element in framing.feed(content)]
    broken = framing.finish()
    return found + ([Rejected(broken.reason)] if broken else [])


def read(
    format_name: str, content: bytes, sizes: list[int], start: Mark = records.START
) -> list[tuple[list[Reading], Mark | None]]:
    chunks: list[bytes] = []
    at = start.offset_bytes
    while at < len(content):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(content[at : at + size])
        at += size
    return list(records.batches(format_name, chunks, None, NAMING, start))


@pytest.mark.parametrize("format_name", PARSERS)
@given(content=files(), sizes=st.lists(st.integers(1, 3_000), min_size=1, max_size=5))
def test_chunks_change_nothing(format_name: str, content: bytes, sizes: list[int]) -> None:
    found = [reading for readings, _ in read(format_name, content, sizes) for reading in readings]
    assert found == expected(format_name, content)


@pytest.mark.parametrize("format_name", PARSERS)
@given(content=files(), sizes=st.lists(st.integers(1, 3_000), min_size=1, max_size=5))
def test_reading_goes_on_from_every_mark_as_if_it_had_never_stopped(
    format_name: str, content: bytes, sizes: list[int]
) -> None:
    whole = expected(format_name, content)
    for _, end in read(format_name, content, sizes):
        if end is not None:
            rest = [
                reading
                for readings, _ in read(format_name, content, [70_000], end)
                for reading in readings
            ]
            assert rest == whole[end.records :]


@pytest.mark.parametrize("as_array", [True, False])
@given(lines=LINES)
def test_a_body_of_payloads_in_one_go_reads_as_its_elements_do_or_not_at_all(
    as_array: bool, lines: list[str]
) -> None:
    body = f"[{','.join(lines)}]".encode() if as_array else "\n".join(lines).encode()
    whole = litellm.parse_whole(body, NAMING)
    if whole is not None:
        assert whole == expected("litellm", body)


def test_plain_payloads_are_read_in_one_go() -> None:
    line = json.dumps(LITELLM).encode()
    for body in (line, line + b"\n" + line + b"\n", b"[" + line + b"]"):
        assert litellm.parse_whole(body, NAMING)
    for body in (b"", b"7", b"[7]", line[:-1], line + line[:-1]):
        assert litellm.parse_whole(body, NAMING) is None
