"""A load generator of our own: a bounded number of requests over a fixed number of loopback connections, each sent as soon
as the one before it on its connection was answered. It runs in a process of its own and knows nothing of what it loads.
"""

import multiprocessing
import select
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ledger import clock

TIMEOUT_SECONDS = 60.0
_READ_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Run:
    """What a load met with: how long it took in all, and how long each answer took."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds


def drive(
    port: int, made: Callable[..., Sequence[bytes]], arguments: Sequence[object], connections: int
) -> Run:
    """Send the requests that `made(*arguments)` makes in the load's own process. Raises RuntimeError for an answer but 200."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_drive, args=(sender, port, made, arguments, connections), daemon=True
    )
    process.start()
    sender.close()
    try:
        answer = receiver.recv() if receiver.poll(2 * TIMEOUT_SECONDS) else "the load did not end"
    finally:
        process.kill()
        process.join()
    if not isinstance(answer, Run):
        raise RuntimeError(answer)
    return answer


def _drive(
    sender: Any,
    port: int,
    made: Callable[..., Sequence[bytes]],
    arguments: tuple[object, ...],
    connections: int,
) -> None:
    answer: Run | str
    try:
        answer = _send_all(port, made(*arguments), connections)
    except (OSError, RuntimeError) as error:
        answer = f"{type(error).__name__}: {error}"
    sender.send(answer)


def _send_all(port: int, requests: Sequence[bytes], connections: int) -> Run:
    sockets = {}
    for _ in range(min(connections, len(requests))):
        opened = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[opened.fileno()] = opened
    poll = select.epoll()
    for number in sockets:
        poll.register(number, select.EPOLLIN)
    waiting = iter(requests)
    sent_at: dict[int, float] = {}
    taken: list[float] = []
    started = clock.monotonic_seconds()
    for number, opened in sockets.items():
        sent_at[number] = clock.monotonic_seconds()
        opened.sendall(next(waiting))
    while len(taken) < len(requests):
        for number, _ in poll.poll(TIMEOUT_SECONDS) or _gave_up():
            opened = sockets[number]
            answer = opened.recv(_READ_BYTES)
            if not _is_whole(answer):
                answer = _rest(opened, answer)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"answered {answer[:200]!r}")
            now = clock.monotonic_seconds()
            taken.append(now - sent_at[number])
            following = next(waiting, None)
            if following is not None:
                sent_at[number] = now
                opened.sendall(following)
    seconds = clock.monotonic_seconds() - started
    for opened in sockets.values():
        opened.close()
    taken.sort()
    return Run(
        len(taken), seconds, 1_000 * taken[len(taken) // 2], 1_000 * taken[len(taken) * 99 // 100]
    )


def _is_whole(answer: bytes) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
    return bool(separator) and len(body) >= int(length)


def _rest(opened: socket.socket, answer: bytes) -> bytes:
    while not _is_whole(answer):
        more = opened.recv(_READ_BYTES)
        if not more:
            raise RuntimeError(f"the server closed the connection after {answer[:200]!r}")
        answer += more
    return answer


def _gave_up() -> list[tuple[int, int]]:
    raise RuntimeError(f"no answer within {TIMEOUT_SECONDS:g} seconds")
