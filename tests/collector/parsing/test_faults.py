"""What a decoder finds wrong with a record reads as a sentence that names the field."""

import msgspec
import pytest

from collector.parsing import faults, fields, litellm_payload
from collector.parsing.fields import Count
from collector.parsing.reading import Rejected


class Record(msgspec.Struct):
    id: str | None = None
    time: str | int | float | None = None
    tokens: Count = None
    is_stream: bool | None = None
    tags: list[str] | None = None
    usage: dict[str, Count] | None = None


DECODER = msgspec.json.Decoder(Record)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ('{"id": 5}', "id is a number, not text; send it as text"),
        ('{"id": {}}', "id is an object, not text; send it as text"),
        ('{"time": []}', "time is a list, not text or a number; leave it out if it is unknown"),
        ('{"tokens": "5"}', "tokens is text, not a whole number; leave it out if it is unknown"),
        (
            '{"tokens": 1.5}',
            "tokens is a decimal number, not a whole number; leave it out if it is unknown",
        ),
        ('{"tokens": -1}', "tokens is below 0; leave it out if it is unknown"),
        ('{"tokens": 1000000001}', "tokens is above 1000000000; leave it out if it is unknown"),
        (
            '{"is_stream": 1}',
            "is_stream is a number, not true or false; leave it out if it is unknown",
        ),
        ('{"tags": "a"}', "tags is text, not a list; leave it out if it is unknown"),
        ('{"tags": ["a", null]}', "tags[1] is null, not text; send it as text"),
        ('{"usage": 5}', "usage is a number, not an object; leave it out if it is unknown"),
        ("[]", "the record is a list, not an object; send one JSON object"),
        ("true", "the record is true or false, not an object; send one JSON object"),
        ('{"id": ', "the record is not valid JSON; send one JSON object in UTF-8"),
    ],
)
def test_a_fault_is_a_sentence_with_the_field_and_the_remedy(record: str, sentence: str) -> None:
    assert fields.decode(DECODER, record.encode()) == Rejected(sentence)


def test_a_message_of_another_shape_still_names_the_field() -> None:
    assert faults.describe_fault("Invalid enum value `x` - at `$.status`").startswith("status: ")


def test_litellm_16570_a_time_as_text_of_litellm_s_own_table_has_a_remedy_that_leads_somewhere() -> (
    None
):
    row = b'{"request_id": "r", "startTime": "2026-11-20T10:00:00+00:00", "model": "gpt-4.1"}'
    assert fields.decode(msgspec.json.Decoder(litellm_payload.Payload), row) == Rejected(
        "startTime is text, not a number; send epoch seconds, as LiteLLM's callback does;"
        " rows of LiteLLM_SpendLogs are read by --format litellm-spendlogs"
    )
