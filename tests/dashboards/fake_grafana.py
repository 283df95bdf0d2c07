"""A small Grafana over real HTTP, which checks every request against the API description.

It stores what is published and replays refusals.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema

API: Any = json.loads(
    (Path(__file__).parent.parent / "golden/grafana/api-13.0.0.json").read_text(encoding="utf-8")
)
TOKEN = "glsa_a-token-that-must-never-be-shown"
HTML = "<html><body>502 Bad Gateway: no message from upstream</body></html>"


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request as it arrived, its path without the prefix `/api`."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    @property
    def line(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


@dataclass
class FakeGrafana:
    """State and record.

    `refuse` queues answers that are given once each, before the usual ones; None hangs up.
    """

    requests: list[SentRequest] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    folders: dict[str, Any] = field(default_factory=dict)
    dashboards: dict[str, Any] = field(default_factory=dict)
    refusals: dict[str, deque[tuple[int, Any] | None]] = field(default_factory=dict)
    url: str = ""

    def refuse(self, line: str, *answers: tuple[int, Any] | None) -> None:
        """Answer the next requests of that method and path with these."""
        self.refusals.setdefault(line, deque()).extend(answers)

    def lines(self) -> list[str]:
        """Every request so far."""
        return [request.line for request in self.requests]

    def answer(self, request: SentRequest) -> tuple[int, Any] | None:
        """Record one request and answer it."""
        self.requests.append(request)
        self.violations += violations(request)
        waiting = self.refusals.get(request.line)
        if waiting:
            return waiting.popleft()
        if request.line != ("GET /health") and request.headers.get("Authorization") != (
            f"Bearer {TOKEN}"
        ):
            return 401, {"message": "Invalid API key"}
        return self._usual(request)

    def _usual(self, request: SentRequest) -> tuple[int, Any]:
        match request.method, request.path.split("/")[1:]:
            case "GET", ["health"]:
                return 200, {"database": "ok", "version": "13.0.0", "commit": "e9de482b5110"}
            case "GET", ["org"]:
                return 200, {"id": 1, "name": "Main Org."}
            case "GET", ["folders", uid] if uid in self.folders:
                return 200, self.folders[uid]
            case "POST", ["folders"]:
                self.folders[request.body["uid"]] = request.body
                return 200, request.body
            case "GET", ["dashboards", "uid", uid] if uid in self.dashboards:
                return 200, self.dashboards[uid]
            case "POST", ["dashboards", "db"]:
                return self._save(request.body)
            case "GET", ["datasources", "uid", _, "health"]:
                return 200, {"message": "Successfully queried the Prometheus API."}
        return 404, {"message": "Not found"}

    def _save(self, body: Any) -> tuple[int, Any]:
        dashboard, uid = body["dashboard"], body["dashboard"]["uid"]
        if body["folderUid"] not in self.folders:
            return 404, {"message": "folder not found"}
        version = self.dashboards[uid]["dashboard"]["version"] + 1 if uid in self.dashboards else 1
        meta = {"folderUid": body["folderUid"], "url": f"/d/{uid}/slug"}
        self.dashboards[uid] = {
            "dashboard": {**dashboard, "id": 7, "version": version},
            "meta": meta,
        }
        return 200, {
            "id": 7,
            "uid": uid,
            "url": meta["url"],
            "status": "success",
            "version": version,
        }


def violations(request: SentRequest) -> list[str]:
    """What the API description says against a request: its path, its method or its body."""
    for template, operations in API["paths"].items():
        if (
            re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), request.path)
            and request.method.lower() in operations
        ):
            parameters = operations[request.method.lower()].get("parameters", [])
            schemas = [parameter["schema"] for parameter in parameters if parameter["in"] == "body"]
            return _body_violations(request, schemas)
    return [f"{request.line} is not in the API"]


def _body_violations(request: SentRequest, schemas: list[Any]) -> list[str]:
    if not schemas:
        return [f"{request.line} takes no body"] if request.body is not None else []
    name = schemas[0]["$ref"].removeprefix("#/definitions/")
    schema = {**API["definitions"][name], "definitions": API["definitions"]}
    wrong = [
        f"{request.line}: {error.message}"
        for error in jsonschema.Draft4Validator(schema).iter_errors(request.body)
    ]
    unknown = set(request.body) - set(schema["properties"])
    return wrong + [f"{request.line}: {name} has no {key}" for key in sorted(unknown)]


def _handler(grafana: FakeGrafana) -> type[BaseHTTPRequestHandler]:
    """A handler that lets the fake answer every request."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            request = SentRequest(
                self.command,
                self.path.removeprefix("/grafana").removeprefix("/api"),
                dict(self.headers),
                body,
            )
            answer = grafana.answer(request)
            if answer is not None:
                self.reply(*answer)
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = handle_one  # noqa: N815  # the names that http.server calls

        def reply(self, status: int, body: Any) -> None:
            content = (
                b""
                if body is None
                else (body if isinstance(body, str) else json.dumps(body)).encode()
            )
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", str(body))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving() -> Iterator[FakeGrafana]:
    """A fake Grafana on a free port; leaving it asserts that every request was one of the API."""
    grafana = FakeGrafana()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(grafana)) as server:
        grafana.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield grafana
        finally:
            server.shutdown()
            thread.join()
    assert grafana.violations == []
