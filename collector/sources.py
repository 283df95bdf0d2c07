"""Where the bytes of a log come from: a file, plain, .gz or .zst, or a pipe.

The first bytes tell how it is compressed. This module inflates and hashes; it reads no record.
"""

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
"""How much of a source is read to tell its format."""

_PACKED_BYTES = 16 << 10
_GZIP, _ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

Watch = Callable[[int], None]
"""Called with the bytes of the source that have been read so far, before inflating."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file. It can be read again; every method raises UsageError when it cannot be read."""

    path: Path
    name: str

    @property
    def size_bytes(self) -> int:
        """Its size on disk, compressed or not."""
        with _file_errors(self.name):
            return self.path.stat().st_size

    def head(self) -> bytes:
        """Its first bytes, inflated."""
        return _head(self.chunks(_ignore))

    def chunks(self, watch: Watch, offset_bytes: int = 0) -> Iterator[bytes]:
        """All of it, inflated, from an offset on."""
        with _file_errors(self.name), self.path.open("rb") as raw:
            yield from _read(raw, watch, offset_bytes)

    def digest(self, watch: Watch) -> str:
        """The SHA-256 of the inflated bytes, so that a compressed copy has the same."""
        digest = sha256()
        for chunk in self.chunks(watch):
            digest.update(chunk)
        return digest.hexdigest()


@dataclass(slots=True)
class Pipe:
    """A stream that can be read once, such as the standard input.

    `read_ahead` has the chunks that were read to tell its format, `unread` the others.
    """

    raw: io.BufferedReader
    name: str = "-"
    read_ahead: list[bytes] = field(default_factory=list)
    unread: Iterator[bytes] | None = None

    def head(self) -> bytes:
        """Its first bytes, inflated; they come again in `chunks`."""
        chunks = self._unread_chunks()
        while sum(map(len, self.read_ahead)) < HEAD_BYTES and (chunk := next(chunks, b"")):
            self.read_ahead.append(chunk)
        return b"".join(self.read_ahead)

    def chunks(self, _watch: Watch, _offset_bytes: int = 0) -> Iterator[bytes]:
        """All of it, inflated; once."""
        with _file_errors(self.name):
            yield from itertools.chain(self.read_ahead, self._unread_chunks())

    def copy_to(self, file: IO[bytes]) -> None:
        """Write all of it to a file, inflated."""
        for chunk in self.chunks(_ignore):
            file.write(chunk)
        file.flush()

    def _unread_chunks(self) -> Iterator[bytes]:
        if self.unread is None:
            self.unread = _read(self.raw, _ignore)
        return self.unread


def _ignore(_size_bytes: int) -> None:
    """The watch of a read that nobody watches."""


def _head(chunks: Iterator[bytes]) -> bytes:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    return head


def _read(raw: io.BufferedReader, watch: Watch, offset_bytes: int = 0) -> Iterator[bytes]:
    """The inflated chunks from an offset on.

    Up to there a compressed source is inflated, and a plain one is not read.
    """
    read_bytes = 0
    if offset_bytes and not raw.peek(len(_ZSTANDARD)).startswith((_GZIP, _ZSTANDARD)):
        read_bytes = raw.seek(offset_bytes)
    for chunk in _inflated(raw):
        skipped_bytes = max(0, offset_bytes - read_bytes)
        read_bytes += len(chunk)
        watch(raw.tell() if raw.seekable() else read_bytes)
        if skipped_bytes < len(chunk):
            yield chunk[skipped_bytes:]


def _inflated(raw: io.BufferedReader) -> Iterator[bytes]:
    magic = raw.peek(len(_ZSTANDARD))
    if magic.startswith(_ZSTANDARD):
        return _unpacked_zstandard(raw)
    stream = gzip.GzipFile(fileobj=raw) if magic.startswith(_GZIP) else raw
    return iter(lambda: stream.read(CHUNK_BYTES), b"")


def _unpacked_zstandard(raw: io.BufferedReader) -> Iterator[bytes]:
    """One frame after another. Raises EOFError for a truncated one, which the library accepts."""
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
def _file_errors(name: str) -> Iterator[None]:
    """Turn the errors of a file into UsageError, one line that names the file."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError, zstandard.ZstdError) as error:
        raise UsageError(f"{name} is damaged ({error}); compress or copy it again") from error
    except OSError as error:
        raise UsageError(
            f"cannot read {name}: {(error.strerror or str(error)).lower()}; name a readable file"
        ) from error
