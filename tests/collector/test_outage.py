"""With a spool a collector answers while PostgreSQL is away, and each event counts once."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from collector.spool import Spool
from ledger import access, clock, rollups, tables
from ledger.database import Database
from ledger.errors import UsageError
from tests import processes, samples, servers, serving
from tests.serving import RunningCollector

EVENT = tables.EVENT
PATIENCE = 60.0


@pytest.fixture
def server() -> Iterator[servers.Postgres]:
    """A PostgreSQL of its own, to be stopped and killed."""
    with servers.Postgres() as started:
        yield started


@pytest.fixture
def database(server: servers.Postgres) -> Iterator[Database]:
    opened = Database(server.database())
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def collector(database: Database, tmp_path: Path) -> Iterator[RunningCollector]:
    with serving.collector(database, spool_dir=tmp_path) as running:
        yield running


def post(collector: RunningCollector, *numbers: int, **headers: str) -> dict[str, int]:
    answer = serving.post(
        collector, [samples.native_event(number) for number in numbers], **headers
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, int] = answer.json()
    assert sum(body[name] for name in serving.COUNTS) == len(numbers)
    return body


def stored(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(select(func.count()).select_from(EVENT)).scalar_one())


def wait_until_drained(collector: RunningCollector) -> None:
    assert collector.state.spool_service is not None
    spool = collector.state.spool_service.spool
    processes.wait_until(lambda: spool.is_empty, "an empty spool", PATIENCE)


def signal_all(process_ids: list[int], sent: signal.Signals) -> None:
    for process_id in process_ids:
        os.kill(process_id, sent)


def metric(collector: RunningCollector, name: str, **labels: str) -> float | None:
    return collector.state.registry.get_sample_value(f"switchwise_{name}", labels)


def test_what_arrives_in_an_outage_is_acknowledged_as_spooled_and_stored_once_afterwards(
    collector: RunningCollector, server: servers.Postgres, database: Database
) -> None:
    assert post(collector, 1, 2)["accepted"] == 2
    server.stop()
    assert post(collector, 2, 3, 4)["spooled"] == 3
    assert (metric(collector, "spool_events"), collector.client.get("/readyz").status_code) == (
        3,
        200,
    )
    server.start()
    wait_until_drained(collector)
    assert stored(database) == 4
    assert metric(collector, "spool_drained_events_total", outcome="accepted") == 2
    assert metric(collector, "spool_drained_events_total", outcome="duplicate") == 1
    assert metric(collector, "spool_drained_events_total", outcome="refused") == 0
    processes.wait_until(lambda: post(collector, 5)["spooled"] == 0, "a direct answer", PATIENCE)


def test_what_is_refused_in_an_outage_is_counted_afterwards(
    collector: RunningCollector, server: servers.Postgres, database: Database
) -> None:
    server.stop()
    exceeding = samples.native_event(1, input_tokens=10, cached_input_tokens=11)
    for _ in range(2):
        answer = serving.post(collector, [exceeding, samples.native_event(2)]).json()
        assert (answer["spooled"], len(answer["rejected"])) == (1, 1)
    server.start()
    wait_until_drained(collector)
    with database.snapshot() as session:
        rows = session.execute(tables.REFUSED_ELEMENTS.select()).mappings().all()
    assert [(row["reason"], row["requests"]) for row in rows] == [("parts_exceed_total", 1)]


def test_a_database_that_hangs_costs_a_sender_a_quarter_of_a_second_once(
    collector: RunningCollector, server: servers.Postgres, database: Database
) -> None:
    post(collector, 1)
    assert server.process is not None
    children = (
        Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    )
    processes_of_it = [server.process.pid, *map(int, children)]
    signal_all(processes_of_it, signal.SIGSTOP)
    try:
        started = time.monotonic()
        assert post(collector, 2)["spooled"] == 1
        assert post(collector, *range(3, 50))["spooled"] == 47
        # Were the quarter of a second paid for each event, it would be twelve seconds.
        assert time.monotonic() - started < 10
    finally:
        signal_all(processes_of_it, signal.SIGCONT)
    wait_until_drained(collector)
    processes.wait_until(lambda: stored(database) == 49, "every event", PATIENCE)


def test_while_anything_waits_everything_goes_behind_it(
    collector: RunningCollector, server: servers.Postgres, database: Database
) -> None:
    """So the first of two that conflict is the one that came first."""
    server.stop()
    serving.post(collector, [samples.native_event(1, output_tokens=10)])
    server.start()
    answer = serving.post(collector, [samples.native_event(1, output_tokens=99)]).json()
    wait_until_drained(collector)
    assert answer["spooled"] + answer["conflict"] == 1
    with database.snapshot() as session:
        assert session.execute(select(EVENT.c.output_tokens)).scalars().all() == [10]


def test_keys_as_last_read_decide_while_the_database_is_away(
    server: servers.Postgres, database: Database, tmp_path: Path
) -> None:
    with database.transaction() as session:
        _, good = access.create_key(
            session, "a", ["ingest"], project=None, namespace="eu", now_us=clock.now_us()
        )
        row, revoked = access.create_key(
            session, "b", ["ingest"], project=None, namespace="eu", now_us=clock.now_us()
        )
        _, short = access.create_key(
            session,
            "c",
            ["ingest"],
            project=None,
            namespace="eu",
            now_us=clock.now_us(),
            expires_at=clock.now_us() + 10 * clock.SECOND_US,
        )
        access.revoke_key(session, row.id, now_us=clock.now_us())
    with serving.collector(database, spool_dir=tmp_path, require_keys=True):
        pass
    server.stop()
    with serving.collector(database, spool_dir=tmp_path, require_keys=True) as collector:
        event = [samples.native_event(1)]
        assert serving.post(collector, event).status_code == 401
        assert serving.post(collector, event, **{"x-api-key": f"{good}x"}).status_code == 401
        assert serving.post(collector, event, **{"x-api-key": revoked}).status_code == 401
        assert serving.post(collector, event, **{"x-api-key": good}).json()["spooled"] == 1
        assert serving.post(collector, event, **{"x-api-key": short}).json()["spooled"] == 1
        processes.wait_until(
            lambda: serving.post(collector, event, **{"x-api-key": short}).status_code == 401,
            "an expired key",
            30,
        )
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for key in (good, revoked, short):
        assert key.encode() not in files
        assert key.split("_", 2)[2].encode() not in files


def test_a_collector_whose_keys_are_all_known_dead_refuses_strangers_without_its_database(
    server: servers.Postgres, database: Database, tmp_path: Path
) -> None:
    before = set(threading.enumerate())
    server.stop()
    with (
        pytest.raises(UsageError, match="no API key exists"),
        serving.collector(database, spool_dir=tmp_path, host="10.1.1.1"),
    ):
        pass
    assert set(threading.enumerate()) <= before


def test_a_full_spool_answers_503_and_is_not_ready_before_that(
    server: servers.Postgres, database: Database, tmp_path: Path
) -> None:
    with serving.collector(database, spool_dir=tmp_path, spool_max_mb=1) as collector:
        server.stop()
        number, answer = 0, serving.post(collector, [samples.native_event(0)])
        while answer.status_code == 200:
            number += 500
            answer = serving.post(
                collector, [samples.native_event(event) for event in range(number, number + 500)]
            )
        assert answer.status_code == 503
        assert 1 <= int(answer.headers["retry-after"]) <= 5
        assert "spool is full" in answer.json()["error"]
        ready = collector.client.get("/readyz")
        assert (ready.status_code, "SWITCHWISE_SPOOL_MAX_MB" in ready.text) == (503, True)
        assert collector.client.get("/healthz").status_code == 200
        server.start()
        wait_until_drained(collector)
        assert collector.client.get("/readyz").status_code == 200
        assert stored(database) == max(1, number - 499)


def test_what_can_never_be_stored_is_set_aside_and_nothing_waits_behind_it(
    database: Database, tmp_path: Path
) -> None:
    spool = Spool(tmp_path, 1 << 20)
    good = [samples.event(number) for number in range(3)]
    spool.append([good[0], msgspec.structs.replace(good[1], occurred_at=1 << 62)])
    spool._execute("INSERT INTO spooled (events, body) VALUES (7, x'c1c1')")
    spool.append([good[2]])
    spool.close()
    with serving.collector(database, spool_dir=tmp_path) as collector:
        wait_until_drained(collector)
        assert metric(collector, "spool_drained_events_total", outcome="accepted") == 2
        assert metric(collector, "spool_drained_events_total", outcome="refused") == 8
        assert (metric(collector, "spool_bytes") or 0) > 0
    assert stored(database) == 2


def test_a_spool_of_another_ledger_is_refused(
    server: servers.Postgres, database: Database, tmp_path: Path
) -> None:
    with serving.collector(database, spool_dir=tmp_path) as collector:
        server.stop()
        post(collector, 1)
    server.start()
    other = Database(server.database())
    other.migrate()
    with (
        pytest.raises(UsageError, match="another ledger"),
        serving.collector(other, spool_dir=tmp_path),
    ):
        pass
    other.close()
    with serving.collector(database, spool_dir=tmp_path) as collector:
        wait_until_drained(collector)
    assert stored(database) == 1


def test_a_drain_that_was_killed_after_its_commit_counts_nothing_twice(
    database: Database, tmp_path: Path
) -> None:
    spool = Spool(tmp_path, 1 << 20)
    spool.append([samples.event(1), samples.event(2)])
    spool.close()
    with serving.collector(database, spool_dir=tmp_path) as collector:
        wait_until_drained(collector)
    spool = Spool(tmp_path, 1 << 20)
    spool.append([samples.event(1), samples.event(2)])
    spool.close()
    with serving.collector(database, spool_dir=tmp_path) as collector:
        wait_until_drained(collector)
        assert metric(collector, "spool_drained_events_total", outcome="duplicate") == 2
    with database.snapshot() as session:
        assert sum(sums.totals()[1][0] for sums in rollups.list_pending(session)) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    posts=st.lists(
        st.tuples(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.booleans()), max_size=6
    )
)
def test_the_numbers_of_a_receipt_add_up_in_and_out_of_an_outage(
    posts: list[tuple[list[int], bool]], collector: RunningCollector
) -> None:
    """An outage is made by what waits in the spool: everything then goes behind it."""
    assert collector.state.spool_service is not None
    for numbers, behind in posts:
        if behind:
            collector.state.spool_service.spool.append([samples.event(1_000)])
        post(collector, *numbers)
    wait_until_drained(collector)


def test_a_ledger_in_a_file_needs_no_spool(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    database.migrate()
    with serving.collector(database, spool_dir=tmp_path / "spool") as collector:
        assert collector.state.spool_service is None
        assert post(collector, 1)["accepted"] == 1
    assert not (tmp_path / "spool").exists()
    database.close()
