"""The spool of our LiteLLM callback: it survives its process and stays bounded."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ledger.database import Database
from tests import processes
from tests.integrations import callback, spools
from tests.integrations.conftest import Handler, Writer, dead_address
from tests.integrations.gate import Gate
from tests.serving import RunningCollector


def test_what_a_hook_took_is_on_disk_when_the_hook_returns_and_is_sent_soon(
    handler: Handler, tmp_path: Path, gate: tuple[Gate, str], database: Database
) -> None:
    passage, address = gate
    passage.status = 503
    hooks = handler(SWITCHWISE_URL=address)
    for number in range(5):
        kwargs = {"standard_logging_object": callback.payload(number)}
        hooks.log_success_event(kwargs=kwargs, response_obj=None, start_time=None, end_time=None)
        assert json.loads(spools.spooled(tmp_path)[-1])["id"] == f"chatcmpl-{number}"
    passage.status = 0
    processes.wait_until(
        lambda: spools.stored(database) == 5 and not spools.spooled(tmp_path),
        "the events in the ledger",
    )
    assert "CANARY" not in b"".join(passage.bodies).decode()


def test_what_a_killed_process_left_is_sent_by_another_and_what_a_living_one_writes_is_left_alone(
    ours: ModuleType,
    tmp_path: Path,
    collector: RunningCollector,
    database: Database,
    writer: Writer,
) -> None:
    living, killed = ours.Spool(tmp_path, spools.SPOOL_BYTES), writer(4)
    living.append(json.dumps(ours.slim(callback.payload(10))).encode() + b"\n")
    killed.kill()
    killed.wait()
    sender = spools.courier(ours, tmp_path, str(collector.client.base_url))
    sender.send_waiting()
    assert (spools.stored(database), len(spools.spooled(tmp_path))) == (4, 1)
    living.close_segment()
    sender.send_waiting()
    assert (spools.stored(database), len(spools.spooled(tmp_path))) == (5, 0)


def test_a_process_that_starts_sends_what_a_killed_one_left_before_it_gets_a_request(
    tmp_path: Path, collector: RunningCollector, database: Database, writer: Writer
) -> None:
    killed = writer(4)
    killed.kill()
    killed.wait()
    writer(0, SWITCHWISE_URL=str(collector.client.base_url))
    processes.wait_until(lambda: spools.stored(database) == 4, "the events of the killed process")


def test_two_processes_never_send_one_segment_at_the_same_time(
    ours: ModuleType, tmp_path: Path
) -> None:
    spools.fill(ours, tmp_path, 2)
    (path,) = tmp_path.iterdir()
    with ours.claim_segment(path) as first, ours.claim_segment(path) as second:
        assert first is not None
        assert second is None


def test_a_segment_that_another_process_has_just_sent_is_not_sent_again(
    ours: ModuleType, tmp_path: Path
) -> None:
    spools.fill(ours, tmp_path, 2)
    (path,) = tmp_path.iterdir()
    with path.open("r+b") as file:
        path.unlink()
        assert not ours._lock(file.fileno())
    with ours.claim_segment(path) as content:
        assert content is None


def test_a_torn_last_line_is_dropped_and_costs_no_other(
    ours: ModuleType,
    tmp_path: Path,
    collector: RunningCollector,
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spools.fill(ours, tmp_path, 3, tail=b'{"id":"chatcmpl-9","status":"succ')
    spools.fill(ours, tmp_path, 3, tail=b"\0" * 40)
    with caplog.at_level(logging.ERROR):
        spools.courier(ours, tmp_path, str(collector.client.base_url)).send_waiting()
    assert (spools.stored(database), spools.spooled(tmp_path)) == (3, [])
    assert "dropped lines that a crash or a full disk cut off: 1" in caplog.text


def test_a_line_that_the_disk_took_in_part_is_taken_back(tmp_path: Path) -> None:
    script = f"""
import contextlib, pathlib
from tests.integrations import callback
{processes.full_disk(35)}
spool = callback.load().Spool(pathlib.Path({str(tmp_path)!r}), 1000)
for number in range(9):
    with contextlib.suppress(OSError):
        spool.append(b"{{line %d}}\\n" % number)
"""
    run(script, tmp_path)
    assert spools.spooled(tmp_path) == [b"{line 0}", b"{line 1}", b"{line 2}"]


def test_a_forked_process_writes_a_segment_of_its_own(tmp_path: Path) -> None:
    script = """
import os
from tests.integrations import callback
handler = callback.load().handler
handler.keep({"standard_logging_object": callback.payload(0)})
if not os.fork():
    handler.keep({"standard_logging_object": callback.payload(1)})
    os._exit(0)
os.wait()
handler.keep({"standard_logging_object": callback.payload(2)})
"""
    run(script, tmp_path)
    segments = [
        [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
        for path in tmp_path.glob("*.ndjson")
    ]
    assert ["chatcmpl-1"] in segments
    assert sorted(name for names in segments for name in names) == [
        "chatcmpl-0",
        "chatcmpl-1",
        "chatcmpl-2",
    ]


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script whose callback spools into a folder and reaches nobody."""
    own = {
        "SWITCHWISE_SPOOL_DIR": str(folder),
        "SWITCHWISE_URL": dead_address(),
        "PYTHONPATH": os.getcwd(),
    }
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=own,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended


def test_beyond_its_limit_the_spool_drops_events_counts_them_and_says_so(
    ours: ModuleType, handler: Handler, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line = len(json.dumps(ours.slim(callback.payload(0)), separators=(",", ":"))) + 1
    hooks = handler(SWITCHWISE_SPOOL_MAX_BYTES=str(4 * line))
    for number in range(9):
        hooks.keep({"standard_logging_object": callback.payload(number)})
    assert len(spools.spooled(tmp_path)) == 4
    processes.wait_until(lambda: "5 events dropped so far" in caplog.text, "the count in the log")
    assert f"{tmp_path} holds SWITCHWISE_SPOOL_MAX_BYTES ({4 * line:,})" in caplog.text


def test_the_limit_counts_what_other_processes_have_spooled(
    ours: ModuleType, tmp_path: Path
) -> None:
    spools.fill(ours, tmp_path, 10)
    spool = ours.Spool(tmp_path, sum(path.stat().st_size for path in tmp_path.iterdir()) + 10)
    spool.measure()
    with pytest.raises(ours.SpoolFull):
        spool.append(b"x" * 11)
    spool.append(b"x" * 10)


@pytest.mark.parametrize(
    "kwargs", [{}, {"standard_logging_object": None}, {"standard_logging_object": []}, None]
)
def test_a_call_that_brings_no_payload_is_counted_and_never_raises(
    handler: Handler, kwargs: object, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = handler()
    hooks.log_failure_event(kwargs=kwargs, response_obj=None, start_time=None, end_time=None)
    processes.wait_until(
        lambda: "1 events dropped so far: an event cannot be read" in caplog.text,
        "the count in the log",
    )


def test_a_spool_that_cannot_be_written_breaks_no_request(
    handler: Handler, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    hooks = handler(SWITCHWISE_SPOOL_DIR=str(tmp_path / "file"))
    hooks.keep({"standard_logging_object": callback.payload(0)})
    processes.wait_until(
        lambda: "cannot be written (File exists)" in caplog.text, "the reason in the log"
    )


def test_what_was_taken_is_synced_to_the_disk_and_so_is_the_folder(
    handler: Handler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        real(descriptor)
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "fsync", noted)
    hooks = handler()
    hooks.keep({"standard_logging_object": callback.payload(0)})
    processes.wait_until(lambda: str(tmp_path) in synced, "the sync of the folder")
    assert synced[0].startswith(f"{tmp_path}/")
