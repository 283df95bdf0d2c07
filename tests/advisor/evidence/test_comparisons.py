"""The key of a comparison: pinned, the same in any order, another for any other results."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.evidence import comparisons, evaluation, store
from advisor.evidence.comparisons import Comparison
from advisor.evidence.gates import QualityGate
from advisor.evidence.items import NANO, Item
from advisor.evidence.judge import JudgeLabels
from ledger.database import Database
from tests.advisor.evidence import paired_rows

FIRST = Item(item="a1", conversation="c1", a_nano=NANO, b_nano=0)
SECOND = Item(
    item="b2",
    conversation="c1",
    a_nano=NANO,
    b_nano=NANO // 2,
    a_input_tokens=500,
    a_output_tokens=80,
    b_input_tokens=510,
    b_output_tokens=90,
    b_cached_input_tokens=100,
    b_attempts=2,
    escalated=True,
)
EXAMPLE = Comparison(
    project="search",
    workload="chat",
    from_model="gpt-4.1",
    to_model="gpt-4.1-mini",
    gate=QualityGate("margin", Fraction("0.05")),
    measured_day=20_780,
    source="results.csv",
    items=(FIRST, SECOND),
    judge="claude-sonnet-4",
    labels=JudgeLabels(right_right=38, right_wrong=1, wrong_right=2, wrong_wrong=20),
    left_out=3,
)


def test_a_key_that_is_stored_stays_the_key_of_its_results() -> None:
    """Pinned: with another hash, every file that is in a ledger already would import as new."""
    assert comparisons.key_of(EXAMPLE) == "42872ae03ab6d052"
    bare = replace(EXAMPLE, judge=None, labels=None, left_out=0, gate=QualityGate())
    assert comparisons.key_of(bare) == "30bc9218b41e42e2"


@pytest.mark.parametrize(
    "other",
    [
        replace(EXAMPLE, project="support"),
        replace(EXAMPLE, workload="triage"),
        replace(EXAMPLE, from_model="gpt-4.1-2025-04-14"),
        replace(EXAMPLE, to_model="gpt-5-mini"),
        replace(EXAMPLE, gate=QualityGate("ratio", Fraction("0.05"))),
        replace(EXAMPLE, gate=QualityGate("margin", Fraction("0.06"))),
        replace(EXAMPLE, measured_day=20_781),
        replace(EXAMPLE, judge=None),
        replace(EXAMPLE, labels=None),
        replace(
            EXAMPLE,
            labels=JudgeLabels(right_right=38, right_wrong=2, wrong_right=1, wrong_wrong=20),
        ),
        replace(EXAMPLE, left_out=0),
        replace(EXAMPLE, items=(FIRST,)),
        replace(EXAMPLE, items=(replace(FIRST, item="a2"), SECOND)),
        replace(EXAMPLE, items=(replace(FIRST, conversation="c2"), SECOND)),
        replace(EXAMPLE, items=(replace(FIRST, a_nano=0, b_nano=NANO), SECOND)),
        replace(EXAMPLE, items=(FIRST, replace(SECOND, a_input_tokens=80, a_output_tokens=500))),
        replace(EXAMPLE, items=(FIRST, replace(SECOND, b_input_tokens=90, b_output_tokens=510))),
        replace(EXAMPLE, items=(FIRST, replace(SECOND, b_cached_input_tokens=None))),
        replace(EXAMPLE, items=(FIRST, replace(SECOND, b_attempts=1))),
        replace(EXAMPLE, items=(FIRST, replace(SECOND, escalated=None))),
    ],
)
def test_other_results_have_another_key(other: Comparison) -> None:
    assert comparisons.key_of(other) != comparisons.key_of(EXAMPLE)


def test_the_file_and_the_order_are_no_part_of_the_key() -> None:
    other = replace(EXAMPLE, source="copy.csv", items=(SECOND, FIRST))
    assert comparisons.key_of(other) == comparisons.key_of(EXAMPLE)


@given(st.randoms())
def test_the_order_of_the_rows_changes_nothing(order: random.Random) -> None:
    rows = paired_rows.rows(60)
    for number, row in enumerate(rows):
        row["cluster"] = f"c{number % 30}"  # type: ignore[index]  # the rows of this test are dicts
    first = paired_rows.comparison(rows)
    order.shuffle(rows)
    second = paired_rows.comparison(rows)
    assert comparisons.key_of(first) == comparisons.key_of(second)
    assert evaluation.evaluate(first.items, first.gate) == evaluation.evaluate(
        second.items, second.gate
    )


def test_the_same_results_twice_are_one_comparison(database: Database) -> None:
    rows = paired_rows.rows()
    (first,) = paired_rows.store(database, rows)
    (second,) = paired_rows.store(database, rows[::-1], source="copy.csv")
    assert (first.is_new, second.is_new) == (True, False)
    assert first.evidence == second.evidence
    with database.snapshot() as session:
        assert len(store.load_all(session)) == 1
        assert len(store.load_items(session, first.evidence.id)) == len(rows)
