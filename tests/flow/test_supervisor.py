"""The one-command form: one supervisor a directory, and children that come back.

Its end leaves nothing behind.
"""

import http.client
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests import processes
from tests.flow import clients, harness
from tests.flow.clients import Book
from tests.flow.conftest import Launch
from tests.flow.harness import Product

EVENT = (
    b'{"id": "1", "time": "2026-10-10T00:00:00Z", "model": "gpt-4.1",'
    b' "input_tokens": 1, "output_tokens": 1}'
)


def post(product: Product) -> int:
    """Send one event; the status. Without a web process the connection waits in the socket."""
    connection = http.client.HTTPConnection(processes.LOOPBACK, product.port, timeout=60)
    connection.request("POST", "/v1/events", EVENT)
    status = connection.getresponse().status
    connection.close()
    return status


def serving(launch: Launch) -> Product:
    """A product that has answered its first request."""
    product = launch(["up"])
    wait_for_port(product)
    assert post(product) == 200
    return product


def wait_for_port(product: Product) -> None:
    def open_port() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((processes.LOOPBACK, product.port)) == 0

    processes.wait_until(open_port, "the supervisor's port")


def up(data: Path, port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run another supervisor until it ends by itself."""
    own = {"SWITCHWISE_DATA": str(data), "SWITCHWISE_PORT": str(port), **environment}
    return subprocess.run(
        [*harness.PYTHON, "import cli; cli.main()", "up"],
        env=harness.environment(**own),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def own_lines(ended: subprocess.CompletedProcess[str]) -> list[str]:
    """What was said on stderr, without the log."""
    return [line for line in ended.stderr.splitlines() if not line.startswith("{")]


def test_told_to_stop_under_load_it_ends_well_within_ten_seconds_and_leaves_no_process(
    launch: Launch,
) -> None:
    product, book = launch(["up"]), Book()
    senders = clients.start(product.port, book, 2, seed=7)
    harness.kill_under_load(product, [], senders, kills=0, seed=7)
    told_at = time.monotonic()
    assert product.stop() == [0]
    assert time.monotonic() - told_at < 10
    assert product.census() == []
    for sender in senders:
        sender.abandon()


def test_a_killed_supervisor_takes_its_children_with_it(launch: Launch) -> None:
    product = serving(launch)
    assert len(product.census()) == 3
    product.kill("up")
    processes.wait_until(lambda: product.census() == [], "the end of the children")


def test_a_request_that_comes_while_the_web_process_is_dead_is_answered_by_the_next_one(
    launch: Launch,
) -> None:
    product = serving(launch)
    (before,) = product.process_ids("web")
    product.kill("web")
    assert post(product) == 200
    assert product.process_ids("web") not in ([], [before])


def test_a_second_interrupt_does_not_wait_for_a_child_that_hangs(launch: Launch) -> None:
    product = serving(launch)
    (supervisor,) = product.process_ids("up")
    os.kill(product.process_ids("worker")[0], signal.SIGSTOP)
    os.kill(supervisor, signal.SIGINT)
    processes.wait_until(
        lambda: product.process_ids("web") == [], "the end of the web process", seconds=8
    )
    os.kill(supervisor, signal.SIGINT)
    processes.wait_until(lambda: product.census() == [], "the end of everything", seconds=3)


def test_a_second_supervisor_on_the_same_directory_is_refused_in_one_line(launch: Launch) -> None:
    product = serving(launch)
    second = up(product.data, processes.free_port())
    assert second.returncode == 2
    (line,) = own_lines(second)
    assert f"another switchwise uses {product.data}" in line


def test_a_port_in_use_is_named_in_one_line(tmp_path: Path) -> None:
    with socket.create_server((processes.LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        ended = up(tmp_path, port)
    assert ended.returncode == 2
    (line,) = own_lines(ended)
    assert f"port {port}" in line


def test_an_open_bind_without_a_key_ends_everything_in_one_line(tmp_path: Path) -> None:
    ended = up(tmp_path, processes.free_port(), SWITCHWISE_HOST="0.0.0.0")  # noqa: S104  # refused
    assert ended.returncode == 2
    (line,) = own_lines(ended)
    assert "no API key exists" in line


def test_folders_of_the_user_with_the_names_of_our_packages_are_not_loaded(launch: Launch) -> None:
    product = launch([])
    for name in ("deploy", "worker", "ledger"):
        (product.data / name).mkdir()
        (product.data / name / "__init__.py").write_text("raise SystemExit('not yours')")
    product.folder, product.roles = product.data, ["up"]
    product.tend()
    wait_for_port(product)
    assert post(product) == 200
