"""Output that outlives its reader: a command does its work though `head` has seen enough."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


class PatientFile(io.FileIO):
    """A file descriptor that takes everything, and drops it once its reader has gone.

    Otherwise a command that prints first and stores then would store nothing, and a failed check
    would end with another status.
    """

    def write(self, content: "Buffer", /) -> int:
        """Write what fits; the number of bytes that need not be written again."""
        try:
            return super().write(content)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return memoryview(content).nbytes


@contextmanager
def outlive_readers() -> Iterator[None]:
    """Make stdout and stderr patient where they are files of the system."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _patient(sys.stdout), _patient(sys.stderr)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _patient(stream: TextIO) -> TextIO:
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(PatientFile(number, "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream is sys.stderr or stream.isatty(),
    )
