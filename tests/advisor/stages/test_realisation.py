"""Realised savings: examples worked by hand in decimals, and laws. Less traffic is no saving, and dearer is a loss."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from advisor.stages import realisation
from advisor.stages.realisation import Behaviour, InputSplit, Saving, Spend
from ledger import money
from ledger.pricing import prices
from ledger.pricing.prices import Rates
from ledger.tokens import TokenCounts

GPT_4_1 = Rates(uncached_input=2 * 10**9, cached_input=5 * 10**8, output=8 * 10**9)
MINI = Rates(uncached_input=4 * 10**8, cached_input=10**8, output=16 * 10**8)
counts = st.integers(1, 10**6).map(Fraction)
amounts = st.integers(0, 10**18).map(Fraction)
rates = st.fractions(0, 2, max_denominator=100)


def ran(requests: int, usd: str) -> Spend:
    return Spend(Fraction(requests), Fraction(money.femto_usd(usd)))


def usd(amount_femto_usd: Fraction) -> Decimal:
    assert amount_femto_usd.denominator == 1
    return money.usd(int(amount_femto_usd))


def test_what_ran_adds_up() -> None:
    assert ran(3, "0.50") + ran(4, "0.25") == ran(7, "0.75")


def test_a_hold_out_by_hand() -> None:
    # 100 requests stayed at 5.00 in all, so 900 would have cost 45.00; they cost 12.60.
    found = realisation.hold_out(ran(100, "5.00"), ran(900, "12.60"))
    assert found is not None
    assert (usd(found.instead_femto_usd), usd(found.saving_femto_usd)) == (
        Decimal("45.00"),
        Decimal("32.40"),
    )


def test_before_and_after_by_hand() -> None:
    # Before: 1,000 requests for 50.00. After: 800 for 11.00, on both models. 800 x 0.05 - 11 = 29; 200 fewer are 10 less.
    found = realisation.before_after(ran(1_000, "50.00"), ran(800, "11.00"))
    assert found is not None
    assert usd(found.saving_femto_usd) == Decimal("29.00")
    assert usd(found.volume_femto_usd) == Decimal("-10.00")


def test_repricing_by_hand() -> None:
    # The target used 1.53 M input and 0.306 M output tokens in 102 attempts for 100 requests: phi_out 1.5, r 0.02.
    # On the source that is 1.5 M input, a third of it cached, and 0.2 M output: 2.00 + 0.25 + 1.60 = 3.85.
    at = Behaviour(
        phi_out=Fraction(3, 2),
        extra_attempts=Fraction("0.02"),
        escalation_rate=Fraction("0.25"),
        sigma=Fraction("1.5"),
        verifier_femto_usd=Fraction(10**12),
    )
    used = TokenCounts(input_tokens=1_530_000, output_tokens=306_000)
    work = realisation.source_work(used, GPT_4_1, InputSplit(cached=Fraction(1, 3)), at)
    assert work is not None
    assert usd(work) == Decimal("3.85")
    cost = Fraction(prices.cost(used, MINI).femto_usd)  # 0.612 + 0.4896 = 1.1016
    # 0.50 ran on the source, less than the worst 0.375 x 3.85 = 1.44375; the verifier took 100 x 0.001 = 0.10.
    found = realisation.repricing(
        work, Spend(Fraction(100), cost), Fraction(money.femto_usd("0.50")), at
    )
    assert usd(found.saving_femto_usd) == Decimal("3.85") - Decimal("1.1016") - Decimal(
        "0.50"
    ) - Decimal("0.10")
    capped = realisation.repricing(
        work, Spend(Fraction(100), cost), Fraction(money.femto_usd("9.00")), at
    )
    assert usd(capped.saving_femto_usd) == Decimal("3.85") - Decimal("1.1016") - Decimal(
        "1.44375"
    ) - Decimal("0.10")


def test_audio_is_repriced_at_its_own_rates_by_hand() -> None:
    # phi_in 2, phi_out 4. Text 800k / 2 x 2 = 0.80, heard 200k / 2 x 10 = 1.00, written 60k / 4 x 8 = 0.12, said 40k / 4 x 20.
    heard = replace(GPT_4_1, input_audio=10 * 10**9, output_audio=20 * 10**9)
    used = TokenCounts(
        input_tokens=10**6,
        output_tokens=100_000,
        input_audio_tokens=200_000,
        output_audio_tokens=40_000,
    )
    at = Behaviour(phi_in=Fraction(2), phi_out=Fraction(4))
    work = realisation.source_work(used, heard, InputSplit(), at)
    assert work is not None
    assert usd(work) == Decimal("2.12")
    assert realisation.source_work(used, GPT_4_1, InputSplit(), at) is None


def test_an_escalated_request_is_one_request() -> None:
    at = Behaviour(escalation_rate=Fraction("0.25"))
    # 80 on the target, 15 of them again on the source: 80 requests. Of 30 on the source 20 are second runs at most.
    assert at.answered(Fraction(15), Fraction(80)) == 80
    assert at.answered(Fraction(30), Fraction(80)) == 90
    assert at.answered(Fraction(30), Fraction(0)) == 30


def test_a_source_without_a_rate_for_what_was_used_is_unknown() -> None:
    heard = TokenCounts(input_tokens=10, output_tokens=1, input_audio_tokens=5)
    assert realisation.source_work(heard, GPT_4_1, InputSplit(), Behaviour()) is None
    assert (
        realisation.source_work(
            TokenCounts(input_tokens=5), Rates(output=1), InputSplit(), Behaviour()
        )
        is None
    )


def test_an_empty_arm_or_period_says_nothing() -> None:
    assert realisation.hold_out(Spend(), ran(10, "1.00")) is None
    assert realisation.hold_out(ran(10, "1.00"), Spend()) is None
    assert realisation.before_after(Spend(), ran(10, "1.00")) is None
    assert realisation.before_after(ran(10, "1.00"), Spend()) is None


@given(counts, amounts, counts)
def test_less_or_more_of_the_same_traffic_is_no_saving(
    before: Fraction, cost: Fraction, after: Fraction
) -> None:
    found = realisation.before_after(Spend(before, cost), Spend(after, cost / before * after))
    assert found is not None
    assert found.saving_femto_usd == 0
    assert found.volume_femto_usd == (after - before) * cost / before
    arms = realisation.hold_out(Spend(before, cost), Spend(after, cost / before * after))
    assert arms is not None
    assert arms.saving_femto_usd == 0


@given(counts, amounts, counts, amounts)
def test_what_changed_in_the_bill_is_the_volume_effect_less_the_saving(
    before: Fraction, cost_before: Fraction, after: Fraction, cost_after: Fraction
) -> None:
    found = realisation.before_after(Spend(before, cost_before), Spend(after, cost_after))
    assert found is not None
    assert cost_after - cost_before == found.volume_femto_usd - found.saving_femto_usd


@given(counts, amounts, counts, amounts, st.integers(1, 100))
def test_nothing_that_moves_gets_cheaper_by_being_counted_twice(
    before: Fraction,
    cost_before: Fraction,
    after: Fraction,
    cost_after: Fraction,
    extra_femto_usd: int,
) -> None:
    at_least = realisation.hold_out(Spend(before, cost_before), Spend(after, cost_after))
    dearer = realisation.hold_out(
        Spend(before, cost_before), Spend(after, cost_after + extra_femto_usd)
    )
    assert at_least is not None
    assert dearer is not None
    assert at_least.saving_femto_usd - dearer.saving_femto_usd == extra_femto_usd


@given(counts, counts, rates)
def test_more_escalation_never_makes_more_requests(
    on_source: Fraction, on_target: Fraction, rate: Fraction
) -> None:
    at, without = Behaviour(escalation_rate=min(Fraction(1), rate)), Behaviour()
    answered = at.answered(on_source, on_target)
    assert on_target <= answered <= without.answered(on_source, on_target) == on_source + on_target


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.fractions(0, 1, max_denominator=100))
def test_a_target_that_does_what_the_source_did_at_its_prices_saves_nothing(
    input_tokens: int, output_tokens: int, cached: Fraction
) -> None:
    cached_tokens = int(input_tokens * cached)
    used = TokenCounts(
        input_tokens=input_tokens, cached_input_tokens=cached_tokens, output_tokens=output_tokens
    )
    split = InputSplit(
        cached=Fraction(cached_tokens, input_tokens) if input_tokens else Fraction(0)
    )
    work = realisation.source_work(used, GPT_4_1, split, Behaviour())
    assert work == prices.cost(used, GPT_4_1).femto_usd
    cost = Fraction(prices.cost(used, GPT_4_1).femto_usd)
    assert (
        realisation.repricing(
            work, Spend(Fraction(1), cost), Fraction(0), Behaviour()
        ).saving_femto_usd
        == 0
    )


@given(counts, counts)
def test_traffic_that_ran_on_the_target_already_was_not_moved(
    on_target: Fraction, before_a_day: Fraction
) -> None:
    share = realisation.moved_share(on_target, before_a_day)
    assert 0 <= share < 1
    assert share * on_target == max(Fraction(0), on_target - before_a_day)


@given(amounts, amounts, amounts)
def test_days_add_up(first: Fraction, second: Fraction, third: Fraction) -> None:
    days = [Saving(first, second, third), Saving(second, third, first)]
    assert sum(days, Saving()).saving_femto_usd == sum(
        (day.saving_femto_usd for day in days), Fraction(0)
    )
