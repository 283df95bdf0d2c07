"""A webhook on loopback over real HTTP: it records what it accepts, and refuses, hangs or drips when it is told to."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

SECRET = "T0/B0/a-secret-that-must-never-be-shown"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: a status of 0 says nothing until the server ends, -1 hangs up; `drip` sends a byte at a time.

    It comes `wait_seconds` after the whole post.
    """

    status: int = 200
    body: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    drip: bool = False
    wait_seconds: float = 0


@dataclass
class FakeSlack:
    """What came in, what was accepted, and the replies that are given once each before the usual one."""

    url: str = ""
    asked: list[Any] = field(default_factory=list)
    accepted: list[Any] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    ended: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def take(self, body: Any) -> Reply:
        """Record a message and choose its reply."""
        with self.lock:
            self.asked.append(body)
            reply = self.replies.popleft() if self.replies else Reply()
            if reply.status == 200:
                self.accepted.append(body)
            return reply


@contextmanager
def serving() -> Iterator[FakeSlack]:
    """A fake webhook on a free loopback port."""
    slack = FakeSlack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == f"/services/{SECRET}"
            reply = slack.take(body)
            if slack.ended.wait(reply.wait_seconds):
                return
            if reply.status <= 0:
                slack.ended.wait(20 if reply.status == 0 else 0)
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            for each in reply.body if reply.drip else [reply.body]:
                self.wfile.write(each.encode())
                self.wfile.flush()
                if reply.drip and slack.ended.wait(0.2):
                    return

        def log_message(self, format: str, *args: Any) -> None:  # the name that http.server calls
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        slack.url = f"http://127.0.0.1:{server.server_address[1]}/services/{SECRET}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield slack
        finally:
            slack.ended.set()
            server.shutdown()
            thread.join()
