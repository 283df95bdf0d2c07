"""Rows of paired results: parsed exactly, or all refused with the place and the remedy."""

import pytest

from advisor.evidence import assembly, items, rows
from advisor.evidence.items import NANO
from ledger.errors import UsageError
from tests.advisor.evidence import paired_rows
from tests.advisor.evidence.paired_rows import comparison, terms


def test_a_row_is_read_with_everything_that_it_says() -> None:
    only = comparison(
        paired_rows.rows(1, cluster="c1", a="pass", b="0.25", escalated="true", b_attempts="2")
    )
    (item,) = only.items
    assert (only.project, only.workload, only.from_model, only.to_model) == (
        "search",
        "chat",
        "gpt-4.1",
        "gpt-4.1-mini",
    )
    assert (item.item, item.conversation) == (items.hash_name("q0"), items.hash_name("c1"))
    assert (item.a_nano, item.b_nano, item.escalated, item.b_attempts) == (NANO, NANO // 4, True, 2)


def test_names_that_rows_lack_are_those_given_for_all() -> None:
    bare = [{"item_id": "q0", "a": True, "b": False}]
    only = comparison(bare, pair=paired_rows.PAIR, project="search", workload="chat")
    assert (only.project, only.items[0].conversation) == ("search", only.items[0].item)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"pair": None}, "has no pair"),
        ({"project": ""}, "has no project"),
        ({"workload": None}, "has no workload"),
        ({"item_id": None}, "has no item_id"),
        ({"a": None}, "has no a; give 1 or 0"),
        ({"b": "good"}, "has 'good' for b"),
        ({"b": -0.5}, "a score is from 0"),
        ({"b": "nan"}, "a score is from 0"),
        ({"b": "1e9"}, "a score is from 0"),
        ({"b_output_tokens": -1}, "whole number"),
        ({"b_output_tokens": 1.5}, "whole number"),
        ({"b_output_tokens": 10**10}, "whole number"),
        ({"b_attempts": 0}, "fewer than one attempt"),
        ({"b_cached_input_tokens": 10**6}, "more cached input than input"),
        ({"escalated": "maybe"}, "give true or false"),
        ({"order": "first"}, "use ab or ba"),
        ({"item_id": "two\nlines"}, "no name"),
    ],
)
def test_a_row_that_cannot_be_read_refuses_all_of_them(
    changed: dict[str, object], says: str
) -> None:
    bad_row = {**paired_rows.rows(1)[0], "item_id": "bad", **changed}
    with pytest.raises(UsageError, match=says) as refusal:
        comparison([*paired_rows.rows(3), bad_row])
    assert "results.csv: row 4 " in str(refusal.value)
    assert "Nothing was stored" in str(refusal.value)


def test_five_faults_are_named_and_the_others_counted() -> None:
    with pytest.raises(UsageError, match="and 3 rows more"):
        comparison(paired_rows.rows(8, a=None))


@pytest.mark.parametrize(
    ("paired", "says"),
    [
        ([], "no row"),
        (paired_rows.rows(1) * 2, "rows 1, 2 have the same item_id"),
        (paired_rows.rows(1, order="ab"), "row 1 was judged in one order only"),
        (paired_rows.rows(1, order="ab") * 2, "rows 1, 2 have the same item_id"),
        (paired_rows.rows(1, pair="gpt-4.1:gpt-4.1@batch"), "needs no evidence"),
        (paired_rows.rows(1, pair="gpt-4.1"), "not a pair"),
    ],
)
def test_rows_that_make_no_comparison_are_refused(paired: list[rows.Fields], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        comparison(paired)


def test_a_judge_that_saw_both_orders_gives_the_mean_of_the_two() -> None:
    first, second = (
        paired_rows.rows(1, order="ab", a=1, b=0.5)[0],
        paired_rows.rows(1, order="ba", a=0.5, b=0.5)[0],
    )
    (item,) = comparison([first, second]).items
    assert (item.a_nano, item.b_nano) == (NANO * 3 // 4, NANO // 2)


def test_each_pair_project_and_workload_is_a_comparison_of_its_own() -> None:
    paired = [
        *paired_rows.rows(2),
        *paired_rows.rows(3, project="support"),
        *paired_rows.rows(4, workload="triage"),
    ]
    comparisons = assembly.comparisons(enumerate(paired, start=1), terms())
    sizes = {(one.project, one.workload): len(one.items) for one in comparisons}
    assert len(comparisons) == 3
    assert sizes == {("search", "chat"): 2, ("search", "triage"): 4, ("support", "chat"): 3}


def test_columns_that_mean_nothing_are_named_and_no_text_is_kept() -> None:
    paired = paired_rows.rows(2, prompt="the secret plan", b_input_token=7)
    assert rows.unknown_columns(paired) == ["prompt", "b_input_token"]
    assert "secret" not in repr(comparison(paired))
    assert "q0" not in repr(comparison(paired))
