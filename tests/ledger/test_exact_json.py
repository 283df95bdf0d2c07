"""Values as JSON that every reader keeps exact, and back without loss."""

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import exact_json

FEMTO_USD = st.integers(-(10**30), 10**30)
DAYS = st.integers(0, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Something with every unit that becomes text."""

    day: int
    cost_femto_usd: int | None
    nano_usd_per_mtok: int | None
    list_nano_usd_per_mtok: dict[str, int]
    tokens: int


PRICED = st.builds(
    Priced,
    day=DAYS,
    cost_femto_usd=st.none() | FEMTO_USD,
    nano_usd_per_mtok=st.none() | st.integers(0, 10**15),
    list_nano_usd_per_mtok=st.dictionaries(
        st.sampled_from(["output", "cached_input"]), st.integers(0, 10**15)
    ),
    tokens=st.integers(0, 10**12),
)


def test_the_end_of_a_name_says_what_an_integer_becomes() -> None:
    priced = Priced(
        day=20_758,
        cost_femto_usd=2_500_000_000_000_000,
        nano_usd_per_mtok=2_000_000_000,
        list_nano_usd_per_mtok={"output": 4_500_000_000},
        tokens=1_000,
    )
    assert exact_json.render([priced]) == [
        {
            "day": "2026-11-01",
            "cost_usd": "2.50",
            "usd_per_mtok": "2.00",
            "list_usd_per_mtok": {"output": "4.50"},
            "tokens": 1_000,
        }
    ]


@given(values=st.lists(PRICED, max_size=3))
def test_what_is_rendered_is_parsed_without_loss(values: list[Priced]) -> None:
    json = msgspec.json.encode(exact_json.render(values))
    assert exact_json.parse(msgspec.json.decode(json), list[Priced]) == values


def test_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        exact_json.parse({"day": "2026-11-01"}, Priced)
