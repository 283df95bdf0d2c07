"""One server process of a test: a free port, its own folder, and an end with its owner.

Knows no server by name.
"""

import abc
import contextlib
import ctypes
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

LOOPBACK = "127.0.0.1"
START_SECONDS = 90.0
STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02
_PR_SET_PDEATHSIG = 1
_MEMORY = Path("/dev/shm")  # noqa: S108  # a file system in memory, not a shared place for secrets
_MEMORY_BYTES = 2 << 30


def free_port() -> int:
    """A loopback port that nothing listens on.

    It lies below the ports that the kernel gives to outgoing connections, so that none of those can
    take it meanwhile.
    """
    ports = random.SystemRandom()
    while True:
        port = ports.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port


def scratch_folder(name: str, *, on_disk: bool = False) -> Path:
    """A new folder for a test's database files, in memory where there is room.

    A clone takes 50 ms there and 500 ms on a disk.

    Tests kill processes, never the machine, so what a process has synced survives there as it would
    on a disk. Who measures how long syncing takes asks for the disk.
    """
    roomy = not on_disk and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_BYTES
    return Path(tempfile.mkdtemp(prefix=f"switchwise-test-{name}-", dir=_MEMORY if roomy else None))


def full_disk(room_bytes: int) -> str:
    """Python statements, first in a process, after which no file of its grows beyond `room_bytes`.

    Python stores a compiled module cut short without an error, and every later process then fails
    to load it. So none is stored.
    """
    return (
        "import resource, sys; sys.dont_write_bytecode = True; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room_bytes}, {room_bytes})); "
    )


def command_path(name: str, package: str) -> str:
    """Where a server's command lies.

    Fails the test, naming the Debian package, when it is not installed.
    """
    off_path = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    path = shutil.which(name, path=os.pathsep.join([*off_path, os.environ.get("PATH", os.defpath)]))
    if path is None:
        pytest.fail(
            f"{name} is not installed;"
            f" install the Debian package {package} (make test does so, as root)"
        )
    return path


def wait_until(holds: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Return as soon as a condition holds.

    Raises TimeoutError, saying what was awaited, after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} seconds")
        time.sleep(_POLL_SECONDS)


def _die_with_parent(stop_signal: int) -> None:
    """Ask Linux to stop this process when the one that started it dies, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, stop_signal)


class Server(abc.ABC):
    """One server process: ready on entry, gone on exit, and stopped if pytest is killed."""

    stop_signal = signal.SIGTERM
    start_seconds = START_SECONDS
    account: str | None = None

    def __init__(self, *, on_disk: bool = False) -> None:
        self.port = free_port()
        self.folder = scratch_folder(type(self).__name__.lower(), on_disk=on_disk)
        self.log = self.folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    @abc.abstractmethod
    def command(self) -> list[str]:
        """The command line that serves `self.port` out of `self.folder`."""

    @abc.abstractmethod
    def answers(self) -> bool:
        """Whether the server is ready for requests."""

    def start(self) -> None:
        """Start and wait until the server answers.

        Fails the test, with the server's own words, when it does not.
        """
        with self.log.open("ab") as log:
            self.process = process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.account,
                preexec_fn=functools.partial(_die_with_parent, self.stop_signal),
            )
        try:
            wait_until(
                lambda: process.poll() is not None or self.answers(),
                type(self).__name__,
                self.start_seconds,
            )
        except TimeoutError:
            self.kill()
        if process.poll() is not None:
            words = self.log.read_text(errors="replace")[-2000:]
            pytest.fail(f"{' '.join(self.command())} did not start: {words}")

    def stop(self) -> None:
        """Ask for a clean shutdown; kill the server if it takes more than `STOP_SECONDS`.

        Nothing to do when it is down.
        """
        if self.process is not None:
            self.process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
            self.kill()

    def kill(self) -> None:
        """End the server and its children at once (SIGKILL), as a crash of the machine would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            wait_until(self._is_alone, f"the end of {type(self).__name__}'s children")
            self.process = None

    def restart(self) -> None:
        """Stop the server if it runs, then start it on the same port with the data it left."""
        self.stop()
        self.start()

    def _is_alone(self) -> bool:
        """Whether nothing is left of the process group; PostgreSQL will not restart before that."""
        if self.process is None:
            return True
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
