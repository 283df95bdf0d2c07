"""How much may wait in memory at once. What has no place is refused before it is read."""

import threading

from ledger.errors import StoreUnavailable

EVENT_BYTES = 1_024
"""The memory that one parsed event, or one rejected record, is counted with while it waits."""


class Overloaded(StoreUnavailable):
    """Too much is waiting already. Answered with 503, because LiteLLM tries again after a 5xx."""


class Backlog:
    """The bytes of bodies and events that wait, up to a capacity. Any thread may use it."""

    def __init__(self, capacity_bytes: int) -> None:
        self.capacity_bytes = capacity_bytes
        self._waiting_bytes = 0
        self._lock = threading.Lock()

    @property
    def waiting_bytes(self) -> int:
        """How much waits now."""
        return self._waiting_bytes

    def reserve(self, size_bytes: int) -> None:
        """Count more bytes. Raises Overloaded, and counts nothing, if they are too many."""
        with self._lock:
            if self._waiting_bytes + size_bytes > self.capacity_bytes:
                raise Overloaded(
                    "too many events are waiting to be stored; nothing of this was kept, try again"
                )
            self._waiting_bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        """Count these bytes no more."""
        with self._lock:
            self._waiting_bytes -= size_bytes


class Claim:
    """The bytes that one body has reserved while it is read."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._size_bytes = 0

    def resize(self, size_bytes: int) -> None:
        """Have this many bytes reserved from now on. Raises Overloaded if they are too many."""
        more_bytes = size_bytes - self._size_bytes
        if more_bytes > 0:
            self._backlog.reserve(more_bytes)
        elif more_bytes < 0:
            self._backlog.release(-more_bytes)
        self._size_bytes = size_bytes

    def release(self) -> None:
        """Reserve nothing any more."""
        self.resize(0)
