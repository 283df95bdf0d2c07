"""The kill harness: real processes, seeded SIGKILLs under load, a verdict by the clients."""

import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import text

from ledger import checks, clock
from ledger.database import Database
from tests import processes
from tests.flow import clients
from tests.flow.clients import Book, Cell, Client

ROOT = Path(__file__).parent.parent.parent
SETTLE_SECONDS = 60.0
FEWEST_KILLS = 5
"""As many as even a slow machine makes, whatever the time."""
# Each role loads what it needs and no more, because it is started again and again.
ROLES = {
    "up": "from deploy import supervisor; status = supervisor.run(settings.load())",
    "collector": "from deploy import web; status = web.serve(settings.load(), ['collector'])",
    "worker": "from worker import celery_app; status = celery_app.run_worker(settings.load())",
    "beat": "from worker import celery_app; status = celery_app.run_beat(settings.load())",
    "careless": (
        "import runpy; status = runpy.run_module('tests.flow.careless', run_name='__main__')"
    ),
}


PYTHON = [sys.executable, "-P", "-c"]


def environment(**own: str) -> dict[str, str]:
    """The environment of a process of the product.

    It may write its bytecode, because it is started too often to compile each time.
    """
    inherited = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**inherited, "PYTHONPATH": str(ROOT), **own}


@dataclass(slots=True)
class Product:
    """Processes of the product over one data directory: those that we start, and their children."""

    data: Path
    port: int
    roles: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    _started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def tend(self) -> None:
        """Start every process of ours that does not run, as an orchestrator would."""
        for name in self.roles:
            process = self._started.get(name)
            if process is None or process.poll() is not None:
                self._started[name] = self._start(name.partition("-")[0])

    def _start(self, role: str) -> subprocess.Popen[bytes]:
        own = {
            "SWITCHWISE_DATA": str(self.data),
            "SWITCHWISE_PORT": str(self.port),
            **self.environment,
        }
        with (self.data.parent / f"{role}.log").open("ab") as log:
            return subprocess.Popen(
                [*PYTHON, f"from ledger import settings; {ROLES[role]}; raise SystemExit(status)"],
                cwd=self.folder,
                env=environment(**own),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def process_ids(self, name: str) -> list[int]:
        """The processes of a role: ours by name, children of the supervisor by their module."""
        if name in self._started:
            return [self._started[name].pid] if self._started[name].poll() is None else []
        return [
            process_id for process_id in self.census() if f"deploy.{name}\0" in _command(process_id)
        ]

    def census(self) -> list[int]:
        """Every living process over this data directory, whoever started it."""
        mark = f"SWITCHWISE_DATA={self.data}\0".encode()
        return [process_id for process_id in _all_processes() if mark in _environment(process_id)]

    def kill(self, name: str) -> bool:
        """Kill a process of this role; whether there was one."""
        for process_id in self.process_ids(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
                return True
        return False

    def stop(self, seconds: float = 15) -> list[int]:
        """Ask our processes to end; their exit statuses.

        Raises subprocess.TimeoutExpired for one that does not end.
        """
        for process in self._started.values():
            process.send_signal(signal.SIGTERM)
        return [process.wait(seconds) for process in self._started.values()]

    def destroy(self) -> None:
        """Kill whatever is left."""
        for process in self._started.values():
            process.kill()
            process.wait()
        for process_id in self.census():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The ledger compared with what clients know to be acknowledged.

    The promise is kept if everything is zero or empty.
    """

    acknowledged: int
    kills: int
    lost: int
    double: int
    healed: int
    differences: dict[Cell, tuple[int, int]]
    findings: list[str]


def kill_under_load(
    product: Product,
    victims: Sequence[str],
    senders: Sequence[Client],
    *,
    kills: int,
    seed: int,
    others: Mapping[str, Callable[[], bool]] = MappingProxyType({}),
    seconds: float = math.inf,
) -> int:
    """Kill processes at random while clients post; how many were killed.

    Before each kill a client gets an acknowledgement. A victim that is no process of the product
    is killed by calling its entry in `others`. Fewer are killed where the machine is too slow for
    all of them within `seconds`, but never fewer than FEWEST_KILLS.
    """
    end_at = time.monotonic() + seconds
    chance, killed = random.Random(seed), 0  # noqa: S311  # repeatable on purpose
    while killed < min(kills, FEWEST_KILLS) or (killed < kills and time.monotonic() < end_at):
        _wait_for_progress(product, senders)
        time.sleep(chance.uniform(0, 0.4))
        victim = chance.choice(victims)
        killed += others[victim]() if victim in others else product.kill(victim)
    _wait_for_progress(product, senders)
    return killed


def _wait_for_progress(product: Product, senders: Sequence[Client]) -> None:
    since = time.monotonic()

    def somebody_was_answered() -> bool:
        product.tend()
        return any(client.last_acknowledged_at > since for client in senders)

    processes.wait_until(somebody_was_answered, "an acknowledgement after a kill", SETTLE_SECONDS)


def settle(product: Product, senders: Sequence[Client], database: Database) -> None:
    """Let clients get their last answers and the worker roll up the rest."""
    clients.finish(senders)
    processes.wait_until(
        lambda: _pending(database) == 0, "everything to be rolled up", SETTLE_SECONDS
    )


def judge(database: Database, book: Book, kills: int) -> Verdict:
    """Compare the rolled-up ledger with the clients' own."""
    ledger_sums = _ledger_sums(database)
    cells = ledger_sums.keys() | book.sums.keys()
    differences = {
        cell: (book.sums[cell], ledger_sums[cell])
        for cell in sorted(cells)
        if book.sums[cell] != ledger_sums[cell]
    }
    requests = [
        (acknowledged, rolled_up)
        for (meter, *_), (acknowledged, rolled_up) in differences.items()
        if meter == "requests"
    ]
    findings = [finding for check in checks.verify(database) for finding in check.findings]
    return Verdict(
        book.acknowledged,
        kills,
        lost=sum(max(0, acknowledged - rolled_up) for acknowledged, rolled_up in requests),
        double=sum(max(0, rolled_up - acknowledged) for acknowledged, rolled_up in requests),
        healed=book.healed,
        differences=differences,
        findings=findings + _unsound(database),
    )


def _ledger_sums(database: Database) -> Counter[Cell]:
    query = text("""
        SELECT u.day, s.project, s.model, sum(u.requests), sum(u.input_tokens), sum(u.output_tokens)
        FROM usage_day u JOIN series s ON s.id = u.series_id GROUP BY u.day, s.project, s.model
    """)
    sums: Counter[Cell] = Counter()
    with database.snapshot() as session:
        for day, project, model, *amounts in session.execute(query):
            for meter, amount in zip(
                ("requests", "input_tokens", "output_tokens"), amounts, strict=True
            ):
                sums[meter, clock.date_of(day).day, project, model] = int(amount)
    return sums


def _pending(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(text("SELECT count(*) FROM intake")).scalar_one())


def _unsound(database: Database) -> list[str]:
    if not database.is_sqlite:
        return []
    with database.snapshot() as session:
        return [
            row for row in session.execute(text("PRAGMA integrity_check")).scalars() if row != "ok"
        ]


def _all_processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _environment(process_id: int) -> bytes:
    """The environment a process was started with; empty for one that has ended."""
    try:
        return Path(f"/proc/{process_id}/environ").read_bytes()
    except OSError:
        return b""


def _command(process_id: int) -> str:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_text()
    except OSError:
        return ""
