"""Bodies are read in pieces and within limits; of a broken one the complete elements are kept."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from collector import bodies
from collector.backlog import EVENT_BYTES, Backlog, Claim, Overloaded
from collector.bodies import BadBody, EncodingUnknown, Stalled, TooLarge
from collector.formats import native
from collector.parsing.format import Limits
from collector.parsing.naming import Naming
from collector.receipts import Readings
from ledger.errors import SwitchwiseError
from tests import samples

MIB = 1 << 20
LIMITS = Limits(wire_bytes=8 * MIB, inflated_bytes=32 * MIB, elements=10_000)
LINES = b"\n".join(json.dumps(samples.native_event(number)).encode() for number in range(300))
ARRAY = b"[" + LINES.replace(b"\n", b",") + b"]"


def read(
    chunks: Sequence[bytes],
    encoding: str = "",
    *,
    limits: Limits = LIMITS,
    backlog: Backlog | None = None,
    is_complete: bool = True,
    content_type: str = "",
) -> Readings:
    """The readings of a body that arrives in these chunks.

    After them the sender hangs up, unless the body is complete.
    """
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]
    messages.append(
        {"type": "http.request", "body": b""} if is_complete else {"type": "http.disconnect"}
    )

    async def receive() -> Message:
        return messages.pop(0)

    headers = {b"content-encoding": encoding, b"content-type": content_type}
    sent_headers = [(name, text.encode()) for name, text in headers.items() if text]
    request = Request({"type": "http", "method": "POST", "headers": sent_headers}, receive)
    return asyncio.run(
        bodies.read_body(
            request,
            replace(native.FORMAT, limits=limits),
            Naming(),
            claim=Claim(backlog or Backlog(64 * MIB)),
            on_wire=lambda _size_bytes: None,
        )
    )


@given(st.data(), st.sampled_from([LINES, ARRAY]), st.booleans())
def test_how_a_body_is_cut_into_chunks_makes_no_difference(
    data: st.DataObject, body: bytes, zipped: bool
) -> None:
    sent = gzip.compress(body) if zipped else body
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    chunks = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    readings = read(chunks, "gzip" if zipped else "")
    assert [event.dedupe_key for event in readings.events] == [
        f"native:request-{number}" for number in range(300)
    ]
    assert not readings.rejected


def test_a_gzip_body_may_have_several_members_and_padding() -> None:
    first, second = LINES[: LINES.index(b"\n", 9_000) + 1], LINES[LINES.index(b"\n", 9_000) + 1 :]
    assert (
        len(read([gzip.compress(first) + gzip.compress(second) + bytes(16)], "gzip").events) == 300
    )


@given(st.integers(1, len(ARRAY) - 1))
def test_of_an_array_that_ends_too_early_the_complete_elements_are_kept(length: int) -> None:
    complete = ARRAY[:length].count(b"}")
    if not complete:
        with pytest.raises(BadBody):
            read([ARRAY[:length]])
        return
    readings = read([ARRAY[:length]])
    assert len(readings.events) == complete
    assert [record.index for record in readings.rejected] == [complete]


def test_of_a_gzip_stream_that_ends_too_early_the_complete_elements_are_kept() -> None:
    sent = gzip.compress(LINES, compresslevel=1)
    readings = read([sent[: len(sent) // 2]], "gzip")
    assert 50 < len(readings.events) < 300
    (record,) = readings.rejected
    assert (record.index, readings.count) == (len(readings.events), len(readings.events) + 1)


def test_a_gzip_body_without_its_checksum_is_kept_and_named_as_broken() -> None:
    readings = read([gzip.compress(LINES)[:-8]], "gzip")
    assert (len(readings.events), [record.index for record in readings.rejected]) == (300, [300])


def test_of_a_gzip_body_whose_checksum_is_wrong_nothing_is_kept() -> None:
    sent = bytearray(gzip.compress(LINES))
    sent[-8] ^= 1
    with pytest.raises(BadBody, match="checksum"):
        read([bytes(sent)], "gzip")


@pytest.mark.parametrize(
    "body", [b"", b"  \n ", b"hello", b"<xml/>", b"[", b'[{"id": ', b"\x1f\x8b"]
)
def test_a_body_without_a_complete_element_is_refused(body: bytes) -> None:
    with pytest.raises(BadBody):
        read([body])


def test_an_empty_array_is_a_body_of_nothing() -> None:
    assert read([b"[]"]).count == 0


def test_unknown_fields_are_noted() -> None:
    assert list(
        read([b'{"id": "a", "time": 1795464000, "model": "m", "colour": 1}']).unknown_fields
    ) == ["colour"]


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(EncodingUnknown):
        read([LINES], encoding)


def test_more_bytes_or_elements_than_the_route_takes_are_refused() -> None:
    backlog = Backlog(MIB)
    exact = Limits(wire_bytes=len(LINES), inflated_bytes=len(LINES), elements=300)
    wide = Limits(wire_bytes=MIB, inflated_bytes=MIB, elements=1_000)
    for limits, encoding, body in (
        (replace(wide, wire_bytes=len(LINES) - 1), "", LINES),
        (replace(wide, inflated_bytes=len(LINES) - 1), "gzip", gzip.compress(LINES)),
        (replace(wide, elements=299), "", LINES),
    ):
        with pytest.raises(TooLarge):
            read([body], encoding, limits=limits, backlog=backlog)
    assert len(read([LINES], limits=exact, backlog=backlog).events) == 300


@pytest.mark.parametrize("content", [b"\0", b" ", b"[", b'{"a":"', b"[1,"])
def test_a_gzip_bomb_is_refused_quickly_and_in_little_memory(content: bytes) -> None:
    bomb = gzip.compress(content + content[-1:] * (60 * MIB))
    tracemalloc.start()
    started = perf_counter()
    limits = Limits(wire_bytes=64 * MIB, inflated_bytes=256 * MIB, elements=10**9)
    with pytest.raises(SwitchwiseError):
        read([bomb], "gzip", limits=limits, backlog=Backlog(512 * MIB))
    seconds, (_, peak_bytes) = perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 32 * MIB
    assert seconds < 60, "a bound against hanging; the benchmark holds the real one"


def test_what_is_unfinished_and_the_events_of_a_body_count_in_the_backlog() -> None:
    with pytest.raises(Overloaded):
        read([b'[{"id":"', *[b"x" * 60_000] * 20], backlog=Backlog(MIB))
    with pytest.raises(Overloaded):
        read([LINES], backlog=Backlog(100 * EVENT_BYTES))
    chunks = [LINES[start : start + 5_000] for start in range(0, len(LINES), 5_000)]
    assert len(read(chunks, backlog=Backlog(320 * EVENT_BYTES)).events) == 300


@pytest.mark.parametrize(
    ("content_type", "advice"),
    [
        ("application/json; charset=utf-8", "{problem}; send a JSON array, or JSON objects"),
        ("", "{problem}; send a JSON array, or JSON objects"),
        (
            "a/b; charset=x",
            "send JSON (Content-Type: application/json); {problem}, and its content type is a/b",
        ),
    ],
)
def test_a_body_that_is_not_json_is_told_what_to_send(content_type: str, advice: str) -> None:
    problem = "the JSON begins with neither [ nor {"
    with pytest.raises(BadBody) as refusal:
        read([b"id=1&model=gpt-4.1"], content_type=content_type)
    assert str(refusal.value) == advice.format(problem=problem)


def test_json_of_another_content_type_is_read() -> None:
    assert len(read([LINES], content_type="text/plain").events) == 300


def test_a_sender_that_hangs_up_leaves_nothing() -> None:
    with pytest.raises(ClientDisconnect):
        read([LINES[:5_000]], is_complete=False)


def test_a_sender_that_falls_silent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "IDLE_SECONDS", 0.05)

    async def receive() -> Message:
        await asyncio.sleep(60)
        raise AssertionError("not waited for")

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    reading = bodies.read_body(
        request,
        native.FORMAT,
        Naming(),
        claim=Claim(Backlog(MIB)),
        on_wire=lambda _size_bytes: None,
    )
    with pytest.raises(Stalled):
        asyncio.run(reading)
