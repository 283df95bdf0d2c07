"""One child process of a supervisor: how it is started, and how long to wait before it is started
again."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

HEALTHY_SECONDS = 1.0
"""A child that lived as long is started again at once; a shorter life doubles the wait."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a child is started. One that runs `once` is not started again after it ended well."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    inherited: tuple[int, ...]
    once: bool = False


class Child:
    """A child process: started when it is time, noticed when it ended.

    Instants are seconds of the monotonic clock.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._wait_seconds = FIRST_WAIT_SECONDS
        self._finished = False

    @property
    def runs(self) -> bool:
        """Whether the process was there when last looked."""
        return self._process is not None

    def seconds_to_start(self, now_seconds: float) -> float | None:
        """How long until it must be started; None while it runs or when it need not."""
        return None if self._finished or self.runs else max(0.0, self._start_at - now_seconds)

    def start(self, now_seconds: float) -> None:
        """Start the process in its own process group.

        Ctrl-C goes to the terminal's group; the supervisor alone tells its children to stop.
        """
        self._process = subprocess.Popen(  # noqa: S603  # the command is our own interpreter and module
            self._start.command,
            env=self._start.environment,
            pass_fds=self._start.inherited,
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
        self._started_at = now_seconds
        log.info("child_started", child=self._start.name, process_id=self._process.pid)

    def ended(self, now_seconds: float) -> int | None:
        """The exit status of a process that ended since last looked; decides when it starts
        again."""
        if self._process is None or (status := self._process.poll()) is None:
            return None
        self._process = None
        self._finished = self._start.once and status == 0
        lived_long = now_seconds - self._started_at >= HEALTHY_SECONDS
        self._wait_seconds = (
            FIRST_WAIT_SECONDS if lived_long else min(2 * self._wait_seconds, LONGEST_WAIT_SECONDS)
        )
        self._start_at = now_seconds + self._wait_seconds
        log.info("child_ended", child=self._start.name, status=status)
        return status

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, if it runs."""
        if self._process is not None:
            self._process.send_signal(number)
