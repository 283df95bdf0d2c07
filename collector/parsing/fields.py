"""Reading single fields strictly: JSON, counts, instants, labels, tiers. Pure; a refusal names the field, never its content."""

import re
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from collector.parsing.reading import Rejected
from ledger import clock, events

Count = Annotated[int, msgspec.Meta(ge=0, le=events.MAX_COUNT)] | None
"""A JSON integer from 0 to 1e9; null or absent is unknown. A bool, a float or a string is none."""

LATEST_US = clock.to_us(datetime(9999, 12, 31, tzinfo=clock.EPOCH.tzinfo))
"""Beyond this an instant has no place in an identity of 6 bytes of milliseconds, and is no instant."""

UNTIMELY = "time is neither RFC 3339 with an offset nor epoch seconds; send 2026-11-23T20:00:00Z or 1795464000"

_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_USUAL_CHARACTERS = len("2026-11-23T20:00:00.000000Z")
_TIERS = {"default": "standard", "fast": "priority"} | {
    tier: tier for tier in ("standard", "batch", "flex", "priority", "scale")
}
_NO_TIER_ASKED = (None, "auto", "default")

T = TypeVar("T")


def decode(decoder: msgspec.json.Decoder[T], element: bytes | msgspec.Raw) -> T | Rejected:
    """The element as the decoder's type, or the refusal that names the first field at fault."""
    try:
        return decoder.decode(element)
    except msgspec.ValidationError as error:
        return Rejected(_fault(str(error)))
    except RecursionError:
        return Rejected("the JSON is nested too deeply; send flat events")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Rejected("the element is not valid JSON; send one JSON object in UTF-8")


def _fault(message: str) -> str:
    what, _, field = message.replace("`", "").partition(" - at $")
    remedy = "leave it out if it is unknown" if field else "send one JSON object"
    return f"{field.lstrip('.') or 'the element'}: {what[:1].lower()}{what[1:]}; {remedy}"


def label(text: str | None) -> str | None:
    """The text as a label: no control characters, surrogates replaced, at most 128 characters; None if nothing is left."""
    if not text:
        return None
    if not text.isprintable():
        text = text[: 8 * events.MAX_LABEL_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
        text = "".join(
            character for character in text if character.isprintable() or character.isspace()
        )
        text = " ".join(text.split())
    return text.strip()[: events.MAX_LABEL_CHARACTERS].rstrip() or None


def first_label(*texts: str | None) -> str | None:
    """The first of the texts that says something, as a label."""
    for text in texts:
        found = label(text)
        if found is not None:
            return found
    return None


def instant_us(sent: str | float) -> int | None:
    """Epoch microseconds of RFC 3339 (longer decimals are cut) or of epoch seconds (a float is rounded half-even).

    None if it is no instant from 1970 to 9999. Exact: a float's digits are those of its binary value.
    """
    if isinstance(sent, str):
        return _rfc_3339_us(sent)
    if not 0 <= sent <= LATEST_US // clock.SECOND_US:
        return None
    return sent * clock.SECOND_US if isinstance(sent, int) else int(f"{sent:.6f}".replace(".", ""))


def _rfc_3339_us(text: str) -> int | None:
    # Nearly all senders write microseconds and Z. What else `fromisoformat` takes has another length or other marks.
    decimals = None
    if not (
        len(text) == _USUAL_CHARACTERS
        and text[7] == "-"
        and text[10] == "T"
        and text[13] == ":"
        and text[19] == "."
        and text[26] == "Z"
    ):
        match = _RFC_3339.fullmatch(text)
        if match is None:
            return None
        second, decimals, offset = match.groups()
        text = (second + offset).upper()
    try:
        since = datetime.fromisoformat(text) - clock.EPOCH
    except ValueError:
        return None
    at_us = since.days * clock.DAY_US + since.seconds * clock.SECOND_US + since.microseconds
    if decimals:
        at_us += int(decimals[:6].ljust(6, "0"))
    return at_us if 0 <= at_us <= LATEST_US else None


def duration_ms(start: float | None, end: float | None) -> int | None:
    """Whole milliseconds, half up, between two instants in epoch seconds; None if one is unknown or they run backwards."""
    start_us = None if start is None else instant_us(start)
    end_us = None if end is None else instant_us(end)
    if start_us is None or end_us is None or end_us < start_us:
        return None
    return min((end_us - start_us + 500) // 1_000, events.MAX_COUNT)


def tiers(served: str | None, asked: str | None) -> tuple[str, str]:
    """The service tier served and the tier requested, in our words.

    A tier that was not answered is the standard one if no special one was asked for, else unknown.
    """
    served, asked = (served or "").lower() or None, (asked or "").lower() or None
    requested = "standard" if asked in _NO_TIER_ASKED else _TIERS.get(str(asked), events.UNKNOWN)
    if served is None:
        return "standard" if asked in _NO_TIER_ASKED else events.UNKNOWN, requested
    return _TIERS.get(served, events.UNKNOWN), requested
