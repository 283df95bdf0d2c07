"""What LiteLLM really sent, element by element, beside the reading of each that is right."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from collector import framing

FOLDER = Path(__file__).parents[2] / "golden" / "captures"
Golden = dict[str, str | int | float | bool | list[str] | None]


@dataclass(frozen=True, slots=True)
class Captured:
    """One element as it came, and its golden row."""

    element: bytes
    golden: Golden

    @property
    def name(self) -> str:
        return f"{self.golden['case']}-{self.golden['request']}.{self.golden['event']}"


def bodies(file_name: str) -> list[bytes]:
    """The request bodies of one capture file, as sent."""
    return [
        json.loads(line)["body"].encode() for line in (FOLDER / file_name).read_text().splitlines()
    ]


def litellm() -> list[Captured]:
    """Every captured LiteLLM event with its golden row."""
    rows: list[Golden] = [
        json.loads(line)
        for line in (FOLDER / "expected-litellm-generic.jsonl").read_text().splitlines()
    ]
    elements = {
        (file_name, request, event): element
        for file_name in sorted({str(row["file"]) for row in rows})
        for request, body in enumerate(bodies(file_name))
        for event, element in enumerate(framing.Framing().feed(body))
    }
    assert len(rows) == len(elements)
    return [
        Captured(elements[str(row["file"]), int(str(row["request"])), int(str(row["event"]))], row)
        for row in rows
    ]


def private_texts(payload: dict[str, object]) -> set[str]:
    """Every text of a captured payload that must not be stored.

    It says who made the request, from where, what was said, and what failed.
    """
    private_fields = {
        "messages",
        "response",
        "error_information",
        "error_str",
        "requester_ip_address",
        "user_agent",
    }
    private = {text for field in private_fields for text in texts_of(payload.get(field))}
    metadata = payload["metadata"]
    assert isinstance(metadata, dict)
    for field in (
        "user_api_key_user_email",
        "requester_ip_address",
        "user_agent",
        "requester_metadata",
    ):
        private |= texts_of(metadata.get(field))
    # Single words are names and ids as a rule, some of which an event holds on purpose.
    return {text for text in private if re.search(r"[\s@]|\d+\.\d+\.\d+", text)}


def texts_of(value: object) -> set[str]:
    """The texts inside a JSON value."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = list(value.values())
    return {text for item in value for text in texts_of(item)} if isinstance(value, list) else set()
