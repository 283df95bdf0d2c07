"""A write gets the same answer on every way through the server."""

import json
import re
import socket
import time

import pytest
from sqlalchemy import func, select

from ledger import tables
from ledger.database import Database
from tests import samples
from tests.serving import RunningCollector

EVENTS = [samples.native_event(number) for number in range(2)]


@pytest.fixture
def backend(route: tuple[str, str]) -> str:
    """The database of the test."""
    return route[0]


def stored(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(select(func.count()).select_from(tables.EVENT)).scalar_one())


def raw(collector: RunningCollector, *pieces: bytes, answers: int = 1) -> bytes:
    """What the server answers to bytes sent over one connection, piece by piece.

    It waits for this many final answers.
    """
    host, port = collector.client.base_url.host, collector.client.base_url.port
    assert port is not None
    answer = b""
    with socket.create_connection((host, port), timeout=20) as sender:
        for piece in pieces:
            sender.sendall(piece)
            time.sleep(0.05)
        while len(re.findall(rb"HTTP/1.1 [2-5]", answer)) < answers or not answer.endswith(b"}"):
            part = sender.recv(1 << 16)
            assert part, answer
            answer += part
    return answer


def request_of(event: object, *headers: str) -> bytes:
    """A write as bytes."""
    body = json.dumps(event).encode()
    lines = ["POST /v1/events HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_requests_that_follow_without_waiting_are_answered_in_order(
    collector: RunningCollector,
) -> None:
    answer = raw(
        collector,
        request_of(EVENTS[0]) + request_of(EVENTS[0]) + request_of([]) + request_of(EVENTS[1]),
        answers=4,
    )
    bodies = [json.loads(part[: part.index(b"}") + 1]) for part in answer.split(b"\r\n\r\n")[1:]]
    assert [(body["accepted"], body["duplicate"]) for body in bodies] == [
        (1, 0),
        (0, 1),
        (0, 0),
        (1, 0),
    ]


def test_a_body_that_comes_byte_by_byte_is_stored_when_it_is_whole(
    collector: RunningCollector, database: Database
) -> None:
    sent = request_of(EVENTS[0])
    answer = raw(collector, sent[:40], sent[40:200], sent[200:-1], sent[-1:])
    assert answer.startswith(b"HTTP/1.1 200")
    assert stored(database) == 1


@pytest.mark.parametrize(
    "header",
    [
        "Connection: close",
        "Expect: 100-continue",
        "X-Twice: 1\r\nX-Twice: 2",
        "Content-Encoding: identity",
        "Origin: http://x",
    ],
)
def test_a_write_with_unusual_headers_gets_the_same_answer(
    collector: RunningCollector, header: str
) -> None:
    answer = raw(collector, request_of(EVENTS[0], header))
    assert b"HTTP/1.1 200" in answer
    assert b'"accepted":1' in answer


def test_a_web_page_of_another_site_may_not_write(
    collector: RunningCollector, database: Database
) -> None:
    answer = raw(collector, request_of(EVENTS[0], "Origin: http://elsewhere.example"))
    assert answer.startswith(b"HTTP/1.1 403")
    assert stored(database) == 0


def test_a_form_is_refused_with_the_content_type_to_send(collector: RunningCollector) -> None:
    form = b"id=1&model=gpt-4.1"
    head = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded"
    answer = raw(collector, f"{head}\r\nContent-Length: {len(form)}\r\n\r\n".encode() + form)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"send JSON (Content-Type: application/json); " in answer
    assert b"its content type is application/x-www-form-urlencoded" in answer
