"""Clients that post native events and keep their own ledger of what was acknowledged."""

import contextlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

START = "2026-10-1{day}T{hour:02}:30:00Z"
PROJECTS = ("search", "chat", "mail")
MODELS = ("gpt-4.1", "gpt-4.1-mini")
REPEATED_SHARE = 0.15
PAUSE_SECONDS = 0.01

Cell = tuple[str, int, str, str]
"""What a sum belongs to: the meter, the day of October 2026, the project, the model."""
Group = list[dict[str, str | int]]


class Abandoned(Exception):
    """A client was told to give up what it had begun."""


@dataclass(slots=True)
class Book:
    """The clients' own ledger.

    `healed` counts events that were acknowledged once, and yet were new when sent again.
    """

    acknowledged: int = 0
    posts: int = 0
    healed: int = 0
    spooled: int = 0
    sums: Counter[Cell] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, group: Group) -> None:
        """Enter a group that was acknowledged for the first time."""
        with self.lock:
            self.acknowledged += len(group)
            for event in group:
                for meter, amount in (
                    ("requests", 1),
                    ("input_tokens", int(event["input_tokens"])),
                    ("output_tokens", 7),
                ):
                    day = int(str(event["time"])[8:10])
                    self.sums[meter, day, str(event["project"]), str(event["model"])] += amount


class Client(threading.Thread):
    """One sender: it posts groups one after another, each until it is acknowledged.

    It repeats 15 % of them on purpose.
    """

    def __init__(self, port: int, book: Book, name: str, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self._port = port
        self._book = book
        self._random = random.Random(f"{seed} {name}")  # noqa: S311  # repeatable on purpose
        self._sent: list[Group] = []
        self._stopping = threading.Event()
        self._abandoned = False
        self._connection: http.client.HTTPConnection | None = None
        self.last_acknowledged_at = 0.0

    def run(self) -> None:
        """Post until `finish`; what was begun is posted until it is acknowledged."""
        with contextlib.suppress(Abandoned):
            self._post_groups()

    def _post_groups(self) -> None:
        number = 0
        while not self._stopping.is_set():
            if self._sent and self._random.random() < REPEATED_SHARE:
                self._repeat(self._random.choice(self._sent[-200:]))
                continue
            group = self._group(number)
            number += len(group)
            self._until_acknowledged(group)
            self._book.acknowledge(group)
            self._sent.append(group)
            time.sleep(PAUSE_SECONDS)

    def finish(self) -> None:
        """Send what was begun, then end."""
        self._stopping.set()

    def abandon(self) -> None:
        """End at once, without the acknowledgement that is being waited for."""
        self._stopping.set()
        self._abandoned = True

    def _group(self, number: int) -> Group:
        draw = self._random
        return [
            {
                "id": f"{self.name}-{number + n}",
                "time": START.format(day=draw.randrange(3), hour=draw.randrange(24)),
                "provider": "openai",
                "model": draw.choice(MODELS),
                "project": draw.choice(PROJECTS),
                "input_tokens": draw.randrange(1, 5_000),
                "output_tokens": 7,
            }
            for n in range(draw.randrange(1, 30))
        ]

    def _repeat(self, group: Group) -> None:
        receipt = self._until_acknowledged(group)
        with self._book.lock:
            self._book.healed += receipt["accepted"]

    def _until_acknowledged(self, group: Group) -> dict[str, int]:
        body = json.dumps(group).encode()
        while not self._abandoned:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, answer = self._post(body)
                if status == 200:
                    receipt: dict[str, int] = json.loads(answer)
                    assert receipt["accepted"] + receipt["duplicate"] + receipt["spooled"] == len(
                        group
                    ), answer
                    with self._book.lock:
                        self._book.spooled += receipt["spooled"]
                    self.last_acknowledged_at = time.monotonic()
                    return receipt
                assert status == 503, answer
            self._close()
            time.sleep(0.05)
        raise Abandoned

    def _post(self, body: bytes) -> tuple[int, bytes]:
        with self._book.lock:
            self._book.posts += 1
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        self._connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        return response.status, response.read()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def start(port: int, book: Book, count: int, seed: int) -> list[Client]:
    """Start this many clients."""
    clients = [Client(port, book, f"client-{seed}-{n}", seed) for n in range(count)]
    for client in clients:
        client.start()
    return clients


def finish(clients: Sequence[Client], seconds: float = 60) -> None:
    """Let every client get its last acknowledgement. Raises TimeoutError for one that gets none."""
    for client in clients:
        client.finish()
    for client in clients:
        client.join(seconds)
        if client.is_alive():
            raise TimeoutError(f"{client.name} got no acknowledgement within {seconds:g} seconds")
