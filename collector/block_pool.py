"""Processes that work on the blocks of large files, ahead of whoever takes the results in the files' order."""

import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

WORTHWHILE_BYTES = 32 << 20
"""From this size on: to start the processes takes as long as to read so much."""

T = TypeVar("T")


class BlockPool:
    """Some processes that are ready for work."""

    def __init__(self, pool: ProcessPoolExecutor, processes: int) -> None:
        self._pool = pool
        self._at_once = 2 * processes

    def mapped(
        self, work: Callable[[bytes], T], blocks: Iterable[bytes]
    ) -> Iterator[tuple[bytes, T]]:
        """Each block with what the work makes of it, in order. A few are under way at any time, so memory stays bounded."""
        waiting: deque[tuple[bytes, Future[T]]] = deque()
        for block in blocks:
            waiting.append((block, self._pool.submit(work, block)))
            if len(waiting) > self._at_once:
                yield _taken(waiting)
        while waiting:
            yield _taken(waiting)


@contextlib.contextmanager
def open_pool(paths: Iterable[str], processes: int) -> Iterator[BlockPool | None]:
    """Helpers for these files; None where they are not worth it.

    They are forked, for a new process would take a second to import what this one has. So open a database only after this.
    """
    if (os.cpu_count() or 1) < 2 or sum(map(_size_bytes, paths)) < WORTHWHILE_BYTES:
        yield None
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        # The first work forks all of them.
        pool.submit(int).result()
        yield BlockPool(pool, processes)


def _size_bytes(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _taken(waiting: "deque[tuple[bytes, Future[T]]]") -> tuple[bytes, T]:
    block, future = waiting.popleft()
    return block, future.result()
