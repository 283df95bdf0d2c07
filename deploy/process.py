"""What a process of ours asks of the operating system: to end with its parent, and to be the only
one on a data directory."""

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ledger import clock
from ledger.errors import UsageError

LOCK_SECONDS = 3.0
"""How long a start waits for the lock: children of a killed supervisor hold it until they are
gone."""
BACKLOG = 2_048
_POLL_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


def end_with(parent_id: int) -> None:
    """End this process when its parent ends, even by SIGKILL: at once on Linux, within a second
    elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_id:
        os._exit(1)
    if sys.platform != "linux":
        threading.Thread(
            target=_end_once_orphaned, args=(parent_id,), name="parent", daemon=True
        ).start()


def _end_once_orphaned(parent_id: int) -> None:
    while os.getppid() == parent_id:
        time.sleep(_POLL_SECONDS)
    os._exit(1)


@contextlib.contextmanager
def only_one(data: Path) -> Iterator[int]:
    """Hold the lock of a data directory; its file descriptor, for children to hold as well. Raises
    UsageError."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = os.open(data / "switchwise.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UsageError(
            f"cannot write to {data}: {error.strerror}; choose another --data"
        ) from error
    try:
        _acquire(lock, data)
        yield lock
    finally:
        os.close(lock)


def _acquire(lock: int, data: Path) -> None:
    give_up_at = clock.monotonic_seconds() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if clock.monotonic_seconds() > give_up_at:
                raise UsageError(
                    f"another switchwise uses {data}; stop it, or choose another --data"
                ) from None
        time.sleep(0.05)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that children may inherit, so that none of them has to win the port again.

    Raises UsageError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} of {host} is in use; stop what listens there, or choose"
                " another --port"
            ) from error
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another --host"
            " or --port"
        ) from error


def address_of(listener: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
