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
METERS = ("requests", "input_tokens", "output_tokens")
REPEATED_SHARE = 0.15
PAUSE_SECONDS = 0.01

Cell = tuple[str, int, str, str]
"""What a sum belongs to: the meter, the day of October 2026, the project, the model."""
Record = dict[str, object]
Group = list[Record]


class Abandoned(Exception):
    """A client was told to give up what it had begun."""


@dataclass(slots=True)
class Book:
    """The clients' own ledger.

    `healed` counts events that were acknowledged once, and yet were new or larger when sent again.
    `records` holds the largest acknowledged snapshot of each record, by its id.
    """

    acknowledged: int = 0
    posts: int = 0
    healed: int = 0
    spooled: int = 0
    sums: Counter[Cell] = field(default_factory=Counter)
    records: dict[str, Record] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, group: Group) -> None:
        """Enter a group that was acknowledged for the first time."""
        with self.lock:
            self.acknowledged += len(group)
            for record in group:
                smaller = self.records.get(str(record["id"]))
                if smaller is None or _tokens(record) > _tokens(smaller):
                    self.records[str(record["id"])] = record
                    self._count(record, 1)
                    if smaller is not None:
                        self._count(smaller, -1)

    def _count(self, record: Record, times: int) -> None:
        day = int(str(record["time"])[8:10])
        for meter, amount in zip(METERS, (1, *_tokens(record)), strict=True):
            cell = meter, day, str(record["project"]), str(record["model"])
            self.sums[cell] += times * amount


def _tokens(record: Record) -> tuple[int, int]:
    return int(str(record["input_tokens"])), int(str(record["output_tokens"]))


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
            for version in self._versions(group):
                self._until_acknowledged(version)
                self._book.acknowledge(version)
                self._sent.append(version)
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

    def _versions(self, group: Group) -> Sequence[Group]:
        """What is posted of a group, one after another."""
        return [group]

    def _repeat(self, group: Group) -> None:
        receipt = self._until_acknowledged(group)
        with self._book.lock:
            self._book.healed += receipt["accepted"] + receipt["grown"]

    def _until_acknowledged(self, group: Group) -> dict[str, int]:
        body = json.dumps(group).encode()
        while not self._abandoned:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, answer = self._post(body)
                if status == 200:
                    receipt: dict[str, int] = json.loads(answer)
                    outcomes = ("accepted", "duplicate", "grown", "spooled")
                    assert sum(receipt[outcome] for outcome in outcomes) == len(group), answer
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


class GrowingClient(Client):
    """A sender that logs each record several times while it grows, once or twice in a post."""

    def _versions(self, group: Group) -> Sequence[Group]:
        versions = [
            [
                record
                | {"snapshot": True, "output_tokens": 7 * size, "meters": {"web_searches": size}}
                for record in group
            ]
            for size in range(1, 4)
        ]
        first, second, last = versions
        return self._random.choice([versions, [first, second + last], [first + second, last]])


def start(
    port: int, book: Book, count: int, seed: int, kind: type[Client] = Client
) -> list[Client]:
    """Start this many clients."""
    clients = [kind(port, book, f"client-{seed}-{n}", seed) for n in range(count)]
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
