"""One row of paired results: parsed exactly, or refused with the fault and the remedy. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from advisor.evidence import items
from advisor.evidence.items import NANO, Item

NAMES = ("pair", "project", "workload", "item_id", "cluster", "order", "a", "b")
COUNTS = (
    "a_input_tokens",
    "a_output_tokens",
    "b_input_tokens",
    "b_output_tokens",
    "b_cached_input_tokens",
    "b_attempts",
)
COLUMNS = frozenset((*NAMES, *COUNTS, "escalated"))
MOST_TOKENS = 10**9
HIGHEST_SCORE = 10**6
_LONGEST_TEXT = 1_024
_MARKS = {
    "true": Decimal(1),
    "pass": Decimal(1),
    "yes": Decimal(1),
    "false": Decimal(0),
    "fail": Decimal(0),
    "no": Decimal(0),
}

Fields = Mapping[str, object]
"""A row by column: text from a CSV, or values from JSON. An empty text counts as absent."""


class Fault(ValueError):
    """What is wrong with a row, in words that follow its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedRow:
    """A row with its number, its names and its item.

    `order` says whose answer the judge saw first, `ab` or `ba`; None where the row does not say.
    """

    number: int
    pair: str
    project: str
    workload: str
    order: str | None
    item: Item


def parse(number: int, fields: Fields, defaults: Mapping[str, str | None]) -> PairedRow:
    """A row; `defaults` are the names of rows that have none. Raises Fault."""
    item_id = _text(fields, "item_id")
    names = {name: _name(fields, name, defaults) for name in ("pair", "project", "workload")}
    if item_id is None:
        raise Fault("has no item_id; give each input its own item_id")
    order = _text(fields, "order")
    if order not in (None, "ab", "ba"):
        raise Fault(f"has the order {order!r}; use ab or ba: whose answer the judge saw first")
    return PairedRow(number=number, order=order, item=_item(fields, item_id), **names)


def unknown_columns(rows: Iterable[Fields]) -> list[str]:
    """The columns that are not in COLUMNS, in the order of their appearance.

    They are not stored: they may hold prompts.
    """
    return list(dict.fromkeys(name for row in rows for name in row if name not in COLUMNS))


def _name(fields: Fields, column: str, defaults: Mapping[str, str | None]) -> str:
    name = _text(fields, column) or defaults.get(column)
    if name is None:
        raise Fault(f"has no {column}; add the column or give one for all rows")
    return name


def _item(fields: Fields, item_id: str) -> Item:
    counts = {column: _count(fields, column) for column in COUNTS}
    if counts["b_attempts"] == 0:
        raise Fault("has fewer than one attempt; b_attempts counts the first one too")
    input_tokens, cached_tokens = counts["b_input_tokens"], counts["b_cached_input_tokens"]
    if input_tokens is not None and cached_tokens is not None and cached_tokens > input_tokens:
        raise Fault("has more cached input than input; b_input_tokens includes the cached part")
    return Item(
        item=items.hash_name(item_id),
        conversation=items.hash_name(_text(fields, "cluster") or item_id),
        a_nano=_score_nano(fields, "a"),
        b_nano=_score_nano(fields, "b"),
        escalated=_flag(fields, "escalated"),
        **counts,
    )


def _text(fields: Fields, column: str) -> str | None:
    field = fields.get(column)
    if field is None or isinstance(field, list | dict):
        return None
    text = str(field).strip()
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        raise Fault(
            f"has a {column} that is no name; use at most {_LONGEST_TEXT} printable characters"
        )
    return text or None


def _score_nano(fields: Fields, column: str) -> int:
    """A score in billionths, rounded half-even where it is finer."""
    field = fields.get(column)
    if isinstance(field, bool):
        return int(field) * NANO
    text = _text(fields, column)
    if text is None:
        raise Fault(f"has no {column}; give 1 or 0 (right or wrong), or a score of 0 or more")
    try:
        score = _MARKS[text.lower()] if text.lower() in _MARKS else Decimal(text)
    except InvalidOperation as error:
        raise Fault(
            f"has {text[:32]!r} for {column}; give 1 or 0 (right or wrong), or a score of 0 or more"
        ) from error
    if not score.is_finite() or not 0 <= score <= HIGHEST_SCORE:
        raise Fault(f"has {text[:32]} for {column}; a score is from 0 to {HIGHEST_SCORE:,}")
    return int((score * NANO).quantize(Decimal(1), ROUND_HALF_EVEN))


def _count(fields: Fields, column: str) -> int | None:
    text = _text(fields, column)
    if text is None:
        return None
    if not text.isdecimal() or int(text) > MOST_TOKENS:
        raise Fault(
            f"has {text[:32]!r} for {column}; give a whole number from 0 to {MOST_TOKENS:,}"
        )
    return int(text)


def _flag(fields: Fields, column: str) -> bool | None:
    text = _text(fields, column)
    if text is None:
        return None
    if text.lower() not in (*_MARKS, "0", "1"):
        raise Fault(f"has {text[:32]!r} for {column}; give true or false")
    return text == "1" or _MARKS.get(text.lower()) == 1
