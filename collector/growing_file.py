"""A log file that is being written: its bytes as they come, over rotations of both kinds.

A rotation renames the file, or copies and truncates it. From one start to the next we keep the
hash of the file's first bytes and how far it was read; by its first bytes a file is found again
after it was renamed, copied or compressed. Records are not known here.
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
"""How long a renamed file must be quiet to count as complete: its writer may still have it open."""

log = structlog.get_logger()


class Stopped(Exception):
    """The reader was asked to stop. A record that is not complete waits for the next start."""


class Truncated(Exception):
    """The file was truncated. What was not read yet is in its copy, if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlace:
    """How far a file was read. The hash of its first bytes identifies it."""

    head_sha256: str
    head_bytes: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class FilePart:
    """The unread bytes of one of the files that the path has named, until that file is complete."""

    start: Mark
    chunks: Iterator[bytes]
    first_bytes: Callable[[int], bytes]

    def place_of(self, mark: Mark) -> FilePlace:
        """The place of a mark in this file."""
        head_bytes = min(HEAD_BYTES, mark.offset_bytes)
        head_sha256 = _hash(self.first_bytes(head_bytes))
        return FilePlace(head_sha256=head_sha256, head_bytes=head_bytes, mark=mark)


class GrowingFile:
    """A path and the files that it names, one after the other.

    The reader sets `place` after each of its commits.
    """

    def __init__(self, path: Path, place: FilePlace | None, stop: threading.Event) -> None:
        self.place = place
        self._path = path
        self._stop = stop

    def parts(self) -> Iterator[FilePart]:
        """The files, oldest first, without an end.

        Raises Stopped, and UsageError for a file that cannot be read.
        """
        while True:
            with self._open() as file:
                if self.place is not None and not _is_file_of(file, self.place):
                    yield from self._rotated_parts(self.place)
                    self.place = None
                start = self.place.mark if self.place else START
                watched = _WatchedFile(file)
                yield FilePart(start, self._read(watched, start.offset_bytes), watched.first_bytes)

    def _open(self) -> IO[bytes]:
        """The file, as soon as there is something in it."""
        is_logged = False
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
            if not is_logged:
                log.info("waiting_for_file", path=str(self._path))
                is_logged = True
            self._wait()

    def _read(self, watched: "_WatchedFile", offset_bytes: int) -> Iterator[bytes]:
        """What is in the file and what is added, until its path has named another for a while.

        Raises Truncated.
        """
        watched.file.seek(offset_bytes)
        quiet_seconds = 0.0
        while True:
            if chunk := watched.read():
                quiet_seconds = 0.0
                yield chunk
                continue
            if not self._is_named(watched.file):
                if quiet_seconds >= LINGER_SECONDS:
                    return
                quiet_seconds += POLL_SECONDS
            self._wait()

    def _is_named(self, file: IO[bytes]) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(file.fileno()))
        except FileNotFoundError:
            return False

    def _rotated_parts(self, place: FilePlace) -> Iterator[FilePart]:
        """What is unread of the file that was read last, and the files rotated after it."""
        paths = self._path.parent.glob(f"{glob.escape(self._path.name)}?*")
        rotated = sorted(
            (path for path in paths if path.is_file()), key=lambda path: path.stat().st_mtime_ns
        )
        for index, path in enumerate(rotated):
            with suppress(UsageError):
                if _hash(_first_bytes(path, place.head_bytes)) == place.head_sha256:
                    yield _part_of(path, place.mark)
                    yield from (_part_of(later, START) for later in rotated[index + 1 :])
                    return
        log.warning(
            "rotated_file_not_found",
            path=str(self._path),
            read_bytes=place.mark.offset_bytes,
            remedy="import the rotated file if it held more: switchwise import FILE",
        )

    def _wait(self) -> None:
        if self._stop.wait(POLL_SECONDS):
            raise Stopped


class _WatchedFile:
    """An open file, and its first bytes at the last read: if they change, it is another file."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._head = os.pread(file.fileno(), HEAD_BYTES, 0)

    def first_bytes(self, size_bytes: int) -> bytes:
        """The first bytes."""
        return self._head[:size_bytes]

    def read(self) -> bytes:
        """The next bytes; empty if there are none yet. Raises Truncated."""
        chunk = self.file.read(CHUNK_BYTES)
        descriptor, last_head = self.file.fileno(), self._head
        self._head = os.pread(descriptor, HEAD_BYTES, 0)
        is_shorter = os.fstat(descriptor).st_size < self.file.tell()
        if is_shorter or not self._head.startswith(last_head):
            raise Truncated
        return chunk


def _part_of(path: Path, start: Mark) -> FilePart:
    chunks = LogFile(path, str(path)).chunks(lambda _size_bytes: None, start.offset_bytes)
    return FilePart(start, chunks, functools.partial(_first_bytes, path))


def _first_bytes(path: Path, size_bytes: int) -> bytes:
    return next(LogFile(path, str(path)).chunks(lambda _size_bytes: None), b"")[:size_bytes]


def _is_file_of(file: IO[bytes], place: FilePlace) -> bool:
    """Whether an open file is the one of a place, and still has what was read of it."""
    descriptor = file.fileno()
    is_long_enough = os.fstat(descriptor).st_size >= place.mark.offset_bytes
    head = os.pread(descriptor, place.head_bytes, 0)
    return is_long_enough and _hash(head) == place.head_sha256


def _hash(first_bytes: bytes) -> str:
    return sha256(first_bytes).hexdigest()
