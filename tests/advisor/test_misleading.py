"""How tools of this kind mislead, case by case: none of it may happen here. The names are the threads and tools it was read in."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from advisor.advice import computation, values
from advisor.months import pricings
from advisor.stages import realisation
from advisor.switching import advice, candidates, counterfactual, factors, risk, window
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from ledger import clock, money, pairs, settings
from ledger.database import Database
from ledger.pricing import prices
from tests import conftest, ledgers
from tests.advisor import books

LARGE = books.slice_of(books.cell(10**9, output=10**9))
KNOWN = Standing(coverage=Fraction(1), class_level=risk.class_level("classification"))
NOW_US = clock.to_us(conftest.NOW)


def _advice(
    slice_: candidates.Slice,
    named: str = "gpt-4.1:gpt-4.1-mini",
    book: prices.PriceBook | None = None,
    **terms: object,
) -> advice.Advice:
    chosen = advice.Terms(pairs=pairs.parse(named), **terms)  # type: ignore[arg-type]  # a test that misspells a term fails at once
    return advice.on_slice(
        slice_, KNOWN, chosen, market=Market(book or books.book(), books.AS_OF_DAY)
    ).ranked[0]


def _point(found: advice.Advice) -> int:
    assert found.saving is not None
    return found.saving.expected_femto_usd


def test_burnlens_a_model_that_does_not_exist_saves_no_100_percent() -> None:
    found = _advice(LARGE, "gpt-4.1:gpt-4.1-nano-free")
    assert (found.decision.kind, found.decision.counted, found.saving) == (
        "blocked",
        False,
        None,
    )


def test_burnlens_confidence_is_no_constant() -> None:
    grades = {
        risk.confidence(
            days=days,
            requests=requests,
            prices_backdated=False,
            unmeasured_factors=unmeasured,
            quality_risk=quality,
            forecast_error=error,
        ).grade
        for days, requests, unmeasured, quality, error in (
            (28, 20_000, 0, 0, Fraction(0)),
            (14, 2_000, 2, 1, Fraction(1, 5)),
            (7, 1_000, 4, 3, None),
        )
    }
    assert grades == {"high", "medium", "low"}


def test_spanlens_the_ratio_is_that_of_the_slice_and_not_of_the_pair() -> None:
    # The same pair of models: a fifth of the price on input, five times the price on output.
    dear = f"gpt-4.1:{books.DEAR}"
    gaps = {
        _advice(books.slice_of(cell), dear).price_gap
        for cell in (books.cell(100), books.cell(100, output=9))
    }
    assert len(gaps) == 2


def test_spanlens_a_fall_of_traffic_is_no_saving() -> None:
    saved = [_point(_advice(books.slice_of(books.cell(size)))) for size in (10**9, 5 * 10**8)]
    assert saved[0] == pytest.approx(2 * saved[1], rel=0, abs=10**6)
    before, after = (
        realisation.Spend(Fraction(1_000), Fraction(500)),
        realisation.Spend(Fraction(500), Fraction(250)),
    )
    found = realisation.before_after(before, after)
    assert found is not None
    assert (found.saving_femto_usd, found.volume_femto_usd) == (Fraction(0), Fraction(-250))


def test_litellm_38817_totals_add_up_over_slices_and_never_count_two_alternatives_of_one() -> None:
    waiting = replace(LARGE, can_wait=True)
    named = "gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-6-luna,gpt-4.1:gpt-4.1@batch"
    every = advice.on_slice(
        waiting,
        KNOWN,
        advice.Terms(pairs=pairs.parse(named)),
        market=books.MARKET,
    ).ranked
    assert len(every) == 5
    span = window.Window(books.AS_OF_DAY - 28, books.AS_OF_DAY - 1)
    recommendation = values.recommend(every[0], span, "by hand", others=every[1:])
    total = values.total([recommendation, recommendation])
    assert total.month.expected_femto_usd == 2 * _point(every[0])
    assert len(recommendation.other_targets) == 4


def test_litellm_38816_a_gap_of_80_percent_may_be_a_loss_and_is_shown_as_one() -> None:
    found = _advice(books.slice_of(books.cell(10**9, 9 * 10**8)))
    assert found.price_gap == Fraction("0.8")
    assert found.saving is not None
    assert found.saving.low_femto_usd < 0
    assert found.decision.kind == "keep"


def test_litellm_38700_a_verifier_and_every_other_added_cost_is_in_the_saving() -> None:
    cells = [books.moved(books.cell(10**6, output=10**6))]
    bare = counterfactual.saving(cells, factors.ASSUMED_EXPECTED)
    checked = counterfactual.saving(
        cells, replace(factors.ASSUMED_EXPECTED, verifier_femto_usd=books.USD)
    )
    assert bare - checked == books.USD
    assert bare < counterfactual.saving(cells, factors.NEUTRAL)


def test_the_baseline_is_what_the_slice_costs_and_not_the_dearest_model() -> None:
    cheap = replace(LARGE, model=books.MINI)
    found = _advice(cheap, "gpt-4.1-mini:gpt-6-luna")
    assert found.cost_month_femto_usd == money.round_to_nano_usd(
        Fraction(2_000 * books.USD, 28) * Fraction(365, 12)
    )
    assert _point(found) < (found.cost_month_femto_usd or 0)


def test_a_slice_without_traffic_is_not_advised_on_and_counts_nothing() -> None:
    for empty in (
        books.slice_of(),
        books.slice_of(books.cell(0, requests=0)),
        books.slice_of(days=0),
    ):
        found = advice.on_slice(
            empty,
            Standing(),
            advice.Terms(pairs=pairs.parse("gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-4.1@batch")),
            market=books.MARKET,
        ).ranked
        assert not any(each.decision.counted for each in found)
        assert found[0].price_gap is None


@pytest.mark.parametrize("days_left", [0, 1])
def test_a_target_that_retires_tomorrow_blocks_whatever_it_saves(days_left: int) -> None:
    leaving = prices.ModelFacts(retirement=prices.Retirement(books.AS_OF_DAY + days_left, None, ""))
    found = _advice(LARGE, book=books.book({books.MINI: leaving}))
    assert (found.decision.kind, found.decision.reason) == ("blocked", "target_retires")
    assert found.until_retirement is not None
    # The low end saves 33.1 % of 10,000 USD in 28 days.
    assert found.until_retirement.low_femto_usd == money.round_to_nano_usd(
        Fraction(3_310 * books.USD, 28) * days_left
    )


def test_a_source_that_retires_tomorrow_blocks_nothing_nor_does_a_cost_that_is_due_anyway() -> None:
    leaving = prices.ModelFacts(
        context_window=1_047_576,
        max_output_tokens=32_768,
        retirement=prices.Retirement(books.AS_OF_DAY + 1, books.LUNA, ""),
    )
    book = books.book({books.BIG: leaving, books.MINI: prices.ModelFacts()})
    found = _advice(LARGE, book=book)
    assert (found.decision.kind, found.decision.notices, found.days_left) == (
        "pilot",
        ("source_retires",),
        1,
    )
    costly = _advice(LARGE, book=book, one_off_femto_usd=10_000 * books.USD)
    assert (costly.decision.kind, costly.decision.reason) == ("pilot", "no_evidence")


def test_cheaper_on_input_and_dearer_on_output_wins_or_loses_by_the_slices_own_mix() -> None:
    dear = f"gpt-4.1:{books.DEAR}"
    reading, writing = (
        _advice(books.slice_of(cell), dear)
        for cell in (books.cell(10**9), books.cell(10**8, output=10**9))
    )
    assert _point(reading) > 0 > _point(writing)
    assert writing.price_gap is not None
    assert writing.price_gap < 0
    assert writing.decision.reason == "no_saving"


@pytest.mark.usefixtures("frozen_now")
@given(st.permutations(range(12)))
@hypothesis_settings(max_examples=5, deadline=None)
def test_the_order_of_events_changes_no_figure(order: list[int]) -> None:
    def event(number: int) -> object:
        tier = ("standard", "batch", "priority")[number % 3]
        return ledgers.event(
            NOW_US - (number + 1) * clock.DAY_US,
            id=str(number),
            input_tokens=1_000_003 * (number + 1),
            output_tokens=7 * number,
            label_set=ledgers.labels(
                service_tier=tier, service_tier_requested=tier, features=1 << number % 6
            ),
        )

    found = []
    for numbers in (range(12), order):
        database = Database("sqlite://")
        database.migrate()
        ledgers.add(database, [event(number) for number in numbers])  # type: ignore[misc]  # events
        ledgers.settle(database)
        chosen = settings.load(
            pairs="gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-4.1@batch", can_wait="search"
        )
        with database.snapshot() as session:
            found.append(computation.compute(session, pricings.in_force(session), chosen, NOW_US))
        database.close()
    assert found[0] == found[1]
    assert found[0][0].cells
