"""Slack's webhook on loopback: it stores every post and answers as its folder says.

`python -m bench.tenweeks.slack_sink FOLDER` prints the address for SWITCHWISE_SLACK_WEBHOOK_URL. It
appends each post to `FOLDER/posts.jsonl`, and reads before each answer which one it is from
`FOLDER/answer`: `ok` (also without the file) or another name in ANSWERS.
"""

import json
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ledger import clock

POSTS, ANSWER = "posts.jsonl", "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkAnswer:
    """What a webhook says, and how long it waits before it does."""

    status: int = 200
    text: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: int = 0


ANSWERS = {
    "ok": SinkAnswer(),
    "rate-limited": SinkAnswer(status=429, text="rate_limited", headers={"Retry-After": "7"}),
    "broken": SinkAnswer(status=500, text="oops"),
    "gone": SinkAnswer(status=404, text="no_service"),
    "login-page": SinkAnswer(text="<html>login</html>"),
    "slow": SinkAnswer(wait_seconds=30),
}


def server(folder: Path) -> ThreadingHTTPServer:
    """A webhook that is bound to a free port of loopback and not serving yet."""
    folder.mkdir(parents=True, exist_ok=True)

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Store the post and answer it."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            name = _answer_name(folder)
            post = {"at": clock.now().isoformat(), "answer": name, "body": json.loads(body)}
            with (folder / POSTS).open("a", encoding="utf-8") as posts:
                posts.write(json.dumps(post) + "\n")
            answer = ANSWERS[name]
            time.sleep(answer.wait_seconds)
            self.send_response(answer.status)
            for header, value in answer.headers.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(answer.text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing: the posts are in the folder."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Webhook)


def address(webhook: ThreadingHTTPServer) -> str:
    """Where to post."""
    return f"http://127.0.0.1:{webhook.server_port}/services/T/B/x"


def main(folder: Path) -> None:
    """Print the address and serve until Ctrl-C."""
    with server(folder) as webhook:
        print(address(webhook), flush=True)
        try:
            webhook.serve_forever()
        except KeyboardInterrupt:
            return


def _answer_name(folder: Path) -> str:
    path = folder / ANSWER
    return path.read_text(encoding="utf-8").strip() if path.exists() else "ok"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
