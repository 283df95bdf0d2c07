"""Our LiteLLM callback as LiteLLM loads it: from the file, under no package, and here without LiteLLM."""

import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import func, select

from ledger import tables
from ledger.database import Database

PATH = Path(__file__).parent.parent.parent / "integrations" / "switchwise_litellm.py"
SPOOL_BYTES = 1 << 20


def load() -> ModuleType:
    """The file as a module of its own. Dataclasses, pickles and the like that need `sys.modules` would fail in LiteLLM as here."""
    spec = importlib.util.spec_from_file_location("switchwise_litellm", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def payload(number: int, **changed: object) -> dict[str, Any]:
    """A standard logging payload with an id of its own, and with what must stay in the proxy."""
    start = 1_795_000_000 + number
    return {
        "id": f"chatcmpl-{number}", "status": "success", "call_type": "acompletion",
        "startTime": start + 0.25, "endTime": start + 1.5,
        "custom_llm_provider": "openai", "model": "gpt-4.1", "model_group": "gpt-4.1", "prompt_tokens": 100 + number,
        "completion_tokens": 10, "request_tags": ["workload:chat", "User-Agent: CANARY"], "messages": [{"content": "CANARY"}],
        "metadata": {"user_api_key_team_alias": "search", "user_api_key_user_email": "CANARY@example.com"},
        "model_parameters": {"tools": [{"description": "CANARY"}]}, "response": {"model": "gpt-4.1", "choices": ["CANARY"]},
        **changed,
    }  # fmt: skip


def stored(database: Database) -> int:
    """How many events the ledger holds."""
    with database.snapshot() as session:
        return int(session.execute(select(func.count()).select_from(tables.metadata.tables["event"])).scalar_one())


def spooled(folder: Path) -> list[bytes]:
    """Every line in the spool."""
    return [line for path in sorted(folder.glob("*.ndjson")) for line in path.read_bytes().splitlines()]


def fill(ours: ModuleType, folder: Path, count: int, tail: bytes = b"") -> None:
    """Leave a segment of this many events, as a process that has ended would."""
    lines = [json.dumps(ours.slim(payload(number))).encode() + b"\n" for number in range(count)]
    (folder / f"{time.time_ns():020}-1.ndjson").write_bytes(b"".join(lines) + tail)


def courier(ours: ModuleType, folder: Path, address: str) -> Any:
    """What sends the segments of a folder."""
    return ours.Courier(ours.Spool(folder, SPOOL_BYTES), address, "", ours.Voice())


def main() -> None:
    """A proxy of one process: takes these payloads, says so, and stays. Its arguments: how many, and the first one's number."""
    handler = load().handler
    count, first = int(sys.argv[1]), int(sys.argv[2])
    for number in range(first, first + count):
        handler.log_success_event(
            kwargs={"standard_logging_object": payload(number)}, response_obj=None, start_time=None, end_time=None
        )
    json.dump({"pid": os.getpid()}, sys.stdout)
    sys.stdout.write("\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
