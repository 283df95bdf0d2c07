"""Strict reading of single fields: JSON, counts, instants, labels, tiers.

Pure. A rejection names the field, never its content.
"""

import re
from datetime import datetime
from typing import Annotated, NamedTuple, TypeVar

import msgspec

from collector.parsing import faults
from collector.parsing.format import Schema
from collector.parsing.reading import Rejected
from ledger import clock, events
from ledger.refusal_reasons import RefusalReason

Count = Annotated[int, msgspec.Meta(ge=0, le=events.MAX_COUNT)] | None
"""A JSON integer from 0 to 1e9; null or absent is unknown. A bool, float or string is refused."""
COUNT_SCHEMA: Schema = {"type": ["integer", "null"], "minimum": 0, "maximum": events.MAX_COUNT}
TEXT_SCHEMA: Schema = {"type": ["string", "null"]}

LATEST_US = clock.to_us(datetime(9999, 12, 31, tzinfo=clock.EPOCH.tzinfo))
"""The last instant that is read: the identity of an event has 6 bytes for its milliseconds."""

BAD_TIME = (
    "time is neither RFC 3339 with an offset nor epoch seconds; send 2026-11-23T20:00:00Z or"
    " 1795464000"
)

_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_USUAL_CHARACTERS = len("2026-11-23T20:00:00.000000Z")
_TIERS = {
    "default": "standard",
    "fast": "priority",
    "on_demand": "standard",
    "on_demand_flex": "flex",
    "on_demand_priority": "priority",
    "standard_only": "standard",
} | {tier: tier for tier in ("standard", "batch", "flex", "priority", "scale")}
"""Words of OpenAI, Groq (`on_demand`), Google's Vertex AI (`on_demand_flex`) and Anthropic."""
_MAX_COST_USD, _PICO_PER_USD = 1_000_000, 10**12
_NO_SPECIAL_TIER = (None, "auto", "default")

T = TypeVar("T")


class Tiers(NamedTuple):
    """The service tier that answered and the one that was requested, in our words."""

    served_tier: str
    requested_tier: str


STANDARD_TIERS = Tiers("standard", "standard")


def decode(decoder: msgspec.json.Decoder[T], element: bytes | msgspec.Raw) -> T | Rejected:
    """The element as the decoder's type, or the rejection that names the first field at fault."""
    try:
        return decoder.decode(element)
    except msgspec.ValidationError as error:
        return Rejected(faults.describe_fault(str(error)), RefusalReason.WRONG_TYPE)
    except RecursionError:
        return Rejected("the JSON is nested too deeply; send flat events", RefusalReason.NOT_JSON)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Rejected(
            "the record is not valid JSON; send one JSON object in UTF-8", RefusalReason.NOT_JSON
        )


def clean_label(text: str | None) -> str | None:
    """The text as a label: printable, surrogates replaced, at most 128 characters.

    None if nothing is left of it.
    """
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
        label = clean_label(text)
        if label is not None:
            return label
    return None


def parse_instant_us(time: str | float) -> int | None:
    """Epoch microseconds of an RFC 3339 text or of epoch seconds; None outside 1970 to 9999.

    Digits of a text beyond microseconds are cut. A float is rounded half-even on its exact
    binary value.
    """
    if isinstance(time, str):
        return _parse_rfc_3339_us(time)
    if not 0 <= time <= LATEST_US // clock.SECOND_US:
        return None
    return time * clock.SECOND_US if isinstance(time, int) else int(f"{time:.6f}".replace(".", ""))


def _parse_rfc_3339_us(text: str) -> int | None:
    # Nearly all senders write microseconds and Z, so this form skips the pattern.
    # `fromisoformat` takes other forms too, but those differ in length or punctuation.
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


def pico_usd(amount_usd: float | None) -> int | None:
    """USD of a JSON number as whole pico-USD, rounded half up; None outside 0 to 1,000,000."""
    if amount_usd is None or not 0 <= amount_usd <= _MAX_COST_USD:
        return None
    return int(amount_usd * _PICO_PER_USD + 0.5)


def duration_ms(start: float | None, end: float | None) -> int | None:
    """Whole milliseconds between two instants in epoch seconds, rounded half up.

    None if one is unknown or the end lies before the start.
    """
    start_us = None if start is None else parse_instant_us(start)
    end_us = None if end is None else parse_instant_us(end)
    if start_us is None or end_us is None or end_us < start_us:
        return None
    return min((end_us - start_us + 500) // 1_000, events.MAX_COUNT)


def parse_tiers(answered: str | None, requested: str | None) -> Tiers:
    """The tiers of a request from the sender's words for them.

    Where the answer names no tier it is the standard one, unless a special one was requested:
    then it is unknown. Who asks for no tier leaves it to the provider: where a special one served,
    nobody knows whether it was asked for. An answered tier that is not known here sets a price that
    is not known either, so the one asked for never stands in for it.
    """
    if answered in (None, "default") and requested in _NO_SPECIAL_TIER:
        return STANDARD_TIERS
    answered, requested = (answered or "").lower() or None, (requested or "").lower() or None
    is_usual = requested in _NO_SPECIAL_TIER
    requested_tier = "standard" if is_usual else _TIERS.get(str(requested), events.UNKNOWN)
    if answered is None:
        return Tiers("standard" if is_usual else events.UNKNOWN, requested_tier)
    served_tier = _TIERS.get(answered, events.UNKNOWN)
    if answered != "auto" and (
        served_tier == events.UNKNOWN or (requested in (None, "auto") and served_tier != "standard")
    ):
        requested_tier = events.UNKNOWN
    return Tiers(served_tier, requested_tier)
