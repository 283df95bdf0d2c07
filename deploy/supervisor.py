"""The one-command form: a parent that starts the web process and the worker, and restarts them.

It ends when they cannot be used at all, and they end with it. It serves nothing itself.
"""

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from deploy import process
from deploy.child import Child, Start
from ledger import clock, logs
from ledger import settings as ledger_settings
from ledger.settings import Settings

STOP_SECONDS = 8.0
"""How long children may take to end; the supervisor itself must be gone within ten."""
WRONG_USAGE = 2
"""The exit status of a child that will never start: its one line of explanation is on stderr
already."""
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LOOK_SECONDS = 1.0

log = structlog.get_logger()


def _silently(_address: str) -> None:
    """Announce nothing."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the caller's that runs once beside the product: a Python module and its options.

    Its module is started as `python -m MODULE --parent ID --address URL OPTIONS...`.
    """

    module: str
    options: tuple[str, ...] = ()


def run(
    settings: Settings,
    announce: Callable[[str], None] = _silently,
    run_once: Program | None = None,
) -> int:
    """Run the whole product until a signal ends it; the exit status.

    `announce` takes the address once it is bound. Raises UsageError for a directory or port in use.
    """
    logs.configure(settings.log_level)
    with (
        process.only_one(settings.data) as lock,
        process.listen(settings.host, settings.port) as listener,
        _Signals() as signals,
    ):
        address = process.address_of(listener)
        log.info("listening", address=address)
        announce(address)
        starts = _starts(settings, lock, listener)
        if run_once is not None:
            starts.append(_start_of_program(run_once, settings, lock, address))
        children = [Child(start) for start in starts]
        try:
            status = _watch(children, signals)
        finally:
            _stop(children, signals)
        log.info("stopped")
    return status


def _starts(settings: Settings, lock: int, listener: socket.socket) -> list[Start]:
    """The web process, which serves the socket, and the worker."""
    environment, descriptor = _environment(settings), listener.fileno()
    return [
        Start(
            name="web",
            command=_command("deploy.web", "--socket", str(descriptor)),
            environment=environment,
            inherited=(lock, descriptor),
        ),
        Start(
            name="worker",
            command=_command("deploy.worker"),
            environment=environment,
            inherited=(lock,),
        ),
    ]


def _start_of_program(program: Program, settings: Settings, lock: int, address: str) -> Start:
    return Start(
        name=program.module,
        command=_command(program.module, "--address", address, *program.options),
        environment=_environment(settings),
        inherited=(lock,),
        once=True,
    )


def _command(module: str, *options: str) -> list[str]:
    # -P and our own root, never the current directory: a folder `worker` where the user stands
    # must not be taken for ours.
    return [sys.executable, "-P", "-m", module, "--parent", str(os.getpid()), *options]


def _environment(settings: Settings) -> dict[str, str]:
    root = str(Path(__file__).parent.parent)
    inherited_path = ledger_settings.child_environment().get("PYTHONPATH")
    path = os.pathsep.join(filter(None, [root, inherited_path]))
    return ledger_settings.child_environment(
        **ledger_settings.as_environment(settings), PYTHONPATH=path
    )


def _watch(children: Sequence[Child], signals: "_Signals") -> int:
    """Start children, again and again, until a signal comes or one of them cannot be used at
    all."""
    while not signals.received:
        now_seconds = clock.monotonic_seconds()
        if WRONG_USAGE in [child.ended(now_seconds) for child in children]:
            return WRONG_USAGE
        waits = []
        for child in children:
            wait_seconds = child.seconds_to_start(now_seconds)
            if wait_seconds == 0:
                child.start(now_seconds)
            elif wait_seconds is not None:
                waits.append(wait_seconds)
        signals.wait(min(waits, default=_LOOK_SECONDS))
    return 0


def _stop(children: Sequence[Child], signals: "_Signals") -> None:
    """Tell children to end; kill them when they do not, or at the second Ctrl-C."""
    stop_at = clock.monotonic_seconds() + STOP_SECONDS
    signals_before = len(signals.received)
    for child in children:
        child.send(signal.SIGTERM)
    while any(child.runs for child in children):
        now_seconds = clock.monotonic_seconds()
        if now_seconds > stop_at or len(signals.received) > signals_before:
            for child in children:
                child.send(signal.SIGKILL)
        for child in children:
            child.ended(now_seconds)
        signals.wait(0.1)


class _Signals:
    """The stop signals that came, in order, and a wait that any signal (a child's end, too) cuts
    short."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "_Signals":
        self._woken, wakes = (self._stack.enter_context(end) for end in socket.socketpair())
        for end in (self._woken, wakes):
            end.setblocking(False)
        self._stack.callback(
            signal.set_wakeup_fd, signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        )
        for number in _STOPPING:
            self._stack.callback(signal.signal, number, signal.signal(number, self._note))
        self._stack.callback(signal.signal, signal.SIGCHLD, signal.signal(signal.SIGCHLD, _ignore))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until the next signal."""
        if select.select([self._woken], [], [], seconds)[0]:
            self._woken.recv(4_096)

    def _note(self, number: int, _frame: object) -> None:
        self.received.append(number)


def _ignore(_number: int, _frame: object) -> None:
    """A handler, so that the signal interrupts a wait."""
