"""What no token count holds blocks advice only where the move changes it, or it may cost over 1 %."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import advice, candidates, meter_gaps
from advisor.switching.cost import MeterUse
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from ledger import pairs
from ledger.pricing import prices
from tests.advisor import books

SLICE = books.slice_of(books.cell(10**9, output=10**7))
COST = Market(books.book(), books.AS_OF_DAY).cost_of(SLICE.cells, books.OPENAI, books.BIG).femto_usd
TO_MINI = pairs.Pair(pairs.Side(None, books.BIG), pairs.Side(None, books.MINI))
ELSEWHERE = pairs.Pair(pairs.Side(None, books.BIG), pairs.Side(books.AZURE, books.MINI))


def use(meter: str = "web_searches", quantity: int = 100, requests: int = 2_000) -> MeterUse:
    """What the slice used of a meter at the standard tier."""
    return MeterUse(
        service_tier="standard",
        context_band=0,
        region="",
        meter=meter,
        quantity=quantity,
        requests=requests,
    )


def market(now: int | None, instead: int | None, meter: str = "web_searches") -> Market:
    """The hand-written book with a rate of a meter on each side; femto-USD a unit."""
    book = books.book()
    rates = {books.BIG: now, books.MINI: instead}
    rows = {}
    for key, prices_of_key in book.prices.items():
        rate = rates.get(key.model)
        rare = () if rate is None else ((meter, rate),)
        rows[key] = tuple(
            replace(row, rates=replace(row.rates, rare=rare)) for row in prices_of_key
        )
    azure = prices.PriceKey(books.AZURE, books.MINI, "standard")
    rows[azure] = rows[prices.PriceKey(books.OPENAI, books.MINI, "standard")]
    return Market(replace(book, prices=rows), books.AS_OF_DAY)


def covered(
    uses: tuple[MeterUse, ...],
    at: Market,
    pair: pairs.Pair = TO_MINI,
    base: Fraction | None = Fraction(1),
) -> Fraction | None:
    """How much of a move is known."""
    slice_ = replace(SLICE, meter_uses=uses)
    return meter_gaps.find_coverage(candidates.assess(slice_, pair, at), base, at)


RATES = st.none() | st.integers(0, 10**14)


@given(RATES, RATES, st.integers(1, 10**6), st.integers(1, 5_000), st.fractions(0, 1))
def test_a_move_is_known_as_far_as_what_it_changes_is_known(
    now: int | None, instead: int | None, quantity: int, requests: int, base: Fraction
) -> None:
    known = covered((use(quantity=quantity, requests=requests),), market(now, instead), base=base)
    if now == instead or (now is not None and instead is not None and instead <= now):
        assert known == base
    elif instead is not None:
        dearer = Fraction(quantity * (instead - (now or 0)))
        assert known == min(base, max(Fraction(0), 1 - dearer / COST))
    else:
        assert known == min(base, max(Fraction(0), 1 - Fraction(requests, 2_000)))


@given(RATES, st.integers(1, 10**9), st.sampled_from(["web_searches", "other_meter"]))
def test_a_fee_that_stays_as_it_is_changes_no_decision(
    rate: int | None, quantity: int, meter: str
) -> None:
    at = market(rate, rate, meter)
    standing, terms = Standing(coverage=Fraction(1)), advice.Terms(pairs=(TO_MINI,))
    plain, searching = (
        advice.on_slice(slice_, standing, terms, at).ranked[0]
        for slice_ in (SLICE, replace(SLICE, meter_uses=(use(meter, quantity),)))
    )
    assert searching.decision == plain.decision
    assert searching.decision.kind == "pilot"
    assert searching.coverage == plain.coverage


def test_a_fee_without_a_rate_blocks_a_move_to_another_seller_and_none_at_the_same() -> None:
    searches, at = (use(),), market(None, None)
    assert covered(searches, at) == 1
    assert covered(searches, at, ELSEWHERE) == 0
    few = (use(requests=20),)
    assert covered(few, at, ELSEWHERE) == Fraction(99, 100)


@pytest.mark.parametrize(("share", "kind"), [("0.01", "pilot"), ("0.0101", "not_enough_data")])
def test_what_may_cost_more_than_one_percent_stops_advice(share: str, kind: str) -> None:
    dearer = int(Fraction(share) * COST)
    at = market(None, dearer)
    slice_ = replace(SLICE, meter_uses=(use(quantity=1, requests=1),))
    (advised,) = advice.on_slice(
        slice_, Standing(coverage=Fraction(1)), advice.Terms(pairs=(TO_MINI,)), at
    ).ranked
    assert advised.decision.kind == kind
    assert advised.coverage == 1 - Fraction(dearer, COST)


def test_tokens_nobody_can_name_cost_at_most_the_dearest_rate_of_the_target() -> None:
    hidden = (use("unaccounted_tokens", quantity=10**6, requests=1),)
    output_rate = books.RATES[books.MINI, "standard"].output
    assert output_rate is not None
    assert covered(hidden, books.MARKET) == 1 - Fraction(10**6 * output_rate, COST)


def test_audio_that_nobody_counted_counts_by_its_requests_and_stays_with_its_model() -> None:
    unread = (use("unread_audio_requests", requests=500),)
    assert covered(unread, books.MARKET) == Fraction(3, 4)
    stays = pairs.Pair(pairs.Side(None, books.BIG), pairs.Side(None, books.BIG))
    assert covered(unread, books.MARKET, stays) == 1
    assert covered(unread, books.MARKET, base=None) is None
