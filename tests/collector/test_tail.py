"""Following a log file: every record once, over rotations and kills of the reader."""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from collector import growing_file
from collector.parsing.naming import Naming
from collector.tail import Tail
from ledger import rollups, settings, tables
from ledger.database import Database
from ledger.errors import UsageError
from tests import processes, samples, servers
from tests.cli.test_cli import COMMAND

EVENT = tables.EVENT


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rotations are noticed at once."""
    monkeypatch.setattr(growing_file, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(growing_file, "LINGER_SECONDS", 0.1)


def line(number: int) -> bytes:
    return json.dumps(samples.native_event(number)).encode() + b"\n"


def lines(numbers: range) -> bytes:
    return b"".join(line(number) for number in numbers)


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def new_tail(database: Database, path: Path, format_name: str, stop: threading.Event) -> Tail:
    return Tail(
        database=database,
        settings=settings.load(),
        path=path,
        format_name=format_name,
        naming=Naming(),
        stop=stop,
    )


@contextmanager
def following(database: Database, path: Path, format_name: str = "auto") -> Iterator[Tail]:
    """A file that is followed in a thread of the test's process."""
    stop = threading.Event()
    tail = new_tail(database, path, format_name, stop)
    thread = threading.Thread(target=tail.run, daemon=True)
    thread.start()
    yield tail
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def stored(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(select(func.count()).select_from(EVENT)).scalar_one())


def wait_for(database: Database, count: int) -> None:
    processes.wait_until(lambda: stored(database) >= count, f"{count} events", 20)
    assert stored(database) == count


def wait_for_more(database: Database, before: int) -> None:
    processes.wait_until(lambda: stored(database) > before, "progress", 30)


def counted(database: Database) -> int:
    with database.snapshot() as session:
        return sum(
            amounts[0]
            for sums in rollups.list_pending(session)
            for amounts in sums.totals().values()
        )


def test_what_is_appended_is_stored_and_a_partial_line_waits_for_its_end(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    with following(database, path) as tail:
        append(path, lines(range(3)) + line(3)[:40])
        wait_for(database, 3)
        append(path, line(3)[40:])
        wait_for(database, 4)
        append(path, b'{"id": "no time"}\n' + line(4))
        wait_for(database, 5)
    assert +tail.counts == {"accepted": 5, "rejected": 1}


def test_a_restart_goes_on_where_it_stopped_and_reads_nothing_twice(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    append(path, lines(range(5)) + line(5)[:20])
    with following(database, path):
        wait_for(database, 5)
    append(path, line(5)[20:] + line(6))
    with following(database, path) as tail:
        wait_for(database, 7)
    assert +tail.counts == {"accepted": 2}


def test_a_rename_loses_nothing_that_its_writer_adds_before_it_notices(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    writer = path.open("ab", buffering=0)
    writer.write(lines(range(3)))
    with following(database, path) as tail:
        wait_for(database, 3)
        path.rename(tmp_path / "log.1")
        writer.write(lines(range(3, 5)))
        append(path, lines(range(5, 9)))
        wait_for(database, 9)
    assert +tail.counts == {"accepted": 9}
    writer.close()


def test_a_copy_and_truncation_costs_only_what_was_written_in_between(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    append(path, lines(range(3)))
    with following(database, path) as tail:
        wait_for(database, 3)
        append(path, lines(range(3, 6)))
        shutil.copy(path, tmp_path / "log.1")
        os.truncate(path, 0)
        append(path, lines(range(6, 8)))
        wait_for(database, 8)
    assert +tail.counts == {"accepted": 8}


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_rotated_while_nobody_followed_is_read_first(
    database: Database, tmp_path: Path, packed: bool
) -> None:
    path = tmp_path / "log"
    append(path, lines(range(3)))
    with following(database, path):
        wait_for(database, 3)
    append(path, lines(range(3, 6)))
    path.rename(tmp_path / "log.2")
    if packed:
        (tmp_path / "log.2.gz").write_bytes(gzip.compress((tmp_path / "log.2").read_bytes()))
        (tmp_path / "log.2").unlink()
    append(tmp_path / "log.1", lines(range(6, 8)))
    append(path, lines(range(8, 9)))
    with following(database, path) as tail:
        wait_for(database, 9)
    assert +tail.counts == {"accepted": 6}


def test_a_rotated_file_that_is_gone_is_told(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "log"
    append(path, lines(range(3)))
    with following(database, path):
        wait_for(database, 3)
    path.unlink()
    append(path, lines(range(5, 7)))
    with capture_logs() as logs, following(database, path):
        wait_for(database, 5)
    assert "rotated_file_not_found" in [line["event"] for line in logs]


def test_a_file_whose_records_have_no_ids_cannot_be_followed(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "trace"
    path.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1,2\n")
    for format_name in ("auto", "trace-csv"):
        with pytest.raises(UsageError, match="no ids"):
            new_tail(database, path, format_name, threading.Event()).run()


def test_it_waits_for_a_database_that_is_away(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with servers.Postgres() as server:
        database = Database(server.database())
        database.migrate()
        with following(database, path):
            append(path, lines(range(3)))
            wait_for(database, 3)
            server.stop()
            append(path, lines(range(3, 6)))
            server.start()
            processes.wait_until(lambda: stored(database) == 6, "every event", 60)
        database.close()


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_writes_rotations_and_restarts_stores_each_record_once(
    database: Database, tmp_path: Path, seed: int
) -> None:
    path, chance = tmp_path / "log", random.Random(seed)  # noqa: S311  # repeatable on purpose
    written = rotations = 0
    for _ in range(6):
        with following(database, path):
            for _ in range(chance.randrange(1, 5)):
                number = chance.randrange(1, 30)
                append(path, lines(range(written, written + number)))
                written += number
                if chance.random() < 0.5:
                    wait_for(database, written)
                    rotations += 1
                    rotated = tmp_path / f"log.{rotations}"
                    if chance.random() < 0.5:
                        path.rename(rotated)
                    else:
                        shutil.copy(path, rotated)
                        os.truncate(path, 0)
        if chance.random() < 0.5 and path.exists():
            append(path, lines(range(written, written + 3)))
            written += 3
            rotations += 1
            path.rename(tmp_path / f"log.{rotations}")
    with following(database, path):
        append(path, lines(range(written, written + 1)))
        wait_for(database, written + 1)
    assert counted(database) == written + 1


def test_a_process_that_is_killed_again_and_again_stores_each_record_once(tmp_path: Path) -> None:
    path, data = tmp_path / "log", tmp_path / "data"
    database = Database(f"sqlite:///{data / 'ledger.db'}")
    database.migrate()
    command = [*COMMAND, "tail", str(path), "--data", str(data)]
    written = 0
    for _ in range(4):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = stored(database)
        for _ in range(40):
            append(path, lines(range(written, written + 50)))
            written += 50
        wait_for_more(database, before)
        process.send_signal(signal.SIGKILL)
        process.wait()
    last = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    append(path, line(written))
    processes.wait_until(lambda: stored(database) == written + 1, "every event", 30)
    last.send_signal(signal.SIGTERM)
    output, _ = last.communicate(timeout=15)
    assert last.returncode == 0
    assert f"{path}: " in output.splitlines()[-1]
    assert counted(database) == written + 1
    database.close()
