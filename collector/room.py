"""How much may wait in memory at once. What finds no room is refused before it is read, never dropped after."""

import threading

from ledger.errors import StoreUnavailable

EVENT_BYTES = 1_024
"""What one parsed event, or one refusal, is taken to occupy while it waits."""


class Overloaded(StoreUnavailable):
    """Too much is waiting already. Answered with 503 and not 429, because LiteLLM tries again after a 5xx only."""


class Room:
    """A number of bytes that bodies and events share while they wait. Any thread may take and leave."""

    def __init__(self, capacity_bytes: int) -> None:
        self.capacity_bytes = capacity_bytes
        self._taken_bytes = 0
        self._lock = threading.Lock()

    @property
    def taken_bytes(self) -> int:
        """What is taken now."""
        return self._taken_bytes

    def take(self, size_bytes: int) -> None:
        """Take bytes, to be left later. Raises Overloaded, taking nothing, when there are not as many."""
        with self._lock:
            if self._taken_bytes + size_bytes > self.capacity_bytes:
                raise Overloaded(
                    "too many events are waiting to be stored; nothing of this was kept, try again"
                )
            self._taken_bytes += size_bytes

    def leave(self, size_bytes: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._taken_bytes -= size_bytes


class Claim:
    """What one body occupies while it is read: it grows and shrinks, and ends with the block that it is used in."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size_bytes = 0

    def resize(self, size_bytes: int) -> None:
        """Hold this many bytes from now on. Raises Overloaded where there is no room for them."""
        more = size_bytes - self._size_bytes
        if more > 0:
            self._room.take(more)
        elif more < 0:
            self._room.leave(-more)
        self._size_bytes = size_bytes

    def release(self) -> None:
        """Hold nothing any more."""
        self.resize(0)
