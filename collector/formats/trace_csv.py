"""Azure's public request traces: CSV lines of time, input and output tokens. Pure.

They name no model and have no ids.
"""

import re

from collector.parsing import fields, label_sets
from collector.parsing.format import LineFormat
from collector.parsing.naming import Naming
from collector.parsing.reading import Rejected
from ledger import events
from ledger.events import Event
from ledger.refusal_reasons import RefusalReason

HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens"

_OFFSET = re.compile(r"(?:[Zz]|[+-]\d\d:\d\d)\Z")
_COUNT_DIGITS = len(str(events.MAX_COUNT))


def parse_line(
    line: str, naming: Naming, *, line_number: int, file_sha256: str
) -> Event | Rejected:
    """The event of one line. The hash of its file and its number identify it.

    So a copy of the file brings nothing new. Times without an offset are UTC, and digits beyond
    microseconds are cut. The model is the one that `naming` gives.
    """
    cells = line.strip().split(",")
    if len(cells) != HEADER.count(",") + 1:
        return Rejected(f"not three columns; write lines as under {HEADER}")
    if fields.clean_label(naming.model) is None:
        return Rejected("the trace names no model; name it with --model", RefusalReason.NO_MODEL)
    occurred_at = fields.parse_instant_us(cells[0] if _OFFSET.search(cells[0]) else f"{cells[0]}Z")
    if occurred_at is None:
        return Rejected(
            "TIMESTAMP is not a time; write it as 2023-11-16 18:17:03.9799600, in UTC",
            RefusalReason.NO_TIME,
        )
    input_tokens, output_tokens = _parse_count(cells[1]), _parse_count(cells[2])
    if input_tokens is None or output_tokens is None:
        return Rejected(
            "ContextTokens or GeneratedTokens is not a count; write integers from 0 to 1e9",
            RefusalReason.WRONG_TYPE,
        )
    traits = label_sets.Traits(
        tiers=fields.STANDARD_TIERS,
        usage_source="provider",
        context_band=events.context_band(input_tokens),
    )
    return Event(
        dedupe_key=f"{file_sha256}:{line_number}",
        occurred_at=occurred_at,
        labels=label_sets.build_labels(label_sets.SentNames(), traits, naming),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )


def _parse_count(cell: str) -> int | None:
    if not (cell.isascii() and cell.isdigit()) or len(cell) > _COUNT_DIGITS:
        return None
    count = int(cell)
    return count if count <= events.MAX_COUNT else None


FORMAT = LineFormat(name="trace-csv", title="trace CSV", header=HEADER, parse_line=parse_line)
