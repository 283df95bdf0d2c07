"""Variables of other programs: a worker consumes from our broker whatever they say."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import worker
from ledger.database import Database
from tests import processes, servers
from tests.flow.conftest import Launch
from tests.flow.harness import Product
from worker import jobs, schedule
from worker.jobs import JOBS

LIBRARIES = ("celery", "kombu", "billiard", "vine")
READERS = ("environ.get", "environ.pop", "environ.setdefault", "getenv", "_int_env", "_float_env")
UNUSED = ("celery/bin/", "celery/contrib/", "kombu/transport/", "celery/utils/term.py")
"""Their command line, what comes with tests, brokers other than ours, and the terminal."""
OF_ONE_SYSTEM = {"NUMBER_OF_PROCESSORS", "celery_dummy_proxy"}
"""What only Windows and macOS have."""
WORK_SECONDS = 90.0


def variables() -> dict[str, set[str]]:
    """Every variable that the installed libraries read, and the files that do."""
    readers: dict[str, set[str]] = {}
    for library in LIBRARIES:
        origin = importlib.import_module(library).__file__
        assert origin is not None
        folder = Path(origin).parent
        for path in folder.rglob("*.py"):
            for name in names_read(ast.parse(path.read_text())):
                readers.setdefault(name, set()).add(str(path.relative_to(folder.parent)))
    return readers


def names_read(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names: list[ast.expr] = []
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
            names = [node.slice]
        elif isinstance(node, ast.Call):
            names = [keyword.value for keyword in node.keywords if keyword.arg == "envvar"]
            if ast.unparse(node.func).endswith(READERS):
                names += node.args[:1]
        yield from (
            name.value
            for name in names
            if isinstance(name, ast.Constant) and isinstance(name.value, str)
        )


def hostile_environment() -> dict[str, str]:
    return {
        name: "memory://elsewhere" if name.endswith(("URL", "BACKEND")) else "no.such:thing"
        for name in [*variables(), "DJANGO_SETTINGS_MODULE", "WEB_CONCURRENCY"]
    }


def test_every_variable_that_celery_reads_is_taken_from_it() -> None:
    readers = variables()
    assert len(readers) > 40
    assert {"APP", "BROKER_URL", "CELERY_BROKER_URL", "C_FAKEFORK"} <= readers.keys()
    assert {
        name
        for name, files in readers.items()
        if any(not file.startswith(UNUSED) for file in files)
        and not name.startswith(worker.CELERY_PREFIXES)
        and name not in worker.CELERY_NAMES
    } <= OF_ONE_SYSTEM


def wait_for_jobs(product: Product) -> None:
    """Wait until every job that needs no events has run."""
    due = {job.name for job in JOBS if job.has_work is jobs.always}
    database = Database(f"sqlite:///{product.data / 'ledger.db'}")
    database.migrate()

    def all_ran() -> bool:
        with database.snapshot() as session:
            turns = schedule.last_turns(session)
        return due <= {job for job, turn in turns.items() if turn.ended_at}

    processes.wait_until(all_ran, "a turn of each job", WORK_SECONDS)
    database.close()


def test_the_one_command_form_works_whatever_they_say(launch: Launch) -> None:
    wait_for_jobs(launch(["up"], **hostile_environment()))


def test_a_worker_and_a_beat_on_redis_work_whatever_they_say(
    launch: Launch, redis_server: servers.Redis
) -> None:
    product = launch(
        ["worker", "beat"], **hostile_environment(), SWITCHWISE_REDIS_URL=redis_server.url
    )
    wait_for_jobs(product)
    assert product.stop(WORK_SECONDS) == [0, 0]
