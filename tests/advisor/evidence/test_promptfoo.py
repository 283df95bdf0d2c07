"""promptfoo's result files: paired by test and prompt, failures counted, no text stored."""

from pathlib import Path

import msgspec
import pytest

from advisor.evidence import evaluation, files, gates
from advisor.evidence.assembly import ImportTerms
from advisor.evidence.comparisons import Comparison
from advisor.evidence.evaluation import Evaluation
from ledger import clock
from ledger.errors import UsageError
from ledger.pricing import price_book
from tests.advisor.evidence import paired_rows
from tests.advisor.evidence.paired_rows import terms

BOOK = price_book.shipped()
SOURCE, TARGET = "openai:gpt-4.1-2025-04-14", "openai:chat:gpt-4.1-mini"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test writes promptfoo's file."""
    return tmp_path / "out.json"


def read(path: Path, import_terms: ImportTerms, *, graded: bool = False) -> Comparison:
    """The one comparison of a file."""
    content = files.read_comparisons(path, "auto", import_terms, book=BOOK, graded=graded)
    assert content.unknown_columns == []
    (comparison,) = content.comparisons
    return comparison


def evaluate(comparison: Comparison) -> Evaluation:
    """The evaluation of a comparison by the default gate."""
    return evaluation.evaluate(comparison.items, gates.DEFAULT)


def promptfoo(results: list[dict[str, object]]) -> bytes:
    return msgspec.json.encode(
        {
            "evalId": "eval-1",
            "config": {"description": "secret"},
            "results": {
                "version": 3,
                "timestamp": "2026-11-20T10:00:00.000Z",
                "prompts": [],
                "results": results,
            },
        }
    )


def outcome(test: int, provider: str, success: bool, **changes: object) -> dict[str, object]:
    return {
        "testIdx": test,
        "promptIdx": 0,
        "promptId": "p1",
        "provider": {"id": provider, "label": ""},
        "success": success,
        "score": 0.9 if success else 0.2,
        "failureReason": 0 if success else 1,
        "latencyMs": 5,
        "namedScores": {},
        "vars": {"q": "the secret plan"},
        "prompt": {"raw": "the secret plan", "label": "x"},
        "testCase": {"vars": {}, "metadata": {"conversationId": f"c{test}"}},
        "response": {
            "output": "the secret answer",
            "tokenUsage": {"prompt": 100, "completion": 20, "total": 120},
        },
        **changes,
    }


def test_promptfoos_results_are_paired_by_test_and_prompt(path: Path) -> None:
    results = [outcome(n, SOURCE, True) for n in range(30)]
    results += [outcome(n, TARGET, n > 0) for n in range(29, -1, -1)]
    path.write_bytes(promptfoo(results))
    search_chat = terms(pair=paired_rows.PAIR, project="search", workload="chat")
    comparison = read(path, search_chat)
    assert (comparison.from_model, comparison.to_model, len(comparison.items)) == (
        "gpt-4.1-2025-04-14",
        "gpt-4.1-mini",
        30,
    )
    assert clock.date_of(comparison.measured_day).isoformat() == "2026-11-20"
    counts = evaluate(comparison).counts
    assert counts is not None
    assert (counts.both, counts.only_a) == (29, 1)
    assert evaluate(comparison).factors["phi_out"].expected == 1
    assert "secret" not in repr(comparison)
    assert evaluate(read(path, search_chat, graded=True)).kind == "graded"


def test_a_call_that_failed_is_left_out_and_counted_and_a_cached_answer_measures_no_tokens(
    path: Path,
) -> None:
    cached = {"output": "x", "cached": True, "tokenUsage": {"cached": 120, "total": 120}}
    results = [outcome(n, SOURCE, True) for n in range(30)]
    results += [outcome(n, TARGET, True, response=cached) for n in range(29)]
    results.append(outcome(29, TARGET, False, failureReason=2, response=None, error="timeout"))
    path.write_bytes(promptfoo(results))
    comparison = read(path, terms(pair=paired_rows.PAIR, project="search", workload="chat"))
    assert (len(comparison.items), comparison.left_out) == (29, 1)
    assert evaluate(comparison).factors == {}


def test_a_promptfoo_file_without_the_pair_says_what_is_in_it(path: Path) -> None:
    path.write_bytes(promptfoo([outcome(0, SOURCE, True), outcome(0, "openai:gpt-5", True)]))
    with pytest.raises(UsageError, match="say which provider is the source with --pair"):
        read(path, terms())
    with pytest.raises(
        UsageError,
        match=r"no result of gpt-4\.1-mini in it;"
        r" the providers are openai:gpt-4\.1-2025-04-14 and openai:gpt-5",
    ):
        read(path, terms(pair=paired_rows.PAIR))
