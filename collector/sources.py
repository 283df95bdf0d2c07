"""Log files as they lie: plain, .gz or .zst (told from their first bytes), or a pipe. Inflates and hashes; reads no record."""

import gzip
import io
import itertools
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

import zstandard

from ledger.errors import UsageError

CHUNK_BYTES = 256 << 10
HEAD_BYTES = 1 << 20
"""How much of a source is looked at to tell its format."""

_PACKED_BYTES = 16 << 10
_GZIP, _ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

Seen = Callable[[int], None]
"""Told how many bytes of the source, as it lies, have been read."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file that can be read again. Every method raises UsageError when it cannot be read."""

    path: Path
    name: str

    @property
    def size_bytes(self) -> int:
        """Its size as it lies, compressed or not."""
        with _named(self.name):
            return self.path.stat().st_size

    def head(self) -> bytes:
        """Its first bytes, inflated."""
        return _head(self.chunks(_unseen))

    def chunks(self, seen: Seen, offset_bytes: int = 0) -> Iterator[bytes]:
        """All of it, inflated, from an offset on."""
        with _named(self.name), self.path.open("rb") as raw:
            yield from _read(raw, seen, offset_bytes)

    def digest(self, seen: Seen) -> str:
        """The SHA-256 of the inflated bytes, so that a compressed copy has the same."""
        hashed = sha256()
        for chunk in self.chunks(seen):
            hashed.update(chunk)
        return hashed.hexdigest()


@dataclass(slots=True)
class Pipe:
    """A stream that can be read once, such as the standard input."""

    raw: io.BufferedReader
    name: str = "-"
    _first: list[bytes] = field(default_factory=list)
    _rest: Iterator[bytes] | None = None

    def head(self) -> bytes:
        """Its first bytes, inflated; they come again in `chunks`."""
        chunks = self._unread()
        while sum(map(len, self._first)) < HEAD_BYTES and (chunk := next(chunks, b"")):
            self._first.append(chunk)
        return b"".join(self._first)

    def chunks(self, _seen: Seen, _offset_bytes: int = 0) -> Iterator[bytes]:
        """All of it, inflated; once."""
        with _named(self.name):
            yield from itertools.chain(self._first, self._unread())

    def copy_to(self, file: IO[bytes]) -> None:
        """Write all of it to a file, inflated."""
        for chunk in self.chunks(_unseen):
            file.write(chunk)
        file.flush()

    def _unread(self) -> Iterator[bytes]:
        if self._rest is None:
            self._rest = _read(self.raw, _unseen)
        return self._rest


def _unseen(_size_bytes: int) -> None:
    """Nobody watches."""


def _head(chunks: Iterator[bytes]) -> bytes:
    taken = b""
    for chunk in chunks:
        taken += chunk
        if len(taken) >= HEAD_BYTES:
            break
    return taken


def _read(raw: io.BufferedReader, seen: Seen, offset_bytes: int = 0) -> Iterator[bytes]:
    """The inflated chunks from an offset on. A compressed source is inflated up to there, a plain one is not read."""
    read_bytes = 0
    if offset_bytes and not raw.peek(len(_ZSTANDARD)).startswith((_GZIP, _ZSTANDARD)):
        read_bytes = raw.seek(offset_bytes)
    for chunk in _inflated(raw):
        ahead = max(0, offset_bytes - read_bytes)
        read_bytes += len(chunk)
        seen(raw.tell() if raw.seekable() else read_bytes)
        if ahead < len(chunk):
            yield chunk[ahead:]


def _inflated(raw: io.BufferedReader) -> Iterator[bytes]:
    magic = raw.peek(len(_ZSTANDARD))
    if magic.startswith(_ZSTANDARD):
        return _unpacked_zstandard(raw)
    stream = gzip.GzipFile(fileobj=raw) if magic.startswith(_GZIP) else raw
    return iter(lambda: stream.read(CHUNK_BYTES), b"")


def _unpacked_zstandard(raw: io.BufferedReader) -> Iterator[bytes]:
    """One frame after another. The library's own reader takes a truncated frame for a whole one; this raises EOFError."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    while packed := raw.read(_PACKED_BYTES):
        while packed:
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
            if chunk := frame.decompress(packed):
                yield chunk
            packed = frame.unused_data
    if not frame.eof:
        raise EOFError("it ends before its data does")


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Turn what can go wrong with a file into one line that names it."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError, zstandard.ZstdError) as error:
        raise UsageError(f"{name} is damaged ({error}); compress or copy it again") from error
    except OSError as error:
        raise UsageError(
            f"cannot read {name}: {(error.strerror or str(error)).lower()}; name a readable file"
        ) from error
