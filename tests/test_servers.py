"""The servers of other tests: they start, answer, keep or lose data, and leave no process."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
import pytest
import redis
import sqlalchemy

from ledger.database import Database
from tests import processes, servers

KINDS = [servers.Redis, servers.Postgres, servers.Prometheus]
ROOT = Path(__file__).parent.parent


def is_running(process_id: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{process_id}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("make", KINDS)
def test_a_server_is_gone_with_its_folder_after_its_block(
    make: Callable[[], processes.Server],
) -> None:
    with make() as server:
        assert server.answers()
        assert server.process is not None
        process_id = server.process.pid
    assert not is_running(process_id)
    assert not server.answers()
    assert not server.folder.exists()


def test_a_server_dies_with_a_pytest_that_was_killed() -> None:
    script = """
        import time
        from tests import servers
        server = servers.Redis().__enter__()
        print(server.process.pid, server.folder, flush=True)
        time.sleep(60)
    """
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    process_id, folder = owner.stdout.readline().split()
    assert is_running(int(process_id))
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    processes.wait_until(lambda: not is_running(int(process_id)), "the orphan's end", seconds=10)
    Path(folder, "server.log").unlink()
    Path(folder).rmdir()


def test_a_server_that_cannot_start_fails_the_test_with_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text("groups: 7")
    server = servers.Prometheus(rules=[tmp_path / "broken.yml"])
    with pytest.raises(pytest.fail.Exception, match="cannot unmarshal"):
        server.__enter__()
    assert not server.folder.exists()


def test_a_missing_command_fails_the_test_and_names_the_package() -> None:
    with pytest.raises(pytest.fail.Exception, match="Debian package prometheus"):
        processes.command_path("no-such-promtool", "prometheus")


@pytest.mark.parametrize(("append_only", "word"), [(True, b"kept"), (False, None)])
def test_redis_keeps_its_data_over_a_kill_only_if_append_only(
    append_only: bool, word: bytes | None
) -> None:
    with servers.Redis(append_only=append_only) as server:
        client = redis.Redis.from_url(server.url)
        client.set("word", "kept")
        server.kill()
        server.start()
        assert client.get("word") == word
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        client.close()


def test_postgres_keeps_what_was_committed_over_a_kill_and_a_restart() -> None:
    with servers.Postgres() as server:
        url = server.database().replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE word AS SELECT 'kept' AS text")
        server.kill()
        server.start()
        server.restart()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT text FROM word").fetchall() == [("kept",)]
            assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_a_dropped_database_is_gone_though_someone_was_connected(
    postgres_server: servers.Postgres,
) -> None:
    url = postgres_server.database().replace("+psycopg", "")
    connection = psycopg.connect(url)
    postgres_server.drop(url)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


class OneMetric(BaseHTTPRequestHandler):
    """A target with one gauge."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"answer 42\n")

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing: the test's output is pytest's."""


def test_prometheus_scrapes_its_targets_and_answers_queries() -> None:
    target = HTTPServer((processes.LOOPBACK, 0), OneMetric)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    with servers.Prometheus([f"{processes.LOOPBACK}:{target.server_port}"]) as prometheus:
        processes.wait_until(
            lambda: bool(prometheus.query("answer")), "the first scrape", seconds=10
        )
        (sample,) = prometheus.query("answer")
    target.shutdown()
    target.server_close()
    assert sample.value_text == "42"
    assert sample.labels["job"] == "switchwise"


def test_each_test_gets_a_migrated_ledger_without_rows(database: Database, backend: str) -> None:
    assert database.engine.dialect.name == backend
    tables = sqlalchemy.inspect(database.engine).get_table_names()
    assert {"event", "intake", "usage_day"} <= set(tables)
    with database.snapshot() as session:
        assert session.execute(sqlalchemy.text("SELECT count(*) FROM intake")).scalar_one() == 0


def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    engine = sqlalchemy.create_engine(empty_database_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    engine.dispose()
