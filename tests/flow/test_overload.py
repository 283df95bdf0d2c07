"""More than can be stored is refused within seconds, in bounded memory, without loss."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from sqlalchemy import event, func, select

from ledger import tables
from ledger.database import Database
from tests import processes, samples, serving
from tests.flow.conftest import Launch

MIB = 1 << 20
EVENT = tables.EVENT
HUNG_SECONDS = 120.0
"""An answer takes two seconds, and longer on a busy machine; a hung collector never answers."""


def events(first: int, count: int) -> list[dict[str, object]]:
    return [samples.native_event(number) for number in range(first, first + count)]


def stored(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(select(func.count()).select_from(EVENT)).scalar_one())


def test_a_body_that_could_never_be_stored_is_refused_for_good(
    database: Database, way: str
) -> None:
    """With 503 its sender would try again for ever."""
    with serving.collector(database, way, max_waiting_bytes=MIB) as collector:
        answer = serving.post(collector, events(0, 600))
        assert (answer.status_code, "send fewer at once" in answer.json()["error"]) == (413, True)
        assert serving.post(collector, events(0, 500)).json()["accepted"] == 500


def test_a_disk_without_room_is_503_and_is_used_again_once_it_has_some(
    migrated_sqlite: Path, tmp_path: Path, way: str
) -> None:
    (tmp_path / "ledger.db").write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    pages = [200]

    @event.listens_for(database.engine, "connect")
    def limit(connection: object, _record: object) -> None:
        pragma = f"PRAGMA max_page_count={pages[0]}"
        connection.execute(pragma)  # type: ignore[attr-defined]  # the driver's own

    acknowledged = 0
    with serving.collector(database, way) as collector:
        answer = serving.post(collector, events(0, 500))
        while answer.status_code == 200:
            acknowledged += 500
            answer = serving.post(collector, events(acknowledged, 500))
        assert (answer.status_code, collector.client.get("/readyz").status_code) == (503, 200)
        assert "disk" not in answer.text
        # A busy machine may store the last group after its answer said that it had to give up.
        assert 0 < acknowledged <= stored(database) <= acknowledged + 500
        # The limit is each connection's own, unlike a disk's.
        pages[0] = 1_000_000
        database.engine.dispose()
        processes.wait_until(
            lambda: serving.post(collector, events(acknowledged, 500)).status_code == 200,
            "room on the disk",
            20,
        )
        assert stored(database) == acknowledged + 500
    database.close()


def test_a_flood_that_cannot_be_stored_is_refused_in_time_and_in_bounded_memory(
    launch: Launch,
) -> None:
    product = launch(["collector"], SWITCHWISE_MAX_WAITING_BYTES=str(16 * MIB))
    address = f"http://127.0.0.1:{product.port}"
    processes.wait_until(lambda: is_ready(address), "a collector")
    body = json.dumps(events(0, 5_000)).encode()
    (process,) = product.process_ids("collector")
    httpx.post(f"{address}/v1/events", content=body)
    before = peak_bytes(process)
    database = Database(f"sqlite:///{product.data / 'ledger.db'}")

    def send(_number: int) -> int:
        return httpx.post(f"{address}/v1/events", content=body, timeout=HUNG_SECONDS).status_code

    with ThreadPoolExecutor(32) as pool, database.transaction() as session:
        serving.block_writers(session)
        # While the writers are blocked nothing can be stored: an answer that had waited for them
        # would be a timeout here.
        answers = list(pool.map(send, range(96)))
    assert set(answers) == {503}
    assert peak_bytes(process) - before < 200 * MIB
    assert len(body) * 96 > 64 * MIB
    processes.wait_until(lambda: send(0) == 200, "room for the same events")
    assert stored(database) == 5_000
    database.close()


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def peak_bytes(process_id: int) -> int:
    """The most memory that a process has held."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    assert peak
    return int(peak[1]) << 10
