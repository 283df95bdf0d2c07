"""Spools of the callback: filled as a dead process leaves them, and sent by a courier."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import func, select

from ledger import tables
from ledger.database import Database
from tests.integrations import callback

SPOOL_BYTES = 1 << 20


def stored(database: Database) -> int:
    """How many events the ledger holds."""
    with database.snapshot() as session:
        return int(session.execute(select(func.count()).select_from(tables.EVENT)).scalar_one())


def spooled(folder: Path) -> list[bytes]:
    """Every line in the spool."""
    return [
        line for path in sorted(folder.glob("*.ndjson")) for line in path.read_bytes().splitlines()
    ]


def fill(ours: ModuleType, folder: Path, count: int, tail: bytes = b"") -> None:
    """Leave a segment of this many events, as a process that has ended would."""
    lines = [
        json.dumps(ours.slim(callback.payload(number))).encode() + b"\n" for number in range(count)
    ]
    (folder / f"{time.time_ns():020}-1.ndjson").write_bytes(b"".join(lines) + tail)


def courier(
    ours: ModuleType,
    folder: Path,
    address: str,
    key: str = "",
    now_seconds: Callable[[], float] = time.monotonic,
) -> Any:
    """What sends the segments of a folder."""
    return ours.Courier(
        ours.Spool(folder, SPOOL_BYTES),
        address,
        key,
        trouble_log=ours.TroubleLog(),
        now_seconds=now_seconds,
    )
