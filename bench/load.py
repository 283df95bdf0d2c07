"""A load generator: a bounded number of requests over a fixed number of loopback connections.

Each connection sends its next request as soon as the one before was answered. It runs in a process
of its own and knows nothing of what it loads.
"""

import multiprocessing
import select
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ledger import clock

TIMEOUT_SECONDS = 60.0
_READ_BYTES = 64 << 10
Maker = Callable[..., Sequence[bytes]]
"""Makes requests from its arguments, in the process of the load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How long a load took in all, and how long its answers took."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests answered per second."""
        return self.requests / self.seconds


def drive(port: int, maker: Maker, arguments: Sequence[object], connections: int) -> Run:
    """Send the requests of `maker(*arguments)`. Raises RuntimeError for an answer but 200."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_report, args=(sender, port, maker, (arguments, connections)), daemon=True
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


def _report(sender: Any, port: int, maker: Maker, load: tuple[Sequence[object], int]) -> None:
    """Send a load, and its run or its fault to the process that started this one."""
    arguments, connections = load
    answer: Run | str
    try:
        answer = _send_all(port, maker(*arguments), connections)
    except (OSError, RuntimeError) as error:
        answer = f"{type(error).__name__}: {error}"
    sender.send(answer)


def _send_all(port: int, requests: Sequence[bytes], connections: int) -> Run:
    sockets = [_connection(port) for _ in range(min(connections, len(requests)))]
    started = clock.monotonic_seconds()
    durations = sorted(_durations(sockets, requests))
    seconds = clock.monotonic_seconds() - started
    for connection in sockets:
        connection.close()
    return Run(
        requests=len(durations),
        seconds=seconds,
        p50_ms=1_000 * durations[len(durations) // 2],
        p99_ms=1_000 * durations[len(durations) * 99 // 100],
    )


def _connection(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _durations(sockets: Sequence[socket.socket], requests: Sequence[bytes]) -> Iterator[float]:
    """Send every request; the seconds of each until its answer was there."""
    by_number = {connection.fileno(): connection for connection in sockets}
    poll = select.epoll()
    waiting = iter(requests)
    sent_at: dict[int, float] = {}
    for number, connection in by_number.items():
        poll.register(number, select.EPOLLIN)
        sent_at[number] = clock.monotonic_seconds()
        connection.sendall(next(waiting))
    answered = 0
    while answered < len(requests):
        for number, _ in poll.poll(TIMEOUT_SECONDS) or _time_out():
            connection = by_number[number]
            _receive(connection)
            now = clock.monotonic_seconds()
            answered += 1
            yield now - sent_at[number]
            following = next(waiting, None)
            if following is not None:
                sent_at[number] = now
                connection.sendall(following)


def _receive(connection: socket.socket) -> None:
    """Read one whole answer. Raises RuntimeError for any but 200."""
    answer = connection.recv(_READ_BYTES)
    while not _is_complete(answer):
        more = connection.recv(_READ_BYTES)
        if not more:
            raise RuntimeError(f"the server closed the connection after {answer[:200]!r}")
        answer += more
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"answered {answer[:200]!r}")


def _is_complete(answer: bytes) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
    return bool(separator) and len(body) >= int(length)


def _time_out() -> list[tuple[int, int]]:
    raise RuntimeError(f"no answer within {TIMEOUT_SECONDS:g} seconds")
