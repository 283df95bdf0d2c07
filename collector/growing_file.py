"""A log file that is being written: its bytes as they come, over rotations by renaming and by copying and truncating.

It knows no record. What is known of a file from one start to the next is its first bytes and how far it was read; by its
first bytes it is found again after it was renamed, copied or compressed.
"""

import functools
import glob
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

import structlog

from collector.records import START, Mark
from collector.sources import CHUNK_BYTES, LogFile
from ledger.errors import UsageError

HEAD_BYTES = 1_024
POLL_SECONDS = 0.2
LINGER_SECONDS = 1.0
"""How long a file that was renamed must be quiet until it counts as complete: its writer may not have noticed yet."""

log = structlog.get_logger()


class Stopped(Exception):
    """The reader was told to stop. What has no end yet is left for the next start."""


class Truncated(Exception):
    """The file has lost what was read of it. What was not read yet is in the copy of it, if there is one."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far which file was read; the file by the hash of its first bytes."""

    head_sha256: str
    head_bytes: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Part:
    """One file of those that a path has named: its bytes from where it was left until it is complete."""

    start: Mark
    chunks: Iterator[bytes]
    first_bytes: Callable[[int], bytes]

    def place(self, mark: Mark) -> Place:
        """The place of a mark in this file."""
        size_bytes = min(HEAD_BYTES, mark.offset_bytes)
        return Place(_hash(self.first_bytes(size_bytes)), size_bytes, mark)


class GrowingFile:
    """A path and all that it names, one file after the other. `place` is set by the reader, after each of its commits."""

    def __init__(self, path: Path, place: Place | None, stopped: threading.Event) -> None:
        self.place = place
        self._path = path
        self._stopped = stopped

    def parts(self) -> Iterator[Part]:
        """The files, oldest first; there is no end. Raises Stopped, and UsageError for a file that cannot be read."""
        while True:
            with self._opened() as file:
                if self.place is not None and not _holds(file, self.place):
                    yield from self._left_behind(self.place)
                    self.place = None
                start = self.place.mark if self.place else START
                opened = _Opened(file)
                yield Part(start, self._read(opened, start.offset_bytes), opened.first_bytes)

    def _opened(self) -> IO[bytes]:
        """The file, as soon as there is something in it."""
        said = False
        while True:
            try:
                if self._path.stat().st_size:
                    return self._path.open("rb", buffering=0)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise UsageError(
                    f"cannot read {self._path}: {error.strerror}; name a readable file"
                ) from error
            if not said:
                log.info("waiting_for_file", path=str(self._path))
                said = True
            self._wait()

    def _read(self, opened: "_Opened", offset_bytes: int) -> Iterator[bytes]:
        """What is in an open file and what is added, until the path has named another one for a while. Raises Truncated."""
        opened.file.seek(offset_bytes)
        quiet_seconds = 0.0
        while True:
            if chunk := opened.read():
                quiet_seconds = 0.0
                yield chunk
                continue
            if not self._is_named(opened.file):
                if quiet_seconds >= LINGER_SECONDS:
                    return
                quiet_seconds += POLL_SECONDS
            self._wait()

    def _is_named(self, file: IO[bytes]) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(file.fileno()))
        except FileNotFoundError:
            return False

    def _left_behind(self, place: Place) -> Iterator[Part]:
        """The rest of the file that was read last, under the name that a rotation gave it, and those rotated after it."""
        beside = self._path.parent.glob(f"{glob.escape(self._path.name)}?*")
        rotated = sorted(
            (each for each in beside if each.is_file()), key=lambda each: each.stat().st_mtime_ns
        )
        for index, each in enumerate(rotated):
            with suppress(UsageError):
                if _hash(_first_bytes(each, place.head_bytes)) == place.head_sha256:
                    yield _part(each, place.mark)
                    yield from (_part(later, START) for later in rotated[index + 1 :])
                    return
        log.warning(
            "rotated_file_not_found",
            path=str(self._path),
            read_bytes=place.mark.offset_bytes,
            remedy="import the rotated file if it held more: switchwise import FILE",
        )

    def _wait(self) -> None:
        if self._stopped.wait(POLL_SECONDS):
            raise Stopped


class _Opened:
    """An open file, and its first bytes as they were when it was read last: once they change, it is another file."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._first = os.pread(file.fileno(), HEAD_BYTES, 0)

    def first_bytes(self, size_bytes: int) -> bytes:
        """The first bytes."""
        return self._first[:size_bytes]

    def read(self) -> bytes:
        """The next bytes, empty where there are none yet. Raises Truncated where they may be another file's."""
        chunk = self.file.read(CHUNK_BYTES)
        number, known = self.file.fileno(), self._first
        self._first = os.pread(number, HEAD_BYTES, 0)
        if os.fstat(number).st_size < self.file.tell() or not self._first.startswith(known):
            raise Truncated
        return chunk


def _part(path: Path, start: Mark) -> Part:
    chunks = LogFile(path, str(path)).chunks(lambda _done: None, start.offset_bytes)
    return Part(start, chunks, functools.partial(_first_bytes, path))


def _first_bytes(path: Path, size_bytes: int) -> bytes:
    return next(LogFile(path, str(path)).chunks(lambda _done: None), b"")[:size_bytes]


def _holds(file: IO[bytes], place: Place) -> bool:
    """Whether an open file is the one of a place, and still has what was read of it."""
    number = file.fileno()
    still_there = os.fstat(number).st_size >= place.mark.offset_bytes
    return still_there and _hash(os.pread(number, place.head_bytes, 0)) == place.head_sha256


def _hash(first_bytes: bytes) -> str:
    return sha256(first_bytes).hexdigest()
