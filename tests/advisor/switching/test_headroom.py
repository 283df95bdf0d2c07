"""How much of a slice a rate limit has room for."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import headroom
from advisor.switching.headroom import Limited
from ledger.errors import UsageError

HOURS = st.dictionaries(st.integers(0, 5), st.integers(0, 10**9), max_size=6)


def test_the_busiest_hour_decides_worked_by_hand() -> None:
    # 1,000 tokens a minute are 60,000 an hour; the busiest hour needs 80,000.
    assert headroom.share(1_000, {1: 10_000, 2: 80_000}, {}) == Fraction(3, 4)
    assert headroom.share(1_000, {1: 10_000}, {}) == 1
    assert headroom.share(1_000, {}, {}) == 1


def test_what_the_target_serves_already_takes_room() -> None:
    # 60,000 less 40,000 leave 20,000 of the 80,000; the quiet hour with a full target leaves nothing.
    assert headroom.share(1_000, {2: 80_000}, {2: 40_000}) == Fraction(1, 4)
    assert headroom.share(1_000, {1: 10, 2: 80_000}, {1: 60_000}) == 0


@given(st.integers(0, 10**8), HOURS, HOURS)
def test_the_share_fits_in_every_hour_and_a_larger_one_would_not(
    limit: int, needed: dict[int, int], served: dict[int, int]
) -> None:
    share = headroom.share(limit, needed, served)
    assert 0 <= share <= 1
    busy = [hour for hour, tokens in needed.items() if tokens]
    full = {hour: served.get(hour, 0) + share * needed[hour] for hour in busy}
    assert all(tokens <= max(60 * limit, served.get(hour, 0)) for hour, tokens in full.items())
    cut = Fraction(1, 10**9)
    assert share == 1 or any(full[hour] + cut * needed[hour] >= 60 * limit for hour in busy)


def test_limits_are_read() -> None:
    text = 'gpt-4.1-mini=30000000, azure/gpt-4.1-mini = 5, "ft:gpt-4.1-mini:a,b"=7'
    assert headroom.parse(text) == {
        Limited(None, "gpt-4.1-mini"): 30_000_000,
        Limited("azure.ai.openai", "gpt-4.1-mini"): 5,
        Limited(None, "ft:gpt-4.1-mini:a,b"): 7,
    }
    assert headroom.parse("") == {}


@pytest.mark.parametrize("text", ["gpt-4.1-mini", "gpt-4.1-mini=30M", "=5", "a=1,,b=2", "a=-1"])
def test_a_limit_that_cannot_be_read_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"SWITCHWISE_RATE_LIMITS: .* is not a rate limit; write"):
        headroom.parse(text)
