"""Native events for tests: as JSON values, and as the events that the parser makes of them."""

import json
from typing import Any

from collector.formats import native
from collector.parsing.naming import Naming
from ledger.events import Event

TIME = "2026-03-05T10:00:00Z"


def native_event(number: int, **fields: object) -> dict[str, Any]:
    """A good native event with an id of its own."""
    return {
        "id": f"request-{number}",
        "time": TIME,
        "provider": "openai",
        "model": "gpt-4.1",
        "project": "support",
        "input_tokens": 100 + number,
        "output_tokens": 10,
        **fields,
    }


def event(number: int, **fields: object) -> Event:
    """The same as an Event."""
    parsed = native.parse(json.dumps(native_event(number, **fields)).encode(), Naming())
    assert isinstance(parsed, Event)
    return parsed
