"""Facts of models by family: reasoning, tokenizers, prompt caches, makers, and who is smaller.

Used only while the book is compiled. A model is looked up by its bare name, so one entry of the
file holds at every seller.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import msgspec

from ledger.pricing.book_file import BookFile, FactRow

PATH = Path(__file__).parent / "data" / "families.toml"
ASSUMED = "assumed: "
"""The prefix of a source that nobody published: it says from what the fact follows."""

# Where a seller runs a model, and whose it is, in front of its name; its version behind it.
_REGION = re.compile(r"^(global|regional)\.")
_MAKER = re.compile(
    r"^(amazon|anthropic|deepseek|google|meta|mistral|moonshotai|nvidia|openai|qwen|writer|zai)\."
)
_VERSION = re.compile(r"(-v?\d+:\d+|-v\d+|:\d+)$")
_DATE = re.compile(r"([-@]20\d{6}|-20\d{2}-\d{2}-\d{2}|-latest)$")
# Fireworks writes `kimi-k2p5` where others write `kimi-k2.5`.
_POINT = re.compile(r"(?<=\d)p(?=\d)")


class _Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    models: tuple[str, ...]


class _Sourced(_Entry, kw_only=True):
    source: str
    checked: date | None = None


class Maker(_Entry, kw_only=True):
    """Who makes some models."""

    name: str


class Reasoning(_Sourced, kw_only=True):
    """Whether some models reason by default (None: unknown), and the efforts that can be set."""

    reasons: bool | None = None
    efforts: tuple[str, ...] = ()
    default: str | None = None


class Tokenizer(_Sourced, kw_only=True):
    """The tokenizer of some models."""

    name: str


class Cache(_Sourced, kw_only=True):
    """From how many tokens a prompt is written to the cache unasked; the least cached prefix."""

    writes_from: int | None = None
    least: int | None = None


class Ladder(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Steps down: a model, and what is smaller, in order of preference."""

    maker: str
    steps: tuple[tuple[str, ...], ...]
    source: str
    checked: date | None = None


class Families(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The file of families."""

    maker: tuple[Maker, ...]
    reasoning: tuple[Reasoning, ...]
    tokenizer: tuple[Tokenizer, ...]
    cache: tuple[Cache, ...]
    ladder: tuple[Ladder, ...]


@dataclass(frozen=True, slots=True)
class _Model:
    """A model of a seller, and whether the seller has a price for writes to its cache."""

    provider: str
    name: str
    bills_writes: bool


_E = TypeVar("_E", bound=_Entry)


def load_families(path: Path = PATH) -> Families:
    """The families. Raises msgspec.ValidationError with the name of a misspelt field."""
    return msgspec.toml.decode(path.read_bytes(), type=Families)


def bare_name(model: str) -> str:
    """A model's name without its seller's additions.

    `claude-opus-4-8` of `global.anthropic.claude-opus-4-8-v1:0`.
    """
    name = model.lower().rpartition("/")[2].removeprefix("ft:")
    name = _VERSION.sub("", _MAKER.sub("", _REGION.sub("", name)))
    return _POINT.sub(".", _DATE.sub("", name))


def add_facts(book: BookFile, families: Families) -> dict[tuple[str, str], FactRow]:
    """The facts of every priced model of a book, with those of its family."""
    facts = {(row.provider, row.model): row for row in book.facts}
    models = _priced_models(book)
    sold = _by_region(models)
    for model in models:
        key = model.provider, model.name
        row = facts.get(key, FactRow(provider=model.provider, model=model.name))
        facts[key] = _described(row, model, families)
        if not model.name.lower().startswith("ft:"):
            facts[key] = _with_smaller(facts[key], families.ladder, sold[_region(model)])
    return facts


def _priced_models(book: BookFile) -> list[_Model]:
    writes: dict[tuple[str, str], bool] = {}
    for row in book.prices:
        key = row.provider, row.model
        writes[key] = writes.get(key, False) or row.cache_write_input is not None
    return [_Model(provider, name, bills) for (provider, name), bills in sorted(writes.items())]


def _region(model: _Model) -> tuple[str, str]:
    """The seller and its word in front of a model's name: siblings are looked for within it."""
    match = _REGION.match(model.name)
    return model.provider, match.group() if match else ""


def _by_region(models: Iterable[_Model]) -> dict[tuple[str, str], dict[str, str]]:
    """By seller and region, the model of each bare name: of several the plain or the last one."""
    sold: dict[tuple[str, str], dict[str, str]] = {}
    for model in models:
        names = sold.setdefault(_region(model), {})
        bare = bare_name(model.name)
        if names.get(bare) != bare and not model.name.lower().startswith("ft:"):
            names[bare] = model.name
    return sold


def _described(row: FactRow, model: _Model, families: Families) -> FactRow:
    bare = bare_name(model.name)
    maker = _first(families.maker, bare)
    sources: dict[str, str] = {}
    changes: dict[str, object] = {"maker": maker.name if maker else None}
    if reasoning := _first(families.reasoning, bare):
        changes |= {
            "reasons": reasoning.reasons,
            "efforts": reasoning.efforts,
            "default_effort": reasoning.default,
        }
        sources["reasoning"] = reasoning.source
    if tokenizer := _first(families.tokenizer, bare):
        changes["tokenizer"] = tokenizer.name
        sources["tokenizer"] = tokenizer.source
    if cache := _first(families.cache, bare):
        changes |= {
            "writes_cache_from_tokens": cache.writes_from if model.bills_writes else None,
            "least_cached_tokens": cache.least,
        }
        sources["cache"] = cache.source
    return msgspec.structs.replace(row, sources=tuple(sorted(sources.items())), **changes)


def _with_smaller(row: FactRow, ladders: Iterable[Ladder], sold: Mapping[str, str]) -> FactRow:
    bare = bare_name(row.model)
    for ladder in ladders:
        smaller = next(
            (
                sold[name]
                for step in ladder.steps
                if step[0] == bare
                for name in step[1:]
                if name in sold
            ),
            None,
        )
        if smaller is not None:
            sources = dict(row.sources) | {"smaller": ladder.source}
            return msgspec.structs.replace(
                row, smaller=smaller, sources=tuple(sorted(sources.items()))
            )
    return row


def _first(entries: Iterable[_E], bare: str) -> _E | None:
    """The first entry with a pattern that fits a bare name in full."""
    return next(
        (
            entry
            for entry in entries
            if any(re.fullmatch(pattern, bare) for pattern in entry.models)
        ),
        None,
    )
