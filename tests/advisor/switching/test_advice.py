"""Advice on slices: what is chosen, what is added up, and what other tools get wrong."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from advisor.advice import values
from advisor.switching import advice, candidates, cost, ranking, risk, window
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from ledger import clock, money, pairs
from ledger.pricing import price_book, prices
from tests.advisor import books, strategies
from tests.advisor.evidence import examples

KNOWN = Standing(coverage=Fraction(1), class_level=risk.class_level("classification"))
BOTH = "gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-6-luna"
LARGE = books.slice_of(books.cell(10**9, output=10**9))


def _advice(
    slice_: candidates.Slice = LARGE,
    named: str = "gpt-4.1:gpt-4.1-mini",
    standing: Standing = KNOWN,
) -> list[advice.Advice]:
    return advice.on_slice(
        slice_,
        standing,
        advice.Terms(pairs=pairs.parse(named)),
        market=books.MARKET,
    ).ranked


def _total(chosen: Iterable[advice.Advice]) -> candidates.Estimate:
    span = window.look_back((books.AS_OF_DAY - 28) * 24, books.AS_OF_DAY)
    return values.total(values.recommend(item, span, "by hand") for item in chosen).month


def test_without_evidence_the_product_pair_is_a_pilot_with_a_notice() -> None:
    (found,) = _advice()
    assert (found.decision.kind, found.decision.reason) == ("pilot", "no_evidence")
    assert found.decision.notices == ("source_retires",)
    assert (found.days_left, found.risk.level, found.confidence.grade) == (52, 4, "low")


def test_the_break_evens_stand_beside_the_saving() -> None:
    (found,) = _advice()
    assert found.at_neutral is not None
    assert found.at_expected is not None
    assert found.at_neutral.escalation_rate == Fraction("0.8")
    assert found.at_expected.escalation_rate == Fraction("0.6368")


def test_a_saving_ends_with_the_model_that_goes_first() -> None:
    # 28 days cost 10,000 USD; the expected saves 67.1 %: 6,710 / 28 a day, for 52 days.
    (found,) = _advice()
    assert found.until_retirement is not None
    exact = Fraction(6_710 * books.USD, 28) * 52
    assert found.until_retirement.expected_femto_usd == money.round_to_nano_usd(exact)


def test_a_router_is_priced_beside_the_cascade() -> None:
    # (1 - 0.125) x (1 - 1.02 x 0.2) of 10,000 USD in 28 days.
    (found,) = _advice()
    assert found.router_femto_usd == money.round_to_nano_usd(
        Fraction("0.6965") * 10_000 * books.USD / 28 * Fraction(365, 12)
    )


def test_the_alternative_with_the_best_low_end_is_chosen() -> None:
    assert [item.to_model for item in _advice(named=BOTH)] == [books.LUNA, books.MINI]


def test_what_counts_goes_first_and_what_is_blocked_last_whatever_they_save() -> None:
    worse = examples.evidence("inferior")
    kept, leaving = (
        {books.LUNA: worse},
        prices.ModelFacts(retirement=prices.Retirement(books.AS_OF_DAY + 9, None, "")),
    )
    for evidence, book, order in (
        (kept, books.book(), [(books.MINI, "pilot"), (books.LUNA, "keep")]),
        (
            {books.MINI: worse},
            books.book({books.LUNA: leaving}),
            [(books.MINI, "keep"), (books.LUNA, "blocked")],
        ),
    ):
        standing, terms = replace(KNOWN, evidence=evidence), advice.Terms(pairs=pairs.parse(BOTH))
        found = advice.on_slice(LARGE, standing, terms, market=Market(book, books.AS_OF_DAY)).ranked
        assert [(item.to_model, item.decision.kind) for item in found] == order
        lows = [item.saving.low_femto_usd for item in found if item.saving]
        assert lows[0] < lows[1]


def test_the_best_low_end_wins_over_a_better_high_end() -> None:
    # At half input, half output batch saves 50 % for sure, the smaller model 33.1 to 78.2 %, both together 47.8 to 84.1 %.
    waiting = books.slice_of(books.cell(10**9, output=10**9), can_wait=True)
    found = _advice(waiting, "gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-4.1@batch")
    assert [(item.to_model, item.to_service_tier) for item in found] == [
        (books.BIG, "batch"),
        (books.MINI, "batch"),
        (books.MINI, None),
    ]


def test_a_blocked_alternative_is_never_chosen_over_one_that_can_be_piloted() -> None:
    # Batch halves the cost at its low end too, but nothing says that the traffic can wait.
    found = _advice(named="gpt-4.1:gpt-4.1@batch,gpt-4.1:gpt-4.1-mini")
    assert [item.decision.kind for item in found] == ["pilot", "blocked", "blocked"]


def test_a_slice_that_no_pair_starts_at_gets_no_advice() -> None:
    assert _advice(replace(LARGE, model=books.MINI)) == []


def test_the_snapshot_in_a_pair_finds_the_slice_of_its_family() -> None:
    assert len(_advice(named="gpt-4.1-2025-04-14:gpt-4.1-mini,gpt-4.1:gpt-4.1-mini")) == 1


def test_the_id_stays_for_a_slice_and_target_and_differs_by_tier() -> None:
    today = _advice()[0].id
    more_traffic = _advice(books.slice_of(books.cell(7)))[0].id
    other_tier = _advice(named="gpt-4.1:gpt-4.1-mini@batch")[0].id
    assert today == more_traffic != other_tier


def test_only_counted_decisions_enter_the_total_and_each_slice_once() -> None:
    counted, small = _advice(named=BOTH)[0], _advice(replace(LARGE, days=6))[0]
    assert small.decision.kind == "not_enough_data"
    assert small.saving is not None
    estimate = counted.saving
    assert estimate is not None
    assert _total([counted, small]) == estimate


@given(st.lists(strategies.SLICES, min_size=1, max_size=3), st.booleans())
def test_the_total_never_exceeds_the_largest_alternatives_nor_the_cost(
    found: list[list[cost.Cell]], can_wait: bool
) -> None:
    named = f"{BOTH},gpt-4.1:gpt-4.1@batch"
    advised = [_advice(books.slice_of(*cells, can_wait=can_wait), named) for cells in found]
    total = _total(each[0] for each in advised)
    low, expected, high = (total.at(end) for end in candidates.ENDS)
    largest = [
        max(
            [
                0,
                *(item.saving.high_femto_usd for item in each if item.saving),
            ]
        )
        for each in advised
    ]
    spent = sum(each[0].cost_month_femto_usd or 0 for each in advised)
    assert low <= expected <= high <= sum(largest) <= spent


def test_a_switch_to_a_model_that_does_not_exist_saves_nothing() -> None:
    (found,) = _advice(named="gpt-4.1:gpt-4.1-micro")
    assert (found.decision.kind, found.decision.reason) == ("blocked", "target_unpriced")
    assert _total([found]) == candidates.Estimate(0, 0, 0)


def test_a_target_cheaper_on_input_and_dearer_on_output_is_a_loss_shown_with_its_sign() -> None:
    (found,) = _advice(named=f"gpt-4.1:{books.DEAR}")
    assert found.saving is not None
    assert found.saving.high_femto_usd < 0
    assert (found.decision.kind, found.decision.reason) == ("keep", "no_saving")


def test_confidence_does_not_grow_with_dollars() -> None:
    grades = {
        _advice(books.slice_of(books.cell(size, output=size)))[0].confidence.grade
        for size in (10**3, 10**12)
    }
    assert len(grades) == 1


def test_less_traffic_never_looks_like_a_saving() -> None:
    full, half = (
        _advice(books.slice_of(books.cell(size)))[0].saving for size in (10**9, 10**9 // 2)
    )
    assert full is not None
    assert half is not None
    assert 2 * half.low_femto_usd == full.low_femto_usd


def test_a_heavily_cached_slice_is_kept_although_the_price_gap_is_80_percent() -> None:
    (found,) = _advice(books.slice_of(books.cell(10**9, 9 * 10**8)))
    assert found.price_gap == Fraction("0.8")
    assert (found.decision.kind, found.decision.reason) == ("keep", "no_saving")


def test_a_proven_target_still_waits_while_its_factors_are_assumed() -> None:
    proven = replace(KNOWN, evidence={"gpt-4.1-mini": examples.evidence("non_inferior")})
    (found,) = _advice(standing=proven)
    assert (found.decision.kind, found.decision.reason, found.risk.worst) == (
        "pilot",
        "risk",
        ["factors"],
    )


def test_the_shipped_book_advises_the_pair_as_the_hand_written_one_does() -> None:
    day = clock.day_number(clock.EPOCH.replace(year=2026, month=11, day=23).date())
    terms = advice.Terms(pairs=pairs.parse("gpt-4.1:gpt-4.1-mini"))
    (shipped,) = advice.on_slice(
        LARGE, KNOWN, terms, market=Market(price_book.shipped(), day)
    ).ranked
    assert shipped.saving == _advice()[0].saving
    assert shipped.days_left == 52
    first = ranking.other_models(LARGE, Market(price_book.shipped(), day), {shipped.to_model})[0]
    assert (first.model, first.is_successor) == ("gpt-6-luna", True)
