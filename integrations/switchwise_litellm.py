"""Sends every request that a LiteLLM proxy has served to Switchwise, and loses none on the way.

It needs Python and LiteLLM, nothing else. Put this file next to the proxy's config.yaml and name it
there, alone or in a list:

    litellm_settings:
      callbacks: switchwise_litellm.handler
      # Else a client hides its requests from every callback with "no-log": true.
      global_disable_no_log_param: true

What each request used is written to a file before the hook returns: never a prompt, an answer, an
e-mail address or an IP. A thread posts the files, and deletes each once Switchwise has committed
it. These variables of the environment are read once, at start:

    SWITCHWISE_URL              where the collector is (http://127.0.0.1:8080); /v1/litellm is added
    SWITCHWISE_KEY              an API key of scope ingest; none is needed on loopback
    SWITCHWISE_SPOOL_DIR        where the files lie (switchwise-spool next to this file): a local
                                disk that outlives the process, in a container a volume. Any number
                                of proxies and workers of one machine may share it.
    SWITCHWISE_SPOOL_MAX_BYTES  how much may wait there (1073741824); beyond it new events are
                                dropped, counted and logged

Killed, restarted or without a collector, the proxy loses no event that this file was given: another
process that shares the folder sends what a dead one has left. A power cut may cost the events of
the last quarter of a second, which are not yet synced to the disk. An event may be sent twice; the
collector stores it once.
"""

import email.utils
import fcntl
import gzip
import http.client
import json
import logging
import math
import os
import random
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

try:
    from litellm.integrations.custom_logger import CustomLogger
except ModuleNotFoundError as error:
    if error.name != "litellm":
        raise
    CustomLogger = object

SYNC_SECONDS = 0.25
SEND_SECONDS = 1.0
SEGMENT_BYTES = 4 << 20
POST_SECONDS = 30.0
MAX_WAIT_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 600.0
REPORT_SECONDS = 60.0
MAX_TEXT_CHARACTERS = 4096
MAX_ANSWER_BYTES = 8 << 20
COUNTS = ("accepted", "duplicate", "grown", "conflict", "ignored", "spooled")

log = logging.getLogger("switchwise")


def _plain(value: object) -> object:
    """A text, number or truth value; anything else is unknown."""
    if isinstance(value, str):
        return value[:MAX_TEXT_CHARACTERS]
    return (
        value
        if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value))
        else None
    )


def _has_any(value: object) -> object:
    """Whether there are any tools, without what they say."""
    return bool(value) or None


def _labels(value: object) -> object:
    """The tags that name the workload; others may say anything."""
    tags = value if isinstance(value, (list, tuple)) else ()
    return [
        _plain(tag)
        for tag in tags
        if isinstance(tag, str) and tag.startswith(("workload:", "feature:"))
    ] or None


def _output(value: object) -> object:
    """The kinds of an answer's parts, which say what tools it used; nothing that they say."""
    parts = value if isinstance(value, (list, tuple)) else ()
    rules = {"type": _plain, "status": _plain}
    return [slim(part, rules) for part in parts if isinstance(part, dict)] or None


def _rules_of(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, _plain)


CACHE_WRITES = _rules_of(
    "ephemeral_5m_input_tokens",
    "ephemeral_30m_input_tokens",
    "ephemeral_1h_input_tokens",
    "ephemeral_12h_input_tokens",
)
INPUT_DETAILS: dict[str, Any] = {
    **_rules_of("cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens"),
    **_rules_of("video_tokens", "web_search_requests", "cache_creation_tokens"),
    "cache_creation_token_details": CACHE_WRITES,
}
OUTPUT_DETAILS = _rules_of(
    "reasoning_tokens", "audio_tokens", "image_tokens", "video_tokens", "citation_tokens"
)
USAGE: dict[str, Any] = {
    "prompt_tokens_details": INPUT_DETAILS,
    "input_tokens_details": INPUT_DETAILS,
    "completion_tokens_details": OUTPUT_DETAILS,
    "output_tokens_details": OUTPUT_DETAILS,
    "cache_creation": CACHE_WRITES,
    "server_tool_use": _rules_of("web_search_requests", "tool_search_requests"),
    "server_side_tool_usage_details": _rules_of(
        "web_search_calls",
        "x_search_calls",
        "code_interpreter_calls",
        "file_search_calls",
        "document_search_calls",
    ),
    **_rules_of("cache_read_input_tokens", "cache_creation_input_tokens", "service_tier"),
    **_rules_of("search_units", "num_search_queries", "citation_tokens", "type", "seconds"),
    **_rules_of("input_tokens", "output_tokens", "inference_geo", "speed", "cost"),
}
"""All that tells what a request costs; the collector names what it has no price for."""

RULES: dict[str, Any] = {
    **dict.fromkeys(
        ("id", "status", "call_type", "cache_hit", "stream", "startTime", "endTime"), _plain
    ),
    **dict.fromkeys(("completionStartTime", "custom_llm_provider", "model", "model_group"), _plain),
    **_rules_of("prompt_tokens", "completion_tokens", "total_tokens", "response_cost"),
    "cost_breakdown": _rules_of("tool_usage_cost", "data_residency", "service_tier"),
    "request_tags": _labels,
    "metadata": {
        **dict.fromkeys(
            ("user_api_key_hash", "user_api_key_alias", "user_api_key_team_id"), _plain
        ),
        **dict.fromkeys(
            ("user_api_key_team_alias", "user_api_key_project_id", "user_api_key_project_alias"),
            _plain,
        ),
        "usage_object": USAGE,
        "requester_custom_headers": {"x-stainless-retry-count": _plain},
    },
    "model_map_information": {"model_map_value": {"key": _plain, "mode": _plain}},
    "error_information": {"error_code": _plain},
    "response": {
        **_rules_of("model", "service_tier", "status", "created_at", "completed_at"),
        "output": _output,
        "usage": USAGE,
    },
    "model_parameters": {
        "stream": _plain,
        "service_tier": _plain,
        "tools": _has_any,
        "functions": _has_any,
        "response_format": {"type": _plain},
        "text": {"format": {"type": _plain}},
    },
}
"""What leaves the proxy of LiteLLM's standard logging payload, under LiteLLM's names.

What is not listed here never leaves it. A rule makes the value that is sent, or None.
"""


def slim(payload: object, rules: Mapping[str, Any] = RULES) -> dict[str, object]:
    """The fields to send of a payload, or of a section of it. Unknown fields are left out."""
    fields: dict[str, object] = {}
    if not isinstance(payload, dict):
        return fields
    for name, rule in rules.items():
        section = payload.get(name)
        field = slim(section, rule) or None if isinstance(rule, dict) else rule(section)
        if field is not None:
            fields[name] = field
    return fields


class TroubleLog:
    """Logs each kind of trouble at most once a minute, so that an outage floods no log."""

    def __init__(self) -> None:
        self._logged_at: dict[str, float] = {}

    def report(self, kind: str, text: str) -> bool:
        """Log this, unless this kind was logged a moment ago; whether it is logged."""
        now = time.monotonic()
        if now - self._logged_at.get(kind, -math.inf) < REPORT_SECONDS:
            return False
        self._logged_at[kind] = now
        log.error("switchwise: %s", text)
        return True


class SpoolFull(Exception):
    """No more events may wait."""


class Segment:
    """A file that this process writes. Its lock keeps other processes from sending it.

    The lock ends with the process.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size_bytes = 0

    def write(self, line: bytes) -> None:
        """Append a complete line or nothing. Raises OSError."""
        written = os.write(self.descriptor, line)
        if written != len(line):
            os.ftruncate(self.descriptor, self.size_bytes)
            raise OSError("the disk took only a part of the line")
        self.size_bytes += written


class Spool:
    """A folder of segments. A process owns those that it has locked; any may send the others."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.unsynced = threading.Event()
        self.waiting_bytes = 0
        self.dropped = 0
        self.reason = ""
        self._appended_bytes = 0
        self._current: Segment | None = None
        self._closed: list[Segment] = []
        self._appending = threading.Lock()
        self._syncing = threading.Lock()

    def append(self, line: bytes) -> None:
        """Write a line. When this returns, the line survives the process.

        Raises SpoolFull and OSError; then nothing was written.
        """
        with self._appending:
            if self.waiting_bytes + len(line) > self.max_bytes:
                raise SpoolFull
            if self._current is not None and self._current.size_bytes >= SEGMENT_BYTES:
                self._close()
            if self._current is None:
                self._current = self._open()
            self._current.write(line)
            self.waiting_bytes += len(line)
            self._appended_bytes += len(line)
        self.unsynced.set()

    def drop(self, reason: str) -> None:
        """Count an event that is not kept, and remember why."""
        with self._appending:
            self.dropped += 1
            self.reason = reason

    def close_segment(self) -> None:
        """Make what was written so far ready to be sent."""
        with self._appending:
            self._close()
        self.sync()

    def sync(self) -> None:
        """Make what was written so far survive a power cut, then unlock the closed segments.

        Raises OSError.
        """
        self.unsynced.clear()
        with self._syncing:
            with self._appending:
                closed, self._closed = self._closed, []
                current = self._current
            try:
                for segment in filter(None, [*closed, current]):
                    os.fsync(segment.descriptor)
                if closed or current:
                    _sync_folder(self.folder)
            finally:
                for segment in closed:
                    os.close(segment.descriptor)

    def measure(self) -> None:
        """Count the bytes in the folder, of all processes."""
        before = self._appended_bytes
        file_bytes = sum(_size_bytes(path) for path in self.folder.glob("**/*.ndjson"))
        with self._appending:
            self.waiting_bytes = file_bytes + self._appended_bytes - before

    def segments(self) -> list[Path]:
        """Every segment, oldest first."""
        return sorted(self.folder.glob("*.ndjson"))

    def set_aside(self, name: str, lines: list[bytes]) -> Path:
        """Move lines that the collector will never take to where they are not sent again.

        Raises OSError.
        """
        path = self.folder / "rejected" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(line + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        return path

    def abandon(self) -> None:
        """Forget the segments of the process that this one was forked from."""
        for segment in filter(None, [*self._closed, self._current]):
            os.close(segment.descriptor)

    def _close(self) -> None:
        if self._current is not None:
            self._closed.append(self._current)
            self._current = None

    def _open(self) -> Segment:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            path = self.folder / f"{time.time_ns():020}-{os.getpid()}.ndjson"
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
            if _lock(descriptor):
                return Segment(descriptor)
            os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Take the lock of a segment; False if another has it, or has sent and deleted the file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0


@contextmanager
def claim_segment(path: Path) -> Iterator[bytes | None]:
    """The content of a segment, which no other process can claim meanwhile.

    None if another process writes or sends it.
    """
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        yield None
        return
    with file:
        yield file.read() if _lock(file.fileno()) else None


def _lines(content: bytes) -> tuple[list[bytes], int]:
    """The complete lines of a segment, and how many others a crash or a power cut has left."""
    lines = [line for line in content.split(b"\n") if line]
    complete = [
        line
        for line in lines
        if line.startswith(b"{") and line.endswith(b"}") and b"\0" not in line
    ]
    return complete, len(lines) - len(complete)


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Undelivered(Exception):
    """A post that must be repeated, after so many seconds at least."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class Courier:
    """Posts the segments of the spool.

    It deletes a segment once each of its lines is committed, or set aside as refused for good.
    """

    def __init__(
        self,
        spool: Spool,
        url: str,
        key: str,
        *,
        trouble_log: TroubleLog,
        now_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spool = spool
        self._url = urllib.parse.urlsplit(
            url.rstrip("/").removesuffix("/v1/litellm") + "/v1/litellm"
        )
        self._headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "User-Agent": "switchwise-litellm",
        }
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._trouble_log = trouble_log
        self._now_seconds = now_seconds
        self._failures = 0
        self._not_before = 0.0

    def send_waiting(self) -> None:
        """Send all that waits, unless it is too soon after a failure.

        Raises OSError if the spool cannot be read.
        """
        self._spool.measure()
        if self._now_seconds() < self._not_before:
            return
        try:
            while self._deliver_waiting():
                pass
            self._spool.close_segment()
            self._deliver_waiting()
        except Undelivered as failure:
            jitter = random.uniform(0.5, 1.0)  # noqa: S311  # no secret
            backoff_seconds = min(MAX_WAIT_SECONDS, 2.0**self._failures) * jitter
            self._not_before = self._now_seconds() + max(backoff_seconds, failure.wait_seconds)
            self._failures = min(self._failures + 1, 10)
            self._trouble_log.report(
                str(failure),
                f"{failure}; {self._spool.waiting_bytes:,} bytes wait in {self._spool.folder}"
                " and will be sent again",
            )
        else:
            self._failures = 0

    def _deliver_waiting(self) -> int:
        return sum(self._deliver(path) for path in self._spool.segments())

    def _deliver(self, path: Path) -> bool:
        """Send and delete a segment that no process writes; False if one does.

        Raises Undelivered.
        """
        try:
            with claim_segment(path) as content:
                if content is None:
                    return False
                lines, torn = _lines(content)
                refused = self._send(lines)
                if torn:
                    self._trouble_log.report(
                        "torn",
                        f"{path.name}: dropped lines that a crash or a full disk cut off: {torn}",
                    )
                if refused:
                    aside = self._spool.set_aside(path.name, refused)
                    self._trouble_log.report(
                        "refused",
                        f"the collector refused {len(refused)} events for good: see {aside}",
                    )
                path.unlink()
        except OSError as error:
            self._trouble_log.report(
                f"deliver {error.errno}", f"cannot send {path} ({error.strerror}); others are sent"
            )
            return False
        return True

    def _send(self, lines: list[bytes]) -> list[bytes]:
        """Post lines; the result is those that the collector refuses for good.

        Fewer are posted at once where the collector asks for it. Raises Undelivered.
        """
        refused: list[bytes] = []
        start, at_once = 0, len(lines)
        while start < len(lines):
            chunk = lines[start : start + at_once]
            status, retry_after, answer = self._post(chunk)
            if status == 413 and len(chunk) > 1:
                at_once = len(chunk) // 2
                continue
            refused += self._refused(chunk, status, retry_after, answer)
            start += len(chunk)
        return refused

    def _post(self, lines: list[bytes]) -> tuple[int, str, bytes]:
        """The answer: its status, its Retry-After and its body. Raises Undelivered without one."""
        kind = (
            http.client.HTTPSConnection
            if self._url.scheme == "https"
            else http.client.HTTPConnection
        )
        connection = kind(self._url.hostname or "", self._url.port, timeout=POST_SECONDS)
        try:
            connection.request(
                "POST", self._url.path, gzip.compress(b"\n".join(lines), 6), self._headers
            )
            response = connection.getresponse()
            return (
                response.status,
                response.headers.get("Retry-After", ""),
                response.read(MAX_ANSWER_BYTES),
            )
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(
                f"cannot reach {self._url.netloc} ({type(error).__name__})"
            ) from error
        finally:
            connection.close()

    def _refused(
        self, lines: list[bytes], status: int, retry_after: str, answer: bytes
    ) -> list[bytes]:
        """The lines that the collector will never take; all others are committed.

        Raises Undelivered.
        """
        if status == 200:
            return [
                lines[index] for index in _rejected(answer, len(lines)) if 0 <= index < len(lines)
            ]
        if status in (400, 413):
            return lines
        if status in (401, 403):
            raise Undelivered(
                f"the collector refuses SWITCHWISE_KEY ({status}); give a key of scope ingest",
                MAX_WAIT_SECONDS,
            )
        if status == 429 or status >= 500:
            raise Undelivered(f"the collector is busy or down ({status})", _seconds(retry_after))
        raise Undelivered(
            f"{self._url.netloc} answers {status}; set SWITCHWISE_URL to a collector",
            MAX_WAIT_SECONDS,
        )


def _rejected(answer: bytes, sent: int) -> list[int]:
    """The indexes of the refused events in a receipt.

    Raises Undelivered for an answer that does not account for every event.
    """
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        receipt = json.loads(answer)
        indexes = [int(entry["index"]) for entry in receipt["rejected"]]
        if sum(receipt.get(name, 0) for name in COUNTS) + len(indexes) == sent:
            return indexes
    raise Undelivered(
        "the answer is no receipt of what was sent; set SWITCHWISE_URL to a collector",
        MAX_WAIT_SECONDS,
    )


def _seconds(retry_after: str) -> float:
    """How long a Retry-After asks to wait, given as seconds or as a date; 0 if it does not say."""
    with suppress(ValueError, TypeError, OverflowError):
        sent = retry_after.strip()
        seconds = (
            float(sent)
            if sent.isdigit()
            else email.utils.parsedate_to_datetime(sent).timestamp() - time.time()
        )
        return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
    return 0.0


def _is_address(url: str) -> bool:
    with suppress(ValueError):
        parts = urllib.parse.urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    return False


class SwitchwiseHandler(CustomLogger):  # type: ignore[misc]  # LiteLLM may not be installed
    """LiteLLM's hooks. They never raise and never wait for the network.

    A wrong setting raises ValueError at start.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__()
        self._url = environment.get("SWITCHWISE_URL", "").strip() or "http://127.0.0.1:8080"
        self._key = environment.get("SWITCHWISE_KEY", "").strip()
        self._folder = Path(
            environment.get("SWITCHWISE_SPOOL_DIR", "").strip()
            or Path(__file__).parent / "switchwise-spool"
        )
        max_bytes = environment.get("SWITCHWISE_SPOOL_MAX_BYTES", "").strip() or str(1 << 30)
        if not _is_address(self._url):
            raise ValueError("SWITCHWISE_URL: must look like http://127.0.0.1:8080")
        if not (max_bytes.isascii() and max_bytes.isdigit()):
            raise ValueError(
                "SWITCHWISE_SPOOL_MAX_BYTES: must be a number of bytes, such as 1073741824"
            )
        self._max_bytes = int(max_bytes)
        self._start()
        os.register_at_fork(after_in_child=self._start_after_fork)

    async def async_log_success_event(
        self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        """Keep what a request used."""
        self.keep(kwargs)

    async def async_log_failure_event(
        self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        """Keep that a request failed, and what it used all the same."""
        self.keep(kwargs)

    def log_success_event(
        self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        """The same for calls outside an event loop; LiteLLM calls one of the two."""
        self.keep(kwargs)

    def log_failure_event(
        self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        """The same for calls outside an event loop."""
        self.keep(kwargs)

    def keep(self, kwargs: Mapping[str, Any]) -> None:
        """Write the event to the spool, or count it as dropped. Never raises."""
        try:
            payload = slim(kwargs.get("standard_logging_object"))
            if not payload:
                raise ValueError("LiteLLM made no payload")
            self._spool.append(json.dumps(payload, separators=(",", ":")).encode() + b"\n")
        except SpoolFull:
            self._spool.drop(
                f"{self._folder} holds SWITCHWISE_SPOOL_MAX_BYTES ({self._max_bytes:,})"
            )
        except OSError as error:
            self._spool.drop(f"{self._folder} cannot be written ({error.strerror or error})")
        except Exception as error:  # noqa: BLE001  # a fault of this file must not stop the proxy
            self._spool.drop(f"an event cannot be read ({type(error).__name__})")

    def close(self) -> None:
        """End the threads within a second. What waits stays on disk for the next start."""
        self._closed.set()
        self._spool.unsynced.set()

    def _start(self) -> None:
        self._reported = 0
        self._closed = threading.Event()
        self._trouble_log = TroubleLog()
        self._spool = Spool(self._folder, self._max_bytes)
        self._courier = Courier(self._spool, self._url, self._key, trouble_log=self._trouble_log)
        for name, work in (("sync", self._sync_soon), ("send", self._send_soon)):
            threading.Thread(
                target=self._for_ever, args=(work,), name=f"switchwise-{name}", daemon=True
            ).start()

    def _start_after_fork(self) -> None:
        self._spool.abandon()
        self._start()

    def _for_ever(self, work: Callable[[], None]) -> None:
        while not self._closed.is_set():
            try:
                work()
            except Exception as error:  # noqa: BLE001  # the thread must outlive any trouble
                self._trouble_log.report(
                    f"{work.__name__} {type(error).__name__}", f"{type(error).__name__}: {error}"
                )
                self._closed.wait(SEND_SECONDS)

    def _sync_soon(self) -> None:
        self._spool.unsynced.wait()
        time.sleep(SYNC_SECONDS)
        self._spool.sync()

    def _send_soon(self) -> None:
        if self._closed.wait(SEND_SECONDS):
            return
        dropped = self._spool.dropped
        if dropped > self._reported and self._trouble_log.report(
            "dropped", f"{dropped:,} events dropped so far: {self._spool.reason}"
        ):
            self._reported = dropped
        self._courier.send_waiting()


def __getattr__(name: str) -> object:
    """`handler`, made when LiteLLM asks for it, so that importing this file starts nothing."""
    if name != "handler":
        raise AttributeError(name)
    handler = globals()["handler"] = SwitchwiseHandler()
    return handler
