"""Work on the blocks of a file by other processes, ahead of whoever takes the results in the file's order."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def mapped(work: Callable[[bytes], T], blocks: Iterable[bytes]) -> Iterator[tuple[bytes, T]]:
    """Each block with what the work makes of it, in order. A few are under way at any time, so memory stays bounded.

    The processes are forked: a new one would take a second to import what this one has. So no database may be open yet.
    """
    processes = os.cpu_count() or 1
    waiting: deque[tuple[bytes, Future[T]]] = deque()
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        for block in blocks:
            waiting.append((block, pool.submit(work, block)))
            if len(waiting) > 2 * processes:
                yield _taken(waiting)
        while waiting:
            yield _taken(waiting)


def _taken(waiting: "deque[tuple[bytes, Future[T]]]") -> tuple[bytes, T]:
    block, future = waiting.popleft()
    return block, future.result()
