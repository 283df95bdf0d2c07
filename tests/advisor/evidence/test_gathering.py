"""Rows of paired results: read exactly, or all refused with the place and the remedy; no text of theirs is kept."""

import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given as holds
from hypothesis import strategies as st

from advisor.evidence import files, gathering, result, rows
from advisor.evidence.items import NANO, hashed
from advisor.evidence.store import Comparison
from ledger import clock
from ledger.errors import UsageError
from ledger.pricing import price_book
from tests.advisor.evidence import paired_rows
from tests.advisor.evidence.paired_rows import given

BOOK = price_book.shipped()


def only(found: Sequence[rows.Fields], **said: object) -> Comparison:
    (made,) = gathering.comparisons(enumerate(found, start=1), given(**said))
    return made


def test_a_row_is_read_with_everything_that_it_says() -> None:
    made = only(
        paired_rows.rows(1, cluster="c1", a="pass", b="0.25", escalated="true", b_attempts="2")
    )
    (item,) = made.items
    assert (made.project, made.workload, made.from_model, made.to_model) == (
        "search",
        "chat",
        "gpt-4.1",
        "gpt-4.1-mini",
    )
    assert (item.item, item.conversation) == (hashed("q0"), hashed("c1"))
    assert (item.a_nano, item.b_nano, item.escalated, item.b_attempts) == (NANO, NANO // 4, True, 2)


def test_names_that_rows_lack_are_those_given_for_all() -> None:
    bare = [{"item_id": "q0", "a": True, "b": False}]
    made = only(bare, pair=paired_rows.PAIR, project="search", workload="chat")
    assert (made.project, made.items[0].conversation) == ("search", made.items[0].item)


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
        ({"order": "first"}, "it is ab or ba"),
        ({"item_id": "two\nlines"}, "no name"),
    ],
)
def test_a_row_that_cannot_be_read_refuses_all_of_them(
    changed: dict[str, object], says: str
) -> None:
    found = [*paired_rows.rows(3), {**paired_rows.rows(1)[0], "item_id": "bad", **changed}]
    with pytest.raises(UsageError, match=says) as refused:
        only(found)
    assert "results.csv: row 4 " in str(refused.value)
    assert "Nothing was stored" in str(refused.value)


def test_five_faults_are_told_and_the_others_counted() -> None:
    with pytest.raises(UsageError, match="and 3 rows more"):
        only(paired_rows.rows(8, a=None))


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([], "no row"),
        (paired_rows.rows(1) * 2, "rows 1, 2 have the same item_id"),
        (paired_rows.rows(1, order="ab"), "row 1 was judged in one order only"),
        (paired_rows.rows(1, order="ab") * 2, "rows 1, 2 have the same item_id"),
        (paired_rows.rows(1, pair="gpt-4.1:gpt-4.1@batch"), "needs no evidence"),
        (paired_rows.rows(1, pair="gpt-4.1"), "not a pair"),
    ],
)
def test_rows_that_make_no_comparison_are_refused(found: list[rows.Fields], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        only(found)


def test_a_judge_that_saw_both_orders_gives_the_mean_of_the_two() -> None:
    first, second = (
        paired_rows.rows(1, order="ab", a=1, b=0.5)[0],
        paired_rows.rows(1, order="ba", a=0.5, b=0.5)[0],
    )
    (item,) = only([first, second]).items
    assert (item.a_nano, item.b_nano) == (NANO * 3 // 4, NANO // 2)


def test_each_pair_project_and_workload_is_a_comparison_of_its_own() -> None:
    found = [
        *paired_rows.rows(2),
        *paired_rows.rows(3, project="support"),
        *paired_rows.rows(4, workload="triage"),
    ]
    made = gathering.comparisons(enumerate(found, start=1), given())
    assert sorted((each.project, each.workload, len(each.items)) for each in made) == [
        ("search", "chat", 2),
        ("search", "triage", 4),
        ("support", "chat", 3),
    ]


@holds(st.randoms())
def test_the_order_of_the_rows_changes_nothing(order: random.Random) -> None:
    found = paired_rows.rows(60)
    for number, row in enumerate(found):
        row["cluster"] = f"c{number % 30}"  # type: ignore[index]  # the rows of this test are dicts
    first = only(found)
    order.shuffle(found)
    second = only(found)
    assert first.id == second.id
    assert result.of(first.items, first.gate) == result.of(second.items, second.gate)


def test_columns_that_mean_nothing_are_named_and_no_text_is_kept() -> None:
    found = paired_rows.rows(2, prompt="the secret plan", b_input_token=7)
    assert rows.unknown(found) == ["prompt", "b_input_token"]
    assert "secret" not in repr(only(found))
    assert "q0" not in repr(only(found))


def test_conversations_count_once_in_pass_and_fail() -> None:
    found = [
        {**row, "cluster": f"c{number // 4}"} for number, row in enumerate(paired_rows.rows(400))
    ]
    said = result.of(only(found).items, result.DEFAULT)
    assert (said.items, said.conversations, said.pairs) == (400, 100, 100)


@pytest.mark.parametrize(
    ("rule", "threshold", "says"),
    [
        ("ratio", "0", "asks for nothing"),
        ("ratio", "1.01", "over 0 and at most 1"),
        ("margin", "1", "from 0 to under 1"),
        ("margin", None, "needs a threshold"),
        ("guess", None, "is no rule"),
        ("ratio", "lots", "is no threshold"),
        ("ratio", "nan", "is no threshold"),
    ],
)
def test_a_gate_that_asks_for_nothing_is_refused(
    rule: str, threshold: str | None, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        result.gate(rule, threshold)


def test_a_margin_and_a_ratio_are_tested_as_what_they_are() -> None:
    made = only(paired_rows.rows(200, wrong_on_target=0.06))
    verdicts = {
        text: result.of(made.items, result.gate(*text.split())).verdict
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
    found: list[rows.Fields] = [
        {**row, "a": 0.8, "b": 0.76 + 0.001 * (number % 7), "cluster": f"c{number // 2}"}
        for number, row in enumerate(paired_rows.rows(240))
    ]
    said = result.of(only(found).items, result.DEFAULT)
    assert (said.kind, said.verdict, said.pairs, said.conversations, said.counts) == (
        "graded",
        "non_inferior",
        240,
        120,
        None,
    )
    assert said.rates is not None
    assert said.rates[0] == Fraction("0.8")
    assert said.bound is not None
    assert Fraction("0.04") < said.bound < Fraction("0.044")


def test_factors_are_measured_where_20_conversations_tell_them() -> None:
    seen = result.of(only(paired_rows.rows(240)).items, result.DEFAULT).factors
    assert set(seen) == {"phi_in", "phi_out", "extra_attempts", "escalation_rate", "cached_share"}
    assert [seen["phi_in"].least, seen["phi_in"].most] == [1, 1]
    assert seen["extra_attempts"].expected == Fraction(round(Fraction(5, 240), 9))
    assert seen["escalation_rate"].expected == Fraction(round(Fraction(10, 240), 9))
    assert result.of(only(paired_rows.rows(19)).items, result.DEFAULT).factors == {}
    assert (
        result.of(only(paired_rows.rows(240, measured=False)).items, result.DEFAULT).factors == {}
    )


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    found = paired_rows.rows(30)
    header = ",".join(found[0])
    lines = [",".join(str(value) for value in row.values()) for row in found]
    (tmp_path / "r.csv").write_text("\ufeff" + "\r\n".join([header, *lines]))
    (tmp_path / "r.jsonl").write_bytes(
        b"\n".join(msgspec.json.encode(row) for row in found) + b"\n\n"
    )
    of_csv, of_json = (
        files.read(tmp_path / name, "auto", given(), BOOK)[0] for name in ("r.csv", "r.jsonl")
    )
    assert [each.id for each in of_csv] == [each.id for each in of_json]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("gone.csv", None, "cannot read"),
        ("r.csv", "item_id,a,b\nq,1,1,1\n", "more values than the header"),
        ("r.csv", "item_id,a\nq,\xff", "no pair|not a CSV"),
        ("r.jsonl", '{"item_id": "q0"}\n[1]\n', "line 2 is not a JSON object"),
        ("r.csv", "item_id,a,b\n", "no row"),
    ],
)
def test_a_file_that_is_none_is_refused(
    tmp_path: Path, name: str, text: str | None, says: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=says):
        files.read(tmp_path / name, "auto", given(), BOOK)


def test_labels_of_a_judge_are_counted_by_the_persons_word(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("hand,judge\n1,1\n1,1\n1,0\n0,1\nfail,fail\n")
    found = files.labels(tmp_path / "labels.csv")
    assert (found.right_right, found.right_wrong, found.wrong_right, found.wrong_wrong) == (
        2,
        1,
        1,
        1,
    )
    (tmp_path / "labels.csv").write_text("hand,judge\n1,perhaps\n")
    with pytest.raises(UsageError, match="row 2 has 'perhaps' for judge"):
        files.labels(tmp_path / "labels.csv")


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


def outcome(test: int, provider: str, success: bool, **changed: object) -> dict[str, object]:
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
        **changed,
    }


SOURCE, TARGET = "openai:gpt-4.1-2025-04-14", "openai:chat:gpt-4.1-mini"


def test_promptfoos_results_are_paired_by_test_and_prompt(tmp_path: Path) -> None:
    found = [outcome(n, SOURCE, True) for n in range(30)] + [
        outcome(n, TARGET, n > 0) for n in range(29, -1, -1)
    ]
    (tmp_path / "out.json").write_bytes(promptfoo(found))
    said = given(pair=paired_rows.PAIR, project="search", workload="chat")
    (made,), unknown = files.read(tmp_path / "out.json", "auto", said, BOOK)
    assert (made.from_model, made.to_model, len(made.items), unknown) == (
        "gpt-4.1-2025-04-14",
        "gpt-4.1-mini",
        30,
        [],
    )
    assert clock.date_of(made.measured_day).isoformat() == "2026-11-20"
    counts = result.of(made.items, result.DEFAULT).counts
    assert counts is not None
    assert (counts.both, counts.only_a) == (29, 1)
    assert result.of(made.items, result.DEFAULT).factors["phi_out"].expected == 1
    assert "secret" not in repr(made)
    graded, _ = files.read(tmp_path / "out.json", "promptfoo", said, BOOK, graded=True)
    assert result.of(graded[0].items, result.DEFAULT).kind == "graded"


def test_a_call_that_failed_is_left_out_and_counted_and_a_cached_answer_measures_no_tokens(
    tmp_path: Path,
) -> None:
    cached = {"output": "x", "cached": True, "tokenUsage": {"cached": 120, "total": 120}}
    found = [outcome(n, SOURCE, True) for n in range(30)] + [
        outcome(n, TARGET, True, response=cached) for n in range(29)
    ]
    found.append(outcome(29, TARGET, False, failureReason=2, response=None, error="timeout"))
    (tmp_path / "out.json").write_bytes(promptfoo(found))
    (made,), _ = files.read(
        tmp_path / "out.json",
        "auto",
        given(pair=paired_rows.PAIR, project="search", workload="chat"),
        BOOK,
    )
    assert (len(made.items), made.left_out, result.of(made.items, result.DEFAULT).factors) == (
        29,
        1,
        {},
    )


def test_a_promptfoo_file_without_the_pair_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_bytes(
        promptfoo([outcome(0, SOURCE, True), outcome(0, "openai:gpt-5", True)])
    )
    with pytest.raises(UsageError, match="say which provider is the source with --pair"):
        files.read(tmp_path / "out.json", "auto", given(), BOOK)
    with pytest.raises(
        UsageError,
        match=r"no result of gpt-4\.1-mini in it; the providers are openai:gpt-4\.1-2025-04-14, openai:gpt-5",
    ):
        files.read(tmp_path / "out.json", "auto", given(pair=paired_rows.PAIR), BOOK)
