"""promptfoo's result files as rows of paired results. It takes scores and token counts, no text.

A file holds a result for each test, prompt and provider. Two results of the same test and prompt
make a pair. The structs follow promptfoo's result files (versions 2 and 3 of its summary).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from advisor.evidence.rows import Fields
from ledger import pairs, prose
from ledger.errors import UsageError
from ledger.pricing import names
from ledger.pricing.prices import PriceBook

_ERROR = 2
"""promptfoo's failure reason where the call itself failed, not an assertion."""


class _Provider(msgspec.Struct):
    id: str = ""
    label: str | None = None

    @property
    def model(self) -> str:
        """The last part of its id, as in openai:chat:gpt-4.1."""
        return self.id.rpartition(":")[2]


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

    @property
    def sender(self) -> _Provider:
        """The provider, which older files give by its id alone."""
        return _Provider(self.provider) if isinstance(self.provider, str) else self.provider


class _Summary(msgspec.Struct):
    results: list[_Result]
    timestamp: str | None = None


class _File(msgspec.Struct):
    results: _Summary


@dataclass(frozen=True, slots=True)
class PromptfooResults:
    """The rows of one pair, the day of the comparison (YYYY-MM-DD), and how many pairs failed.

    A pair failed where one of its two calls did.
    """

    rows: list[Fields]
    measured_on: str | None
    left_out: int


_Key = tuple[int, str, int]
"""Test, prompt, and which repetition."""


def parse(content: bytes, pair: pairs.Pair, book: PriceBook, *, graded: bool) -> PromptfooResults:
    """The paired results of a pair of models: promptfoo's scores if `graded`, else pass and fail.

    Raises UsageError where the file is none of promptfoo's, or one of the models is not in it.
    """
    try:
        summary = msgspec.json.decode(content, type=_File).results
    except msgspec.DecodeError as error:
        raise UsageError(
            f"not a result file of promptfoo ({error}); write one with: promptfoo eval -o FILE.json"
        ) from error
    results_a = _results_by_key(summary.results, pair.source, book)
    results_b = _results_by_key(summary.results, pair.target, book)
    both = [(key, a, results_b[key]) for key, a in results_a.items() if key in results_b]
    compared = [
        (key, a, b) for key, a, b in both if _ERROR not in (a.failure_reason, b.failure_reason)
    ]
    source, target = (both[0][1].sender, both[0][2].sender) if both else (None, None)
    exact_pair = f"{_exact_model(source, pair.source)}:{_exact_model(target, pair.target)}"
    return PromptfooResults(
        rows=[_row(exact_pair, key, a, b, graded=graded) for key, a, b in compared],
        measured_on=summary.timestamp[:10] if summary.timestamp else None,
        left_out=len(both) - len(compared),
    )


def _results_by_key(
    results: Sequence[_Result], side: pairs.Side, book: PriceBook
) -> dict[_Key, _Result]:
    """The results of one model. Raises UsageError where there is none."""
    repetitions = Counter[tuple[int, str]]()
    results_by_key: dict[_Key, _Result] = {}
    for result in results:
        if _is_from(result.sender, side, book):
            test = result.test_idx, result.prompt_id
            results_by_key[(*test, repetitions[test])] = result
            repetitions[test] += 1
    if not results_by_key:
        providers = prose.all_of(sorted({result.sender.id for result in results}))
        raise UsageError(f"no result of {side} in it; the providers are {providers}")
    return results_by_key


def _is_from(provider: _Provider, side: pairs.Side, book: PriceBook) -> bool:
    if provider.label in (side.model, str(side)):
        return True
    vendor = names.provider_name(provider.id.partition(":")[0])
    if side.provider is not None and names.provider_name(side.provider) != vendor:
        return False
    return side.model in (provider.model, names.canonical_model(book, vendor, provider.model))


def _exact_model(provider: _Provider | None, side: pairs.Side) -> str:
    """The model as the file names it, which may be a snapshot."""
    return str(side) if provider is None else str(pairs.Side(None, provider.model))


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
