"""Our LiteLLM callback and a collector that is away, busy or wrong: nothing is lost."""

import json
import logging
import time
from pathlib import Path
from types import ModuleType

import pytest

from ledger import access
from ledger.database import Database
from tests import processes, serving
from tests.collector.formats import captures
from tests.flow.conftest import Launch
from tests.flow.conftest import launch as launch  # a fixture of theirs
from tests.integrations import callback, spools
from tests.integrations.gate import Gate
from tests.serving import RunningCollector


def test_events_wait_for_a_dead_collector_and_are_sent_when_it_comes_back(
    ours: ModuleType, tmp_path: Path, launch: Launch
) -> None:
    product = launch([])
    sender = spools.courier(ours, tmp_path, f"http://{processes.LOOPBACK}:{product.port}")
    spools.fill(ours, tmp_path, 6)
    sender.send_waiting()
    assert len(spools.spooled(tmp_path)) == 6
    product.roles = ["collector"]
    product.tend()

    def is_sent() -> bool:
        sender.send_waiting()
        return spools.spooled(tmp_path) == []

    processes.wait_until(is_sent, "the events in the ledger")
    database = Database(f"sqlite:///{product.data / 'ledger.db'}")
    assert spools.stored(database) == 6
    database.close()


def test_a_body_that_is_too_large_is_sent_in_parts_and_an_event_that_is_too_large_is_set_aside(
    ours: ModuleType, tmp_path: Path, gate: tuple[Gate, str], database: Database
) -> None:
    passage, address = gate
    spools.fill(ours, tmp_path, 10)
    passage.most_lines = 3
    spools.courier(ours, tmp_path, address).send_waiting()
    assert (spools.stored(database), spools.spooled(tmp_path)) == (10, [])
    assert [status for status in passage.statuses if status != 200] == [413, 413]
    spools.fill(ours, tmp_path, 2)
    passage.most_lines = 0
    spools.courier(ours, tmp_path, address).send_waiting()
    assert (spools.spooled(tmp_path), len(spools.spooled(tmp_path / "rejected"))) == ([], 2)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "refuses SWITCHWISE_KEY (401)"),
        (403, "refuses SWITCHWISE_KEY (403)"),
        (404, "answers 404; set SWITCHWISE_URL"),
        (302, "answers 302; set SWITCHWISE_URL"),
        (429, "busy or down (429)"),
        (500, "busy or down (500)"),
        (503, "busy or down (503)"),
    ],
)
def test_a_refusal_keeps_the_events_says_so_and_is_not_tried_again_at_once(
    ours: ModuleType,
    tmp_path: Path,
    gate: tuple[Gate, str],
    status: int,
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    passage, address = gate
    passage.status = status
    spools.fill(ours, tmp_path, 3)
    spools.fill(ours, tmp_path, 3)
    sender = spools.courier(ours, tmp_path, address, now_seconds=lambda: 0.0)
    with caplog.at_level(logging.ERROR):
        sender.send_waiting()
        sender.send_waiting()
    assert (passage.statuses, len(spools.spooled(tmp_path))) == ([status], 6)
    assert reason in caplog.text
    assert len(caplog.records) == 1


def test_an_answer_that_is_no_receipt_deletes_nothing(
    ours: ModuleType, tmp_path: Path, gate: tuple[Gate, str]
) -> None:
    passage, address = gate
    passage.status = 200
    answers = [b"", b"<html>welcome</html>", b'{"accepted":1}', b"[]", receipt(2), receipt(4)]
    for passage.answer in answers:
        for path in tmp_path.iterdir():
            path.unlink()
        spools.fill(ours, tmp_path, 3)
        spools.courier(ours, tmp_path, address).send_waiting()
        assert len(spools.spooled(tmp_path)) == 3
    assert len(passage.statuses) == len(answers)


def receipt(accepted: int) -> bytes:
    """A receipt for so many events."""
    return json.dumps(
        {**dict.fromkeys(serving.COUNTS, 0), "accepted": accepted, "rejected": []}
    ).encode()


def test_a_body_that_is_refused_for_good_is_set_aside_and_the_next_one_is_sent(
    ours: ModuleType,
    tmp_path: Path,
    gate: tuple[Gate, str],
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    passage, address = gate
    passage.status = 400
    spools.fill(ours, tmp_path, 3)
    with caplog.at_level(logging.ERROR):
        spools.courier(ours, tmp_path, address).send_waiting()
    assert (spools.spooled(tmp_path), len(spools.spooled(tmp_path / "rejected"))) == ([], 3)
    assert "refused 3 events for good" in caplog.text
    passage.status = 0
    spools.fill(ours, tmp_path, 3)
    spools.courier(ours, tmp_path, address).send_waiting()
    assert spools.stored(database) == 3


def test_an_event_that_the_receipt_rejects_is_set_aside_and_the_others_are_stored(
    ours: ModuleType, tmp_path: Path, collector: RunningCollector, database: Database
) -> None:
    spools.fill(ours, tmp_path, 3)
    (path,) = tmp_path.iterdir()
    late = ours.slim(callback.payload(7, startTime=time.time() + 2 * 86_400))
    path.write_bytes(json.dumps(late).encode() + b"\n" + path.read_bytes())
    spools.courier(ours, tmp_path, str(collector.client.base_url)).send_waiting()
    assert (spools.stored(database), spools.spooled(tmp_path)) == (3, [])
    (line,) = spools.spooled(tmp_path / "rejected")
    assert json.loads(line)["id"] == "chatcmpl-7"


@pytest.mark.parametrize(
    ("sent", "seconds"), [("7", 7), (" 0 ", 0), ("soon", 0), ("", 0), ("-3", 0), ("9" * 400, 600)]
)
def test_a_retry_after_is_kept_to(ours: ModuleType, sent: str, seconds: float) -> None:
    assert ours._seconds(sent) == seconds


def test_a_retry_after_may_be_a_date(ours: ModuleType) -> None:
    at = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 100))
    assert 90 < ours._seconds(at) <= 100


def test_nothing_is_tried_before_the_time_that_the_collector_asked_for(
    ours: ModuleType, tmp_path: Path, gate: tuple[Gate, str]
) -> None:
    passage, address = gate
    passage.status, passage.headers = 503, {"Retry-After": "50"}
    spools.fill(ours, tmp_path, 1)
    seconds = iter([0.0, 0.0, 49.9, 50.0, 50.0])
    sender = spools.courier(ours, tmp_path, address, now_seconds=lambda: next(seconds))
    for posts in (1, 1, 2):
        sender.send_waiting()
        assert len(passage.statuses) == posts


def test_what_was_sent_twice_is_stored_once_and_is_no_conflict(
    ours: ModuleType, tmp_path: Path, collector: RunningCollector, database: Database
) -> None:
    for _ in range(2):
        spools.fill(ours, tmp_path, 4)
        spools.courier(ours, tmp_path, str(collector.client.base_url)).send_waiting()
    assert spools.stored(database) == 4


def test_a_request_that_generic_api_reports_too_is_stored_once(
    collector: RunningCollector, ours: ModuleType
) -> None:
    (body, *_) = captures.bodies("litellm-generic-json_array.jsonl")
    first = serving.post(collector, body, "/v1/litellm").json()
    slim = "\n".join(json.dumps(ours.slim(payload)) for payload in json.loads(body))
    again = serving.post(collector, slim.encode(), "/v1/litellm").json()
    assert (again["accepted"], again["conflict"], again["duplicate"]) == (0, 0, first["accepted"])
    assert first["accepted"] > 0


def test_a_key_is_sent_and_never_said(
    ours: ModuleType, tmp_path: Path, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.transaction() as session:
        _, key = access.create_key(
            session, "proxy", ["ingest"], project=None, namespace="default", now_us=0
        )
    with serving.collector(database, require_keys=True) as running:
        address = str(running.client.base_url)
        spools.fill(ours, tmp_path, 2)
        spools.courier(ours, tmp_path, address, key[:-1] + "x").send_waiting()
        assert len(spools.spooled(tmp_path)) == 2
        assert "give a key of scope ingest" in caplog.text
        spools.courier(ours, tmp_path, f"{address}/v1/litellm/", key).send_waiting()
    assert (spools.stored(database), spools.spooled(tmp_path)) == (2, [])
    assert key[:-1] not in caplog.text


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SWITCHWISE_URL", "collector:8080"),
        ("SWITCHWISE_URL", "http://:80"),
        ("SWITCHWISE_URL", "http://host:port"),
        ("SWITCHWISE_SPOOL_MAX_BYTES", "1 GiB"),
        ("SWITCHWISE_SPOOL_MAX_BYTES", "-1"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line_that_names_it(
    ours: ModuleType, variable: str, value: str
) -> None:
    with pytest.raises(ValueError, match=f"^{variable}: must [^\n]+$"):
        ours.SwitchwiseHandler({variable: value})
