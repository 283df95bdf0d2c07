"""A small Grafana over real HTTP: stores what is published, replays refusals, holds every request to the API description."""

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
class Asked:
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
    """State and record. `refuse` queues answers that are given once each, before the usual ones; None hangs up."""

    asked: list[Asked] = field(default_factory=list)
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
        return [asked.line for asked in self.asked]

    def answer(self, asked: Asked) -> tuple[int, Any] | None:
        """Record one request and answer it."""
        self.asked.append(asked)
        self.violations += violations(asked)
        waiting = self.refusals.get(asked.line)
        if waiting:
            return waiting.popleft()
        if asked.line != "GET /health" and asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        return self._usual(asked)

    def _usual(self, asked: Asked) -> tuple[int, Any]:
        match asked.method, asked.path.split("/")[1:]:
            case "GET", ["health"]:
                return 200, {"database": "ok", "version": "13.0.0", "commit": "e9de482b5110"}
            case "GET", ["org"]:
                return 200, {"id": 1, "name": "Main Org."}
            case "GET", ["folders", uid] if uid in self.folders:
                return 200, self.folders[uid]
            case "POST", ["folders"]:
                self.folders[asked.body["uid"]] = asked.body
                return 200, asked.body
            case "GET", ["dashboards", "uid", uid] if uid in self.dashboards:
                return 200, self.dashboards[uid]
            case "POST", ["dashboards", "db"]:
                return self._save(asked.body)
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


def violations(asked: Asked) -> list[str]:
    """What the API description says against a request: an unknown path or method, a wrong body, a key it does not name."""
    for template, operations in API["paths"].items():
        if (
            re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), asked.path)
            and asked.method.lower() in operations
        ):
            parameters = operations[asked.method.lower()].get("parameters", [])
            schemas = [parameter["schema"] for parameter in parameters if parameter["in"] == "body"]
            return _body_violations(asked, schemas)
    return [f"{asked.line} is not in the API"]


def _body_violations(asked: Asked, schemas: list[Any]) -> list[str]:
    if not schemas:
        return [f"{asked.line} takes no body"] if asked.body is not None else []
    name = schemas[0]["$ref"].removeprefix("#/definitions/")
    schema = {**API["definitions"][name], "definitions": API["definitions"]}
    wrong = [
        f"{asked.line}: {error.message}"
        for error in jsonschema.Draft4Validator(schema).iter_errors(asked.body)
    ]
    unknown = set(asked.body) - set(schema["properties"])
    return wrong + [f"{asked.line}: {name} has no {key}" for key in sorted(unknown)]


@contextmanager
def serving() -> Iterator[FakeGrafana]:
    """A fake Grafana on a free loopback port; leaving it asserts that every request was one of the API."""
    grafana = FakeGrafana()

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            asked = Asked(
                self.command,
                self.path.removeprefix("/grafana").removeprefix("/api"),
                dict(self.headers),
                body,
            )
            answer = grafana.answer(asked)
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

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        grafana.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield grafana
        finally:
            server.shutdown()
            thread.join()
    assert grafana.violations == []
