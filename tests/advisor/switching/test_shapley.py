"""Splitting a joint saving: by hand, and the laws that make the split the only fair one."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import shapley
from ledger import money
from ledger.errors import UsageError

NANO = 10**6
"""The least amount that a rounded saving knows, in femto-USD."""
SIX = ("batch", "cache", "model", "output", "priority", "region")


def _states(levers: tuple[str, ...]) -> list[frozenset[str]]:
    return [
        frozenset(chosen)
        for size in range(1, len(levers) + 1)
        for chosen in combinations(levers, size)
    ]


def _whole(game: Mapping[frozenset[str], int | None]) -> frozenset[str]:
    return frozenset().union(*game)


@st.composite
def games(draw: st.DrawFn, unpriced: bool = True) -> dict[frozenset[str], int | None]:
    """The savings of every state of up to six levers, some of them without a price; the whole state has one."""
    levers = SIX[: draw(st.integers(1, 6))]
    amounts = st.integers(-(10**15), 10**15).map(lambda amount: amount * NANO)
    found: dict[frozenset[str], int | None] = {
        state: draw(st.none() | amounts if unpriced else amounts) for state in _states(levers)
    }
    found[frozenset(levers)] = draw(amounts)
    return found


def test_model_and_batch_split_by_hand() -> None:
    # The model alone saves 80, batch alone 50, both 90 of 100: (80 + 90 - 50) / 2 and (50 + 90 - 80) / 2.
    usd = money.FEMTO_PER_USD
    values = {
        frozenset({"model"}): 80 * usd,
        frozenset({"tier"}): 50 * usd,
        frozenset({"model", "tier"}): 90 * usd,
    }
    assert shapley.split(values) == {"model": 60 * usd, "tier": 30 * usd}


def test_a_state_without_a_price_takes_the_largest_of_its_priced_subsets() -> None:
    # {b, c} has no price and takes c's 30; {a, b} takes the empty state's 0, as both of its parts lose.
    values = {
        frozenset("a"): -10 * NANO,
        frozenset("b"): -20 * NANO,
        frozenset("c"): 30 * NANO,
        frozenset("ab"): None,
        frozenset("ac"): 40 * NANO,
        frozenset("bc"): None,
        frozenset("abc"): 60 * NANO,
    }
    filled = values | {frozenset("ab"): 0, frozenset("bc"): 30 * NANO}
    assert shapley.split(values) == shapley.split(filled)


def test_the_remainder_goes_to_the_part_largest_in_absolute_value() -> None:
    # a: (-3 + 4) / 2 = 0.5 rounds to 0, b: (0 + 4 + 3) / 2 = 3.5 rounds to 4: together they are 4.
    values = {frozenset("a"): -3 * NANO, frozenset("b"): 0, frozenset("ab"): 4 * NANO}
    assert shapley.split(values) == {"a": 0, "b": 4 * NANO}
    # Thirds: each is 1/3 and rounds to 0; on a tie the first takes what is left.
    thirds: dict[frozenset[str], int | None] = dict.fromkeys(_states(("a", "b", "c")), 0)
    thirds[frozenset("abc")] = NANO
    assert shapley.split(thirds) == {"a": NANO, "b": 0, "c": 0}


@given(games())
def test_the_parts_add_up_to_the_joint_saving_to_the_last_digit(
    game: dict[frozenset[str], int | None],
) -> None:
    assert sum(shapley.split(game).values()) == game[_whole(game)]


@given(games(), st.data())
def test_the_order_of_states_changes_nothing(
    game: dict[frozenset[str], int | None], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(list(game.items())))
    assert list(shapley.split(dict(shuffled)).items()) == list(shapley.split(game).items())


@given(games(unpriced=False))
def test_a_lever_that_adds_nothing_gets_nothing_but_a_remainder(
    game: dict[frozenset[str], int | None],
) -> None:
    idle = {
        **game,
        frozenset({"idle"}): 0,
        **{state | {"idle"}: value for state, value in game.items()},
    }
    if len(_whole(idle)) <= shapley.MOST_LEVERS:
        assert abs(shapley.split(idle)["idle"]) <= shapley.MOST_LEVERS * NANO


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6))
def test_levers_that_do_not_touch_each_other_keep_what_they_save_alone(alone: list[int]) -> None:
    own = {lever: amount * NANO for lever, amount in zip(SIX, alone, strict=False)}
    assert (
        shapley.split({state: sum(own[lever] for lever in state) for state in _states(tuple(own))})
        == own
    )


@given(games(unpriced=False))
def test_no_part_is_off_by_more_than_the_roundings(game: dict[frozenset[str], int | None]) -> None:
    # Two levers: a's part is (v(a) + v(ab) - v(b)) / 2, whatever else is rounded.
    levers = sorted(_whole(game))
    if len(levers) == 2:
        first, second = levers
        single, other, both = (
            game[frozenset(chosen)] or 0 for chosen in ({first}, {second}, {first, second})
        )
        assert abs(shapley.split(game)[first] - Fraction(single + both - other, 2)) <= 2 * NANO


def test_more_than_six_levers_are_refused() -> None:
    with pytest.raises(UsageError, match="at most 6"):
        shapley.split({frozenset("abcdefg"): 1})
