"""The write API as a sender meets it: receipts, errors, no answer before the commit.

It runs over real HTTP and on both databases.
"""

import gzip
import itertools
import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from sqlmodel import Session

from ledger import access, checks, clock, tables
from ledger.database import Database
from ledger.errors import StoreUnavailable
from tests import processes, samples, serving
from tests.collector.formats import captures
from tests.serving import COUNTS, RunningCollector, post, total

MIB = 1 << 20
EVENTS = [samples.native_event(number) for number in range(20)]
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture
def backend(route: tuple[str, str]) -> str:
    """The database of the test."""
    return route[0]


def stored(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(select(func.count()).select_from(tables.EVENT)).scalar_one())


def test_an_object_an_array_and_lines_are_taken_with_any_content_type_and_either_slash(
    collector: RunningCollector, database: Database
) -> None:
    bodies = [
        json.dumps(EVENTS[0]).encode(),
        json.dumps(EVENTS[1:3]).encode(),
        b"\n".join(json.dumps(e).encode() for e in EVENTS[3:6]),
        b"\xef\xbb\xbf " + json.dumps(EVENTS[6:8], indent=2).encode(),
    ]
    kinds = [
        "application/json",
        "text/plain; charset=latin-1",
        "application/x-www-form-urlencoded",
        "image/png",
    ]
    for body, kind, path in zip(
        bodies, kinds, itertools.cycle(["/v1/events", "/v1/events/"]), strict=False
    ):
        answer = collector.client.post(
            path, content=body, headers={"Content-Type": kind}, follow_redirects=False
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
    assert stored(database) == 8


@given(
    order=st.permutations(range(20)),
    cuts=st.lists(st.integers(0, 20), max_size=4),
    again=st.booleans(),
)
@hypothesis_settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_grouping_and_repetition_of_the_same_events_stores_each_once(
    collector: RunningCollector, database: Database, order: list[int], cuts: list[int], again: bool
) -> None:
    before = stored(database)
    edges = [0, *sorted(cuts), 20, *([20] if again else [])]
    sums: Counter[str] = Counter()
    for start, end in itertools.pairwise(edges):
        receipt = post(
            collector, [EVENTS[number] for number in order[start:end] * (1 + again)]
        ).json()
        assert total(receipt) == (end - start) * (1 + again)
        sums.update({name: receipt[name] for name in COUNTS})
    assert sums["accepted"] == 20 - before
    assert sums["conflict"] == 0
    assert stored(database) == 20


def test_one_bad_element_never_rejects_the_others(
    collector: RunningCollector, database: Database
) -> None:
    sent = [
        EVENTS[0],
        None,
        EVENTS[1],
        {"id": "x"},
        7,
        "text",
        [EVENTS[2]],
        EVENTS[3] | {"input_tokens": -1},
        EVENTS[4],
    ]
    receipt = post(collector, sent).json()
    assert receipt["accepted"] == 3
    assert [refusal["index"] for refusal in receipt["rejected"]] == [1, 3, 4, 5, 6, 7]
    assert all(refusal["reason"] for refusal in receipt["rejected"])
    assert total(receipt) == len(sent)
    assert stored(database) == 3


def test_an_identity_with_other_content_is_a_conflict_and_the_first_stays(
    collector: RunningCollector,
) -> None:
    assert post(collector, EVENTS[0]).json()["accepted"] == 1
    receipt = post(
        collector, [EVENTS[0] | {"output_tokens": 11}, EVENTS[0], EVENTS[0] | {"project": "other"}]
    ).json()
    assert (receipt["conflict"], receipt["duplicate"], receipt["accepted"]) == (1, 2, 0)


def test_unknown_fields_are_named_so_that_a_typo_shows(collector: RunningCollector) -> None:
    receipt = post(
        collector, [EVENTS[0] | {"input_token": 7}, EVENTS[1] | {"e-mail": "someone@example.com"}]
    ).json()
    assert receipt["unknown_fields"] == ["input_token", "e-mail"]


def test_of_a_body_that_breaks_the_complete_elements_are_stored(
    collector: RunningCollector, database: Database
) -> None:
    body = json.dumps(EVENTS).encode()
    receipt = post(collector, body[: body.rindex(b"}")]).json()
    assert (receipt["accepted"], [refusal["index"] for refusal in receipt["rejected"]]) == (
        19,
        [19],
    )
    zipped = gzip.compress(
        b"\n".join(json.dumps(samples.native_event(n)).encode() for n in range(9_000))
    )
    receipt = collector.client.post("/v1/events", content=zipped[:-2_000], headers=GZIP).json()
    (refusal,) = receipt["rejected"]
    assert refusal["index"] == total(receipt) - 1
    assert 1_000 < stored(database) < 9_000
    answer = post(collector, body[:20])
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]


def test_bodies_may_be_chunked_and_zipped(collector: RunningCollector, database: Database) -> None:
    def chunks() -> Iterator[bytes]:
        body = gzip.compress(json.dumps(EVENTS).encode())
        yield from (body[at : at + 50] for at in range(0, len(body), 50))

    assert (
        collector.client.post("/v1/events", content=chunks(), headers=GZIP).json()["accepted"] == 20
    )
    assert stored(database) == 20


def test_what_is_too_large_or_encoded_otherwise_is_refused_for_good(
    collector: RunningCollector, database: Database
) -> None:
    line = json.dumps(EVENTS[0]).encode() + b"\n"
    padding = b" " * (300 << 10)
    refused = [
        (post(collector, line * (5 * MIB // len(line) + 1)), 413),
        (
            collector.client.post(
                "/v1/events", content=gzip.compress((padding + line) * 80, 1), headers=GZIP
            ),
            413,
        ),
        (
            collector.client.post("/v1/events", content=gzip.compress(line * 10_001), headers=GZIP),
            413,
        ),
        (post(collector, line, **{"Content-Encoding": "br"}), 415),
        (
            collector.client.post(
                "/v1/litellm", content=gzip.compress(b"\0" * (60 * MIB)), headers=GZIP
            ),
            413,
        ),
    ]
    for answer, status in refused:
        assert answer.status_code == status
        assert list(answer.json()) == ["error"]
        assert "Retry-After" not in answer.headers
    assert stored(database) == 0


def test_a_log_body_beyond_64_mib_is_refused_before_it_is_sent(collector: RunningCollector) -> None:
    host, port = collector.client.base_url.host, collector.client.base_url.port
    assert port is not None
    with socket.create_connection((host, port), timeout=10) as sender:
        sender.sendall(
            b"POST /v1/litellm HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: %d\r\n\r\n" % (64 * MIB + 1)
        )
        assert sender.recv(64).startswith(b"HTTP/1.1 413")


def test_a_default_litellm_batch_of_several_megabytes_is_taken(collector: RunningCollector) -> None:
    element = json.loads(captures.litellm()[0].element)
    batch = [
        element | {"id": f"chatcmpl-{number}", "padding": "x" * 10_000} for number in range(512)
    ]
    receipt = post(collector, batch, "/v1/litellm").json()
    assert (receipt["accepted"], total(receipt)) == (512, 512)


def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(
    collector: RunningCollector, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    host, port = collector.client.base_url.host, collector.client.base_url.port
    assert port is not None
    with socket.create_connection((host, port), timeout=10) as sender:
        sender.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        sender.sendall(json.dumps(EVENTS).encode())
        time.sleep(0.1)
    time.sleep(0.2)
    assert stored(database) == 0
    assert "Traceback" not in capfd.readouterr().err


def test_captured_litellm_traffic_gives_the_receipt_that_its_golden_file_expects(
    collector: RunningCollector, database: Database
) -> None:
    rows = captures.litellm()
    sums: Counter[str] = Counter()
    for file_name in sorted({str(row.golden["file"]) for row in rows}):
        for body in captures.bodies(file_name):
            receipt = post(collector, body, "/v1/litellm").json()
            assert receipt["rejected"] == []
            sums.update({name: receipt[name] for name in COUNTS})
    usage = [str(row.golden["dedupe_key"]) for row in rows if row.golden["kind"] == "usage"]
    assert sums["accepted"] == len(set(usage)) == stored(database)
    assert sums["duplicate"] == len(usage) - len(set(usage))
    assert sums["ignored"] == len(rows) - len(usage)


def test_eight_senders_of_the_same_500_events_store_500(
    collector: RunningCollector, database: Database
) -> None:
    body = json.dumps([samples.native_event(number) for number in range(500)]).encode()
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: post(collector, body).json(), range(8)))
    assert sum(receipt["accepted"] for receipt in receipts) == 500 == stored(database)
    assert sum(receipt["duplicate"] for receipt in receipts) == 3_500
    assert [check for check in checks.verify(database) if check.findings] == []


def test_a_locked_database_is_503_within_seconds_and_acknowledges_nothing(
    collector: RunningCollector, database: Database
) -> None:
    with database.transaction() as session:
        serving.block_writers(session)
        started = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda number: post(collector, EVENTS[number]), range(4)))
        seconds = time.monotonic() - started
    assert seconds < 30  # It takes 2; one that waited for the lock would never answer.
    for answer in answers:
        assert answer.status_code == 503
        assert 1 <= int(answer.headers["Retry-After"]) <= 5
        assert list(answer.json()) == ["error"]
    receipt = post(collector, EVENTS[:4]).json()
    assert receipt["accepted"] + receipt["duplicate"] == 4 == stored(database)


def test_a_commit_that_fails_is_503_and_the_same_events_are_accepted_later(
    collector: RunningCollector, database: Database
) -> None:
    def fail(_session: object) -> None:
        raise StoreUnavailable("the disk is full")

    event.listen(Session, "before_commit", fail)
    try:
        answer = post(collector, EVENTS)
        ready = collector.client.get("/readyz")
    finally:
        event.remove(Session, "before_commit", fail)
    assert (answer.status_code, ready.status_code) == (503, 503)
    assert stored(database) == 0
    assert post(collector, EVENTS).json()["accepted"] == 20


def test_too_much_at_once_is_refused_with_503_and_taken_later(database: Database, way: str) -> None:
    with serving.collector(database, way, max_waiting_bytes=MIB) as collector:
        events = [samples.native_event(number) for number in range(500)]
        with ThreadPoolExecutor(4) as pool, database.transaction() as session:
            serving.block_writers(session)
            answers = list(pool.map(lambda _: post(collector, events), range(4)))
        assert {answer.status_code for answer in answers} == {503}
        # What waited for the lock counts in the backlog until it is stored, so a sender may have
        # to try once more.
        processes.wait_until(
            lambda: post(collector, events).status_code == 200, "room for the same events"
        )
        assert post(collector, events).json()["duplicate"] == 500
        lines = b"\n".join(
            json.dumps(samples.native_event(number)).encode() for number in range(600)
        )
        assert post(collector, lines, "/v1/litellm").status_code == 413


def test_an_event_over_a_day_ahead_or_before_2020_is_rejected_with_the_remedy(
    collector: RunningCollector,
) -> None:
    limit = clock.now_us() + 24 * clock.HOUR_US
    ahead, allowed = limit + 60 * clock.SECOND_US, limit - 60 * clock.SECOND_US
    times = [
        clock.rfc3339(ahead),
        clock.rfc3339(allowed),
        "2019-12-31T23:59:59.999999Z",
        "2020-01-01T00:00:00Z",
    ]
    receipt = post(collector, [EVENTS[0] | {"time": at} for at in times]).json()
    assert receipt["accepted"] == 2
    assert [refusal["index"] for refusal in receipt["rejected"]] == [0, 2]
    assert all("clock" in refusal["reason"] for refusal in receipt["rejected"])


def test_an_event_of_a_sealed_day_is_rejected_and_others_are_stored(
    collector: RunningCollector, database: Database
) -> None:
    day = clock.day_of(samples.event(0).occurred_at)
    with database.transaction() as session:
        session.add(tables.usage.Day(day=day, last_written_at=1, sealed_at=2))
    receipt = post(collector, [EVENTS[0], EVENTS[1] | {"time": "2026-03-06T00:00:00Z"}]).json()
    assert receipt["accepted"] == 1
    assert [refusal["index"] for refusal in receipt["rejected"]] == [0]


def test_keys_are_asked_for_fix_the_project_and_name_the_sender(
    database: Database, way: str
) -> None:
    with database.transaction() as session:
        _, key = access.create_key(
            session, "proxy", ["ingest"], project="search", namespace="eu", now_us=1
        )
        _, reader = access.create_key(
            session, "page", ["read"], project=None, namespace="default", now_us=1
        )
    with (
        serving.collector(database, way, require_keys=True) as collector,
        structlog.testing.capture_logs() as logs,
    ):
        for headers, status in (
            ({}, 401),
            ({"x-api-key": "sw_nothing"}, 401),
            ({"Authorization": f"Basic {key}"}, 401),
            ({"x-api-key": f"{key}x"}, 401),
            ({"x-api-key": reader}, 403),
            ({"Authorization": f"Bearer {key}"}, 200),
        ):
            answer = post(collector, EVENTS[0] | {"project": "mine"}, **headers)
            assert answer.status_code == status
            assert key.split("_", 2)[2] not in answer.text
        assert collector.client.get("/healthz").status_code == 200
    assert key.split("_", 2)[2] not in repr(logs)
    with database.snapshot() as session:
        (row,) = session.execute(select(tables.SERIES)).all()
    assert (row.project, row.namespace) == ("search", "eu")


def test_other_methods_and_paths_have_the_one_shape_of_error(collector: RunningCollector) -> None:
    for method, path, status in (
        ("GET", "/v1/events", 405),
        ("PUT", "/v1/litellm/", 405),
        ("POST", "/v1/nothing", 404),
    ):
        answer = collector.client.request(method, path)
        assert answer.status_code == status
        assert list(answer.json()) == ["error"]


def test_the_process_counts_what_it_received(collector: RunningCollector) -> None:
    sent = post(collector, EVENTS[:3]).request
    post(collector, [EVENTS[0], None])
    post(collector, b"nonsense")
    value = collector.state.registry.get_sample_value
    for outcome, count in {"accepted": 3, "duplicate": 1, "rejected": 1}.items():
        assert (
            value("switchwise_ingest_events_total", {"format": "native", "outcome": outcome})
            == count
        )
    assert value("switchwise_ingest_requests_total", {"route": "/v1/events", "code": "200"}) == 2
    assert value("switchwise_ingest_requests_total", {"route": "/v1/events", "code": "400"}) == 1
    assert value("switchwise_ingest_seconds_count") == 3
    # What has not failed yet is at 0, so that a first failure is an increase.
    assert value("switchwise_ingest_events_total", {"format": "native", "outcome": "conflict"}) == 0
    assert value("switchwise_ingest_requests_total", {"route": "/v1/events", "code": "503"}) == 0
    assert (value("switchwise_ingest_bytes_total") or 0) > len(sent.content)
