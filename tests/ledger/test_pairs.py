"""Reading the pairs setting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import pairs
from ledger.errors import UsageError
from ledger.pairs import Pair, Side
from tests.advisor import books


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gpt-4.1:gpt-4.1-mini", Pair(Side(None, "gpt-4.1"), Side(None, "gpt-4.1-mini"))),
        (" a@batch : openai/b@flex ", Pair(Side(None, "a", "batch"), Side("openai", "b", "flex"))),
        ("azure/a:b", Pair(Side("azure.ai.openai", "a"), Side(None, "b"))),
        (
            'openai/"ft:gpt-4.1:acme::x1"@batch:b',
            Pair(Side("openai", "ft:gpt-4.1:acme::x1", "batch"), Side(None, "b")),
        ),
        (
            'together/meta/big:"meta/small"',
            Pair(Side("together_ai", "meta/big"), Side(None, "meta/small")),
        ),
        ("a:a@batch", Pair(Side(None, "a"), Side(None, "a", "batch"))),
        ("a:openai/a", Pair(Side(None, "a"), Side("openai", "a"))),
    ],
)
def test_a_pair_is_read(text: str, expected: Pair) -> None:
    assert pairs.parse(text) == (expected,)


def test_a_list_is_read_in_order_and_repeats_count_once() -> None:
    assert [str(pair) for pair in pairs.parse('a:b, "c,d":e,a:b')] == ["a:b", '"c,d":e']


def test_the_word_auto_stands_among_the_pairs_and_is_none_of_them() -> None:
    policy = pairs.parse_policy("gpt-4.1:gpt-4.1-mini, auto")
    assert policy == pairs.Policy(pairs.parse("gpt-4.1:gpt-4.1-mini"), proposes=True)
    assert pairs.parse_policy("auto") == pairs.Policy((), proposes=True)
    assert pairs.parse_policy("gpt-4.1:auto") == pairs.Policy(pairs.parse("gpt-4.1:auto"))
    with pytest.raises(UsageError, match=r"'Auto' is not a pair of models; write .*, or auto"):
        pairs.parse_policy("Auto")
    with pytest.raises(UsageError, match="'auto' is not a pair of models"):
        pairs.parse_one("auto")


def test_an_empty_setting_has_no_pairs() -> None:
    assert pairs.parse("  ") == ()


@pytest.mark.parametrize(
    "text",
    [
        "gpt-4.1",
        "a:b:c",
        ":b",
        "a:",
        "a b:c",
        "a:b@turbo",
        'a:"b',
        "a:b,",
        "a:a",
        "a@batch:a@batch",
        "a@:b",
        "/a:b",
        "a/:b",
    ],
)
def test_a_bad_pair_is_refused_by_name_with_the_form(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        pairs.parse(text)
    message = str(refused.value)
    assert repr(text.split(",")[-1].strip()) in message
    assert "\n" not in message


def test_snapshots_and_prefixes_in_a_pair_are_read_as_the_price_book_names_them() -> None:
    pair = pairs.parse_one("gpt-4.1-2025-04-14:GPT-4.1-mini")
    assert pairs.canonicalise(pair, books.OPENAI, books.book()) == Pair(
        Side(None, books.BIG), Side(None, books.MINI)
    )


NAMES = st.text(st.sampled_from("abz019.-_:/@,"), min_size=1, max_size=12)
SIDES = st.builds(
    Side, st.none() | st.just("openai"), NAMES, st.none() | st.sampled_from(pairs.TIERS)
)


@given(SIDES, SIDES)
def test_every_pair_is_read_back_from_its_own_text(source: Side, target: Side) -> None:
    pair = Pair(source, target)
    if pair.keeps_model and target.service_tier in (None, source.service_tier):
        return
    assert pairs.parse(str(pair)) == (pair,)
