"""The signs of life of an embedded worker: wake-ups sent, the running job, the ticker's last tick.

It reads no clock, and any thread may use it.
"""

import threading

STALL_SECONDS = 30.0
"""A ticker without a tick for so long, or a wake-up that nobody took, is dead."""


class Pulse:
    """What the ticker and the consumer last did, in seconds of the monotonic clock."""

    def __init__(self, now_seconds: float) -> None:
        self._lock = threading.Lock()
        self._ticked_at = now_seconds
        self._ended_at = now_seconds
        self._sent: dict[str, float] = {}
        self._running: tuple[str, float] | None = None

    def note_tick(self, now_seconds: float) -> None:
        """The ticker is alive."""
        with self._lock:
            self._ticked_at = now_seconds

    def note_wake_up(self, job: str, now_seconds: float) -> bool:
        """Whether a wake-up of this job must be sent now, which is noted: not while one waits."""
        with self._lock:
            is_new = job not in self._sent
            self._sent.setdefault(job, now_seconds)
            return is_new

    def note_start(self, job: str, must_end_at: float) -> None:
        """The consumer took a wake-up; it is stalled if the job has not ended at `must_end_at`."""
        with self._lock:
            self._sent.pop(job, None)
            self._running = (job, must_end_at)

    def note_end(self, now_seconds: float) -> None:
        """The consumer has ended its job."""
        with self._lock:
            self._running = None
            self._ended_at = now_seconds

    def find_stalled(self, now_seconds: float) -> str | None:
        """The part that shows no sign of life; None while all is well."""
        with self._lock:
            if now_seconds > self._ticked_at + STALL_SECONDS:
                return "ticker"
            if self._running:
                job, must_end_at = self._running
                return job if now_seconds > must_end_at else None
            waiting_since = max(min(self._sent.values(), default=now_seconds), self._ended_at)
            return "consumer" if now_seconds > waiting_since + STALL_SECONDS else None
