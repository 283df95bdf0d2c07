"""What can still be read of a record that was refused: its time and its token counts. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from collector.parsing import fields
from collector.parsing.format import JsonFormat
from collector.parsing.naming import Naming
from collector.parsing.reading import Glimpse, Reading, Rejected
from ledger import events, refusals

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SCALAR = msgspec.json.Decoder(str | int | float | None)
_TIMES = ("time", "startTime")
_INPUTS = ("input_tokens", "prompt_tokens")
_OUTPUTS = ("output_tokens", "completion_tokens")


def parse_element(format: JsonFormat, element: bytes, naming: Naming) -> Reading:
    """The reading of an element, with a glimpse of it if it is rejected."""
    reading = format.parse(element, naming)
    if type(reading) is Rejected:
        return replace(reading, glimpse=look_at(element))
    return reading


def look_at(element: bytes) -> Glimpse:
    """What a record of any format says under the usual names, as far as it can be read."""
    digest = refusals.digest_of(element)
    members = fields.decode(_MEMBERS, element)
    if isinstance(members, Rejected):
        return Glimpse(digest=digest)
    time = _first_scalar(members, _TIMES)
    is_time = isinstance(time, str | int | float)
    return Glimpse(
        digest=digest,
        occurred_at=fields.parse_instant_us(time) if is_time else None,
        input_tokens=_count(_first_scalar(members, _INPUTS)),
        output_tokens=_count(_first_scalar(members, _OUTPUTS)),
    )


def _first_scalar(members: Mapping[str, msgspec.Raw], names: tuple[str, ...]) -> Any:
    for name in names:
        if name in members:
            scalar = fields.decode(_SCALAR, members[name])
            return None if isinstance(scalar, Rejected) else scalar
    return None


def _count(scalar: object) -> int | None:
    is_count = isinstance(scalar, int) and 0 <= scalar <= events.MAX_COUNT
    return scalar if is_count and isinstance(scalar, int) else None
