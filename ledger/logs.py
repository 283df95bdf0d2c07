"""The one place that sets up logging: one JSON line for each event, on stderr.

No field holds a key, a password or a prompt.
"""

import io
import logging
import sys
from typing import TextIO, cast

import structlog

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


class _Stderr(io.TextIOBase):
    """Standard error as it is at the moment of writing.

    A test that captures stderr may close its own stream afterwards.
    """

    def write(self, text: str) -> int:
        """Write to what standard error is now."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush what standard error is now."""
        sys.stderr.flush()


def configure(level: str) -> None:
    """Log our own events from this level on, and the libraries' warnings, all in one format."""
    stderr = _Stderr()
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, stderr)),
    )
    handler = logging.StreamHandler(cast(TextIO, stderr))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(least, logging.WARNING))
