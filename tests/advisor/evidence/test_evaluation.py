"""What a set of paired results shows, by its gate: verdict, pairs that count, measured factors."""

from fractions import Fraction

import pytest

from advisor.evidence import evaluation, gates
from advisor.evidence.evaluation import Evaluation
from advisor.evidence.rows import Fields
from ledger.errors import UsageError
from tests.advisor.evidence import paired_rows


def evaluate(rows: list[Fields]) -> Evaluation:
    """The evaluation of rows by the default gate."""
    return evaluation.evaluate(paired_rows.comparison(rows).items, gates.DEFAULT)


def test_conversations_count_once_in_pass_and_fail() -> None:
    rows: list[Fields] = [
        {**row, "cluster": f"c{number // 4}"} for number, row in enumerate(paired_rows.rows(400))
    ]
    evaluated = evaluate(rows)
    assert (evaluated.items, evaluated.conversations, evaluated.pairs) == (400, 100, 100)


@pytest.mark.parametrize(
    ("rule", "threshold", "says"),
    [
        ("ratio", "0", "tests nothing"),
        ("ratio", "1.01", "over 0 and at most 1"),
        ("margin", "1", "from 0 to under 1"),
        ("margin", None, "needs a threshold"),
        ("guess", None, "unknown rule"),
        ("ratio", "lots", "is no threshold"),
        ("ratio", "nan", "is no threshold"),
    ],
)
def test_a_gate_that_tests_nothing_is_refused(rule: str, threshold: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        gates.parse(rule, threshold)


def test_a_margin_and_a_ratio_are_tested_as_what_they_are() -> None:
    comparison = paired_rows.comparison(paired_rows.rows(200, wrong_on_target=0.06))
    verdicts = {
        text: evaluation.evaluate(comparison.items, gates.parse(*text.split())).verdict
        for text in ("ratio 0.9", "ratio 0.95", "margin 0.1", "margin 0.05", "ratio 1")
    }
    assert verdicts == {
        "ratio 0.9": "non_inferior",
        "ratio 0.95": "inconclusive",
        "margin 0.1": "non_inferior",
        "margin 0.05": "inconclusive",
        "ratio 1": "inferior",
    }


def test_graded_scores_are_tested_by_conversation() -> None:
    rows: list[Fields] = [
        {**row, "a": 0.8, "b": 0.76 + 0.001 * (number % 7), "cluster": f"c{number // 2}"}
        for number, row in enumerate(paired_rows.rows(240))
    ]
    evaluated = evaluate(rows)
    assert (
        evaluated.kind,
        evaluated.verdict,
        evaluated.pairs,
        evaluated.conversations,
        evaluated.counts,
    ) == (
        "graded",
        "non_inferior",
        240,
        120,
        None,
    )
    assert evaluated.rates is not None
    assert evaluated.rates[0] == Fraction("0.8")
    assert evaluated.bound is not None
    assert Fraction("0.04") < evaluated.bound < Fraction("0.044")


def test_factors_are_measured_where_20_conversations_tell_them() -> None:
    measured = evaluate(paired_rows.rows(240)).factors
    assert set(measured) == {
        "phi_in",
        "phi_out",
        "extra_attempts",
        "escalation_rate",
        "cached_share",
    }
    assert [measured["phi_in"].least, measured["phi_in"].most] == [1, 1]
    assert measured["extra_attempts"].expected == Fraction(round(Fraction(5, 240), 9))
    assert measured["escalation_rate"].expected == Fraction(round(Fraction(10, 240), 9))
    assert evaluate(paired_rows.rows(19)).factors == {}
    assert evaluate(paired_rows.rows(240, measured=False)).factors == {}
