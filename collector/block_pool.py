"""Processes that work on blocks of large files, ahead of the reader of the results."""

import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

WORTHWHILE_BYTES = 32 << 20
"""Smaller files are read without a pool: to start the processes takes as long as to read these."""

T = TypeVar("T")


class BlockPool:
    """Some processes that are ready for work."""

    def __init__(self, pool: ProcessPoolExecutor, processes: int) -> None:
        self._pool = pool
        self._max_pending = 2 * processes

    def map(self, work: Callable[[bytes], T], blocks: Iterable[bytes]) -> Iterator[tuple[bytes, T]]:
        """Each block with what the work makes of it, in order. Few are pending at any time."""
        pending: deque[tuple[bytes, Future[T]]] = deque()
        for block in blocks:
            pending.append((block, self._pool.submit(work, block)))
            if len(pending) > self._max_pending:
                yield _wait_for_first(pending)
        while pending:
            yield _wait_for_first(pending)


@contextlib.contextmanager
def open_pool(paths: Iterable[str], processes: int) -> Iterator[BlockPool | None]:
    """A pool for these files; None where they are too small for one.

    The processes are forked, because a new one would take a second for its imports. So open a
    database only after this.
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


def _wait_for_first(pending: "deque[tuple[bytes, Future[T]]]") -> tuple[bytes, T]:
    block, future = pending.popleft()
    return block, future.result()
