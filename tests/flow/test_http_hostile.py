"""The write API under hostile and random bodies: each gets an answer.

It runs over real HTTP and on both databases.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi_checks

from ledger.database import Database
from tests import samples, serving
from tests.serving import RunningCollector, post, total

GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture
def collector(database: Database) -> Iterator[RunningCollector]:
    with serving.collector(database) as running:
        yield running


DOCUMENTED = [
    not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]

HOSTILE = {
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep in a field": (
        b'{"id":"a","time":1,"model":"m","features":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    ),
    "long integer": (
        b'{"id":"a","time":1795464000,"model":"m","input_tokens":' + b"9" * 5_000 + b"}"
    ),
    "long time": (
        b'{"id":"a","model":"m","startTime":' + b"9" * 5_000 + b',"time":' + b"9" * 5_000 + b"}"
    ),
    "NaN": b'{"id":"a","time":NaN,"model":"m","input_tokens":NaN}',
    "Infinity": b'{"id":"a","time":1e999,"startTime":-1e999,"model":"m","input_tokens":Infinity}',
    "64 bits": b'{"id":"a","time":1795464000,"model":"m","input_tokens":9223372036854775808}',
    "bool": b'{"id":"a","time":true,"model":"m","input_tokens":true,"startTime":true}',
    "float": b'{"id":"a","time":1795464000,"model":"m","input_tokens":1.5,"prompt_tokens":1.5}',
    "surrogate": (
        b'{"id":"\\ud800","time":1795464000,"model":"\\udfff","status":"success",'
        b'"startTime":1795450000}'
    ),
    "NUL": (
        b'{"id":"a\\u0000b","time":1795464000,"model":"m\\u0000","status":"success",'
        b'"startTime":1795450000}'
    ),
    "raw NUL": b'{"id":"a\0b","time":1795464000,"model":"m"}',
    "twice": (
        b'{"id":"a","id":"b","time":1795464000,"model":"m","model":"n",'
        b'"input_tokens":1,"input_tokens":2}'
    ),
    "not UTF-8": b'{"id":"\xff\xfe","time":1795464000,"model":"m"}',
    "UTF-16": '[{"id":"a"}]'.encode("utf-16"),
    "long text": (
        b'{"id":"' + b"x" * 900_000 + b'","time":1795464000,"model":"' + b"y" * 900_000 + b'"}'
    ),
    "wrong kinds": (
        b'{"id":{},"time":[],"model":7,"features":{},"metadata":7,"response":[],"status":{},'
        b'"startTime":""}'
    ),
    "far time": (
        b'[{"id":"a","time":"9999-12-31T23:59:59Z","model":"m"},'
        b'{"id":"a","time":-1e308,"model":"m","startTime":1e308}]'
    ),
    "nothing": b"",
    "null": b"null",
    "nulls": b"[null,null]",
    "commas": b"[,,,]",
    "brackets": b"[[],{},[[]]]",
}


@pytest.mark.parametrize("path", ["/v1/events", "/v1/litellm"])
def test_hostile_bodies_are_answered_and_harm_nothing(
    collector: RunningCollector, path: str
) -> None:
    for name, body in HOSTILE.items():
        answer = post(collector, body, path)
        assert answer.status_code in (200, 400, 413), (name, answer.text)
        if answer.status_code == 200:
            assert total(answer.json()) >= 1, name
        assert post(collector, samples.native_event(0)).json()["rejected"] == [], name


@given(
    body=st.binary(max_size=400)
    | st.text(alphabet='[]{}",:0.e-\\utrnx \n', max_size=200).map(str.encode),
    zipped=st.booleans(),
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_at_all_get_an_answer_that_is_no_fault_of_ours(
    collector: RunningCollector, body: bytes, zipped: bool
) -> None:
    for path in ("/v1/events", "/v1/litellm"):
        answer = collector.client.post(path, content=body, headers=GZIP if zipped else {})
        assert answer.status_code in (200, 400)


def _fuzz(collector: RunningCollector, examples: int) -> None:
    suppressed = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    for path in ("/v1/events", "/v1/litellm"):
        operation = schemathesis.openapi.from_asgi("/openapi.json", collector.app)[path]["POST"]

        @given(case=operation.as_strategy())
        @hypothesis_settings(max_examples=examples, deadline=None, suppress_health_check=suppressed)
        def answers_as_documented(case: schemathesis.Case[Any]) -> None:
            answer = case.call(base_url=str(collector.client.base_url))
            case.validate_response(answer, checks=DOCUMENTED)

        answers_as_documented()


def test_every_answer_is_as_the_openapi_document_says(collector: RunningCollector) -> None:
    _fuzz(collector, examples=40)


@pytest.mark.full
def test_every_answer_is_as_the_openapi_document_says_in_two_thousand_cases(
    collector: RunningCollector,
) -> None:
    _fuzz(collector, examples=1_000)
