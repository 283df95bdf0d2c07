"""promptfoo's result files as rows of paired results. Takes scores and token counts, and no text.

A file holds a result for each test, prompt and provider; two results of the same test and prompt make a pair. Written
against the types of promptfoo's result files (versions 2 and 3 of its summary).
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec

from advisor.evidence.rows import Fields
from ledger import pairs
from ledger.errors import UsageError
from ledger.pricing import names
from ledger.pricing.prices import PriceBook

_ERROR = 2
"""promptfoo's reason of a failure that no assertion made: the call itself failed."""


class _Provider(msgspec.Struct):
    id: str = ""
    label: str | None = None


class _TokenUsage(msgspec.Struct):
    prompt: int | None = None
    completion: int | None = None


class _Response(msgspec.Struct, rename="camel"):
    token_usage: _TokenUsage | None = None


class _TestCase(msgspec.Struct):
    metadata: dict[str, Any] | None = None


class _Result(msgspec.Struct, rename="camel"):
    test_idx: int
    success: bool
    provider: _Provider | str
    prompt_id: str = ""
    score: float = 0.0
    failure_reason: int = 0
    response: _Response | None = None
    test_case: _TestCase | None = None


class _Summary(msgspec.Struct):
    results: list[_Result]
    timestamp: str | None = None


class _File(msgspec.Struct):
    results: _Summary


@dataclass(frozen=True, slots=True)
class Compared:
    """The rows of one pair, the day they were made on (YYYY-MM-DD), and how many pairs had a call that failed."""

    rows: list[Fields]
    measured_on: str | None
    left_out: int


def read(raw: bytes, pair: pairs.Pair, book: PriceBook, *, graded: bool) -> Compared:
    """The paired results of a pair of models. `graded` takes promptfoo's scores, else an answer passes or fails.

    Raises UsageError where the file is none of promptfoo's, or one of the models is not in it.
    """
    try:
        summary = msgspec.json.decode(raw, type=_File).results
    except msgspec.DecodeError as error:
        raise UsageError(
            f"not a result file of promptfoo ({error}); write one with: promptfoo eval -o FILE.json"
        ) from error
    sides = {
        name: _of_side(summary.results, side, book)
        for name, side in (("a", pair.source), ("b", pair.target))
    }
    for side, found in ((pair.source, sides["a"]), (pair.target, sides["b"])):
        if not found:
            raise UsageError(
                f"no result of {side} in it; the providers are {', '.join(_providers(summary.results))}"
            )
    both = [(key, sides["a"][key], sides["b"][key]) for key in sides["a"] if key in sides["b"]]
    failed = [key for key, a, b in both if _ERROR in (a.failure_reason, b.failure_reason)]
    text = f"{_exact(both[0][1]) if both else pair.source}:{_exact(both[0][2]) if both else pair.target}"
    rows = [_row(text, key, a, b, graded=graded) for key, a, b in both if key not in failed]
    return Compared(rows, summary.timestamp[:10] if summary.timestamp else None, len(failed))


_Key = tuple[int, str, int]
"""Test, prompt, and which repetition."""


def _of_side(results: list[_Result], side: pairs.Side, book: PriceBook) -> dict[_Key, _Result]:
    seen, found = Counter[tuple[int, str]](), dict[_Key, _Result]()
    for each in results:
        if _is_of(each, side, book):
            place = (each.test_idx, each.prompt_id)
            found[(*place, seen[place])] = each
            seen[place] += 1
    return found


def _is_of(result: _Result, side: pairs.Side, book: PriceBook) -> bool:
    provider = (
        result.provider if isinstance(result.provider, _Provider) else _Provider(result.provider)
    )
    if provider.label in (side.model, str(side)):
        return True
    vendor, _, _ = provider.id.partition(":")
    name = provider.id.rpartition(":")[2]
    sold_by = names.provider_name(vendor)
    if side.provider is not None and names.provider_name(side.provider) != sold_by:
        return False
    return side.model in (name, names.canonical_model(book, sold_by, name))


def _exact(result: _Result) -> str:
    """The model as the file names it, which may be a snapshot."""
    identity = result.provider if isinstance(result.provider, str) else result.provider.id
    return str(pairs.Side(None, identity.rpartition(":")[2]))


def _providers(results: list[_Result]) -> list[str]:
    return sorted(
        {each.provider if isinstance(each.provider, str) else each.provider.id for each in results}
    )


def _row(pair: str, key: _Key, a: _Result, b: _Result, *, graded: bool) -> Fields:
    metadata = (a.test_case.metadata if a.test_case else None) or {}
    row: dict[str, object] = {
        "pair": pair,
        "item_id": "/".join(map(str, key)),
        "cluster": metadata.get("conversationId"),
        "a": a.score if graded else a.success,
        "b": b.score if graded else b.success,
    }
    for side, result in (("a", a), ("b", b)):
        usage = result.response.token_usage if result.response else None
        # An answer from promptfoo's own cache has no counts of the two kinds, only a total.
        if usage and usage.prompt is not None and usage.completion is not None:
            row |= {f"{side}_input_tokens": usage.prompt, f"{side}_output_tokens": usage.completion}
    return row
