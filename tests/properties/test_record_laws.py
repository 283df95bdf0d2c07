"""Log files: the same records for any chunks of a file and any place to start again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import formats, records
from collector.formats import litellm
from collector.framing import Framing
from collector.parsing.format import JsonFormat
from collector.parsing.naming import Naming
from collector.parsing.reading import Reading, Rejected
from collector.records import Mark, RecordBatch
from tests import samples

NAMING = Naming()
JSON_FORMATS = pytest.mark.parametrize("json_format", formats.JSON_FORMATS, ids=lambda f: f.name)
LITELLM = {
    "id": "chatcmpl-1",
    "status": "success",
    "startTime": 1_795_454_524.5,
    "endTime": 1_795_454_525.5,
    "model": "gpt-4.1",
    "call_type": "acompletion",
    "prompt_tokens": 12,
    "completion_tokens": 3,
    "response": {"model": "gpt-4.1-2025-04-14"},
    "model_parameters": {"stream": True, "tools": [{"type": "function"}]},
    "metadata": {"user_api_key_alias": "a\u00e9"},
}


def good(number: int) -> list[str]:
    """One record in any form: plain, of either format, over several lines, or of other fields."""
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


def expected(json_format: JsonFormat, content: bytes) -> list[Reading]:
    """The records by taking the file apart, byte for byte."""
    framing = Framing()
    readings = [json_format.parse(element, NAMING) for element in framing.feed(content)]
    end = framing.finish()
    return readings + ([Rejected(end.reason)] if end else [])


def read(
    json_format: JsonFormat, content: bytes, sizes: list[int], start: Mark = records.START
) -> list[RecordBatch]:
    chunks: list[bytes] = []
    position = start.offset_bytes
    while position < len(content):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(content[position : position + size])
        position += size
    return list(records.read_batches(chunks, json_format, NAMING, start=start))


def readings_of(batches: list[RecordBatch]) -> list[Reading]:
    return [reading for batch in batches for reading in batch.readings]


@JSON_FORMATS
@given(content=files(), sizes=st.lists(st.integers(1, 3_000), min_size=1, max_size=5))
def test_chunks_change_nothing(json_format: JsonFormat, content: bytes, sizes: list[int]) -> None:
    assert readings_of(read(json_format, content, sizes)) == expected(json_format, content)


@JSON_FORMATS
@given(content=files(), sizes=st.lists(st.integers(1, 3_000), min_size=1, max_size=5))
def test_reading_goes_on_from_every_mark_as_if_it_had_never_stopped(
    json_format: JsonFormat, content: bytes, sizes: list[int]
) -> None:
    readings = expected(json_format, content)
    for batch in read(json_format, content, sizes):
        if batch.end is not None:
            later = readings_of(read(json_format, content, [70_000], batch.end))
            assert later == readings[batch.end.records :]


@pytest.mark.parametrize("as_array", [True, False])
@given(lines=LINES)
def test_a_body_of_payloads_in_one_go_reads_as_its_elements_do_or_not_at_all(
    as_array: bool, lines: list[str]
) -> None:
    body = f"[{','.join(lines)}]".encode() if as_array else "\n".join(lines).encode()
    readings = litellm.parse_body(body, NAMING)
    if readings is not None:
        assert readings == expected(litellm.FORMAT, body)


def test_plain_payloads_are_read_in_one_go() -> None:
    line = json.dumps(LITELLM).encode()
    for body in (line, line + b"\n" + line + b"\n", b"[" + line + b"]"):
        assert litellm.parse_body(body, NAMING)
    for body in (b"", b"7", b"[7]", line[:-1], line + line[:-1]):
        assert litellm.parse_body(body, NAMING) is None
