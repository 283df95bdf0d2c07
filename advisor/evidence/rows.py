"""One row of paired results as somebody sends it: read exactly, or refused with its place and the remedy. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from advisor.evidence.items import NANO, Item, hashed

NAMES = ("pair", "project", "workload", "item_id", "cluster", "order", "a", "b")
COUNTS = (
    "a_input_tokens",
    "a_output_tokens",
    "b_input_tokens",
    "b_output_tokens",
    "b_cached_input_tokens",
    "b_attempts",
)
KNOWN = frozenset((*NAMES, *COUNTS, "escalated"))
MOST_TOKENS = 10**9
HIGHEST_SCORE = 10**6
_MOST_TEXT = 1_024
_WORDS = {
    "true": Decimal(1),
    "pass": Decimal(1),
    "yes": Decimal(1),
    "false": Decimal(0),
    "fail": Decimal(0),
    "no": Decimal(0),
}

Fields = Mapping[str, object]
"""A row by column: text of a CSV, or what JSON holds. An empty text is an absent value."""


class Fault(ValueError):
    """What is wrong with a row, in words that follow its place."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row's number, what it is about, its item, and which model's answer the judge saw first (`ab` or `ba`) where it tells."""

    number: int
    pair: str
    project: str
    workload: str
    order: str | None
    item: Item


def read(number: int, fields: Fields, given: Mapping[str, str | None]) -> Labelled:
    """A row of a number, with the names that were given for all rows where it has none of its own. Raises Fault."""
    names = {
        name: _text(fields, name) or given.get(name) for name in ("pair", "project", "workload")
    }
    for name, value in names.items():
        if value is None:
            raise Fault(f"has no {name}; add the column or give one for all rows")
    item_id = _text(fields, "item_id")
    if item_id is None:
        raise Fault("has no item_id; each input needs a name of its own")
    order = _text(fields, "order")
    if order not in (None, "ab", "ba"):
        raise Fault(f"has the order {order!r}; it is ab or ba: whose answer the judge saw first")
    counts = {name: _count(fields, name) for name in COUNTS}
    if counts["b_attempts"] == 0:
        raise Fault("has fewer than one attempt; b_attempts counts the first one too")
    _check_cached(counts)
    item = Item(
        item=hashed(item_id),
        conversation=hashed(_text(fields, "cluster") or item_id),
        a_nano=_score(fields, "a"),
        b_nano=_score(fields, "b"),
        escalated=_flag(fields, "escalated"),
        **counts,
    )
    return Labelled(
        number, names["pair"] or "", names["project"] or "", names["workload"] or "", order, item
    )


def unknown(rows: Iterable[Fields]) -> list[str]:
    """The columns that mean nothing here, in the order they appear. They are not stored: they may hold prompts."""
    return list(dict.fromkeys(name for row in rows for name in row if name not in KNOWN))


def _check_cached(counts: Mapping[str, int | None]) -> None:
    cached, whole = counts["b_cached_input_tokens"], counts["b_input_tokens"]
    if cached is not None and whole is not None and cached > whole:
        raise Fault("has more cached input than input; b_input_tokens includes the cached part")


def _text(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, list | dict):
        return None
    text = str(value).strip()
    if len(text) > _MOST_TEXT or not text.isprintable():
        raise Fault(f"has a {name} that is no name; give at most {_MOST_TEXT} printable characters")
    return text or None


def _score(fields: Fields, name: str) -> int:
    """A score in billionths, rounded half-even where it is finer."""
    value = fields.get(name)
    if isinstance(value, bool):
        return int(value) * NANO
    text = _text(fields, name)
    if text is None:
        raise Fault(f"has no {name}; give 1 or 0 (right or wrong), or a score of 0 or more")
    try:
        score = _WORDS[text.lower()] if text.lower() in _WORDS else Decimal(text)
    except InvalidOperation as error:
        raise Fault(
            f"has {text[:32]!r} for {name}; give 1 or 0 (right or wrong), or a score of 0 or more"
        ) from error
    if not score.is_finite() or not 0 <= score <= HIGHEST_SCORE:
        raise Fault(f"has {text[:32]} for {name}; a score is from 0 to {HIGHEST_SCORE:,}")
    return int((score * NANO).quantize(Decimal(1), ROUND_HALF_EVEN))


def _count(fields: Fields, name: str) -> int | None:
    text = _text(fields, name)
    if text is None:
        return None
    if not text.isdecimal() or int(text) > MOST_TOKENS:
        raise Fault(f"has {text[:32]!r} for {name}; give a whole number from 0 to {MOST_TOKENS:,}")
    return int(text)


def _flag(fields: Fields, name: str) -> bool | None:
    text = _text(fields, name)
    if text is None:
        return None
    if text.lower() not in (*_WORDS, "0", "1"):
        raise Fault(f"has {text[:32]!r} for {name}; give true or false")
    return text == "1" or _WORDS.get(text.lower()) == 1
