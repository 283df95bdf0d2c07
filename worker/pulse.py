"""The signs of life of an embedded worker: what was sent, what runs, when the ticker ticked. Reads no clock; thread-safe."""

import threading

STALL_SECONDS = 30.0
"""A ticker that has not ticked, or a wake-up that nobody took up, for so long will never do so."""


class Pulse:
    """What the ticker and the consumer last did, in seconds of the monotonic clock."""

    def __init__(self, now_seconds: float) -> None:
        self._lock = threading.Lock()
        self._ticked_at = now_seconds
        self._ended_at = now_seconds
        self._sent: dict[str, float] = {}
        self._running: tuple[str, float] | None = None

    def ticked(self, now_seconds: float) -> None:
        """The ticker is alive."""
        with self._lock:
            self._ticked_at = now_seconds

    def send(self, job: str, now_seconds: float) -> bool:
        """Whether a wake-up of this job should be sent now: not while one is under way. Notes that it is."""
        with self._lock:
            new = job not in self._sent
            self._sent.setdefault(job, now_seconds)
            return new

    def began(self, job: str, must_end_at: float) -> None:
        """The consumer took up a wake-up; it is stalled if the job has not ended by then."""
        with self._lock:
            self._sent.pop(job, None)
            self._running = (job, must_end_at)

    def ended(self, now_seconds: float) -> None:
        """The consumer is through with its job."""
        with self._lock:
            self._running = None
            self._ended_at = now_seconds

    def stalled(self, now_seconds: float) -> str | None:
        """What shows no life any more; None while all is well."""
        with self._lock:
            if now_seconds > self._ticked_at + STALL_SECONDS:
                return "ticker"
            if self._running:
                job, must_end_at = self._running
                return job if now_seconds > must_end_at else None
            waiting_since = max(min(self._sent.values(), default=now_seconds), self._ended_at)
            return "consumer" if now_seconds > waiting_since + STALL_SECONDS else None
