"""One POST to a webhook: whether the whole of it was sent is known, and no redirect is followed.

A redirected POST becomes a GET, whose answer would say nothing about the message.
"""

import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_MOST_BODY_BYTES = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What came of one post: the answer, or the fault that came instead.

    `is_sent` is whether the whole post had gone out: only then may the other side have taken it.
    """

    is_sent: bool
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    fault: Exception | None = None


class _Progress:
    """How far a post has come, for the thread that waits for it."""

    def __init__(self) -> None:
        self.is_sent = threading.Event()
        self.is_abandoned = threading.Event()


class _Connection(http.client.HTTPConnection):
    """A connection that notes when all of a request has been sent."""

    progress: _Progress

    def connect(self) -> None:
        super().connect()
        if self.progress.is_abandoned.is_set():
            # Nobody waits for the answer any more: a post sent now would be sent again.
            raise TimeoutError

    def getresponse(self) -> http.client.HTTPResponse:
        self.progress.is_sent.set()
        return super().getresponse()


class _TlsConnection(_Connection, http.client.HTTPSConnection):
    """The same over TLS, with the certificate checked."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *_args: object) -> None:
        """Follow none."""


class _PlainHandler(urllib.request.HTTPHandler):
    """Opens plain connections that note their progress."""

    def __init__(self, progress: _Progress) -> None:
        super().__init__()
        self._progress = progress

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_connecting(_Connection, self._progress), req)


class _TlsHandler(urllib.request.HTTPSHandler):
    """Opens TLS connections that note their progress."""

    def __init__(self, progress: _Progress) -> None:
        super().__init__()
        self._progress = progress

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_connecting(_TlsConnection, self._progress), req)


def post(address: str, body: bytes, *, timeout_seconds: float, whole_seconds: float) -> Exchange:
    """Post JSON once. No error is raised: what went wrong is the exchange's `fault`.

    `timeout_seconds` bounds each wait for the other side, `whole_seconds` the exchange.
    """
    progress = _Progress()
    exchanges: list[Exchange] = []
    # A thread, because no timeout of the library bounds the whole exchange, nor the look-up of a
    # name.
    thread = threading.Thread(
        target=lambda: exchanges.append(_post(address, body, timeout_seconds, progress)),
        daemon=True,
    )
    thread.start()
    thread.join(whole_seconds)
    if exchanges:
        return exchanges[0]
    progress.is_abandoned.set()
    return Exchange(is_sent=progress.is_sent.is_set(), fault=TimeoutError())


def _post(address: str, body: bytes, timeout_seconds: float, progress: _Progress) -> Exchange:
    opener = urllib.request.build_opener(
        _NoRedirects(), _PlainHandler(progress), _TlsHandler(progress)
    )
    headers = {"Content-Type": "application/json;charset=utf-8", "User-Agent": "switchwise"}
    try:
        # The settings allow no scheme but HTTPS and, on loopback, HTTP.
        request = urllib.request.Request(  # noqa: S310
            address, data=body, headers=headers, method="POST"
        )
        with opener.open(request, timeout=timeout_seconds) as response:
            answer = response.read(_MOST_BODY_BYTES)
    except urllib.error.HTTPError as error:
        return Exchange(
            is_sent=True,
            status=error.code,
            headers=dict(error.headers.items()),
            body=_read_body_of(error),
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Exchange(is_sent=progress.is_sent.is_set(), fault=error)
    return Exchange(
        is_sent=True,
        status=response.status,
        headers=dict(response.headers.items()),
        body=answer.decode(errors="replace"),
    )


def _read_body_of(error: urllib.error.HTTPError) -> str:
    """The body of a refusal; empty where it does not come, since the status says enough."""
    try:
        return error.read(_MOST_BODY_BYTES).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        error.close()


def _connecting(
    kind: type[_Connection], progress: _Progress
) -> Callable[..., http.client.HTTPConnection]:
    def connect_to(host: str, timeout: float) -> http.client.HTTPConnection:
        connection = kind(host, timeout=timeout)
        connection.progress = progress
        return connection

    return connect_to
