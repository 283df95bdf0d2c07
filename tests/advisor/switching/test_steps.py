"""The safe step comes first: what can be done today, and what a trial may add to it."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from advisor.advice import rendering, values
from advisor.advice.values import Recommendation
from advisor.publishing.alerts import alert_text
from advisor.switching import advice, candidates, window
from advisor.switching.candidates import Estimate
from advisor.switching.market import Market
from advisor.switching.standing import Standing
from ledger import pairs
from ledger.pricing import prices
from tests.advisor import books

KNOWN = Standing(coverage=Fraction(1), class_level=0)
WAITS = books.slice_of(books.cell(10**9, output=10**8), can_wait=True)
BOTH = "gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-4.1@batch"
LASTING = Market(
    replace(
        books.book(),
        facts={(books.OPENAI, model): books.PLAIN_FACTS for model in (books.BIG, books.MINI)},
    ),
    books.AS_OF_DAY,
)


def _decided(
    named: str = BOTH,
    *,
    market: Market = LASTING,
    claimed: Sequence[str] = (),
    dismissed: Sequence[str] = (),
    sellers: frozenset[str] = frozenset(),
    slice_: candidates.Slice = WAITS,
) -> advice.SliceAdvice:
    terms = advice.Terms(pairs=pairs.parse(named), trusted_sellers=sellers)
    return advice.on_slice(slice_, KNOWN, terms, market, claimed=claimed, dismissed=dismissed)


def _recommended(decided: advice.SliceAdvice) -> Recommendation:
    chosen, *others = decided.ranked
    return values.recommend(
        chosen,
        window.Window(books.AS_OF_DAY - 28, books.AS_OF_DAY - 1),
        "by hand",
        others=others,
        next_step=decided.next_step,
    )


def _state(of: advice.Advice) -> tuple[str, str | None, str]:
    return of.to_model, of.to_service_tier, of.decision.kind


def test_what_needs_no_trial_goes_before_what_a_trial_may_save_more_with() -> None:
    decided = _decided()
    ranked, step = decided.ranked, decided.next_step
    assert _state(ranked[0]) == (books.BIG, "batch", "switch_now")
    assert step is not None
    assert _state(step) == (books.MINI, "batch", "pilot")
    assert [bool(explained.parts) for explained in (step, ranked[0])] == [True, True]


def test_the_total_is_the_safe_step_and_what_the_trial_adds() -> None:
    decided = _decided()
    recommendation = _recommended(decided)
    safe, step = decided.ranked[0].saving, recommendation.next_step
    assert safe is not None
    assert step is not None
    assert step.saving is not None
    assert recommendation.added is not None
    total = values.total([recommendation, recommendation])
    assert total.safe == safe + safe
    assert total.after_trial == recommendation.added + recommendation.added
    assert total.month == total.safe + total.after_trial
    assert recommendation.added.expected_femto_usd == (
        step.saving.expected_femto_usd - safe.expected_femto_usd
    )
    assert total.safe_is_proven
    assert not total.after_trial_is_proven
    assert values.decode(values.encode(recommendation)) == recommendation


def test_a_trial_never_adds_less_than_nothing() -> None:
    recommendation = _recommended(_decided())
    step = recommendation.next_step
    assert step is not None
    worse = replace(recommendation, next_step=replace(step, saving=Estimate(-5, 1, 10**30)))
    assert worse.added is not None
    assert worse.added.low_femto_usd == 0
    assert worse.added.high_femto_usd > 0


def test_every_face_says_at_least_only_of_what_nothing_is_assumed_of() -> None:
    figure = rendering.figure_of(_recommended(_decided()))
    step = figure.next_step
    assert step is not None
    assert (figure.low_name, figure.condition) == ("at least", None)
    assert step.low_name == "cautious"
    assert step.condition == (
        "if at most 25 % are redone on gpt-4.1 and answers are at most 1.5x as long"
    )


def test_the_alert_speaks_of_the_safe_money_by_itself() -> None:
    recommendation = _recommended(_decided())
    lines = alert_text.total([recommendation], ()).splitlines()
    assert lines[0].startswith("Could save at least $")
    assert lines[0].endswith("a month today, without a trial")
    assert lines[1].startswith("Trials may add $")
    assert "(cautious)" in lines[1]
    only_trial = _recommended(_decided("gpt-4.1:gpt-4.1-mini"))
    assert alert_text.total([only_trial], ()).startswith("Trials may save $")
    one = alert_text.saving(recommendation, ())
    assert "After that a trial of gpt-4.1-mini@batch may add $" in one


def test_what_people_have_in_hand_stays_first_and_what_they_dismissed_gives_way() -> None:
    safe, *others = _decided().ranked
    pilot = next(other for other in others if other.decision.kind == "pilot")
    assert _decided(claimed=[pilot.id]).ranked[0].id == pilot.id
    left = _decided(dismissed=[safe.id])
    assert left.ranked[0].id == pilot.id
    assert left.next_step is None
    assert _decided(dismissed=[other.id for other in others]).next_step is None


def test_a_target_that_ends_with_its_source_goes_behind_one_that_lasts() -> None:
    soon = prices.Retirement(books.AS_OF_DAY + 52, None, "")
    facts = {
        (books.OPENAI, books.BIG): replace(books.PLAIN_FACTS, retirement=soon),
        (books.OPENAI, books.MINI): replace(books.PLAIN_FACTS, retirement=soon),
        (books.OPENAI, books.LUNA): replace(books.PLAIN_FACTS, reasons=True),
    }
    market = Market(replace(books.book(), facts=facts), books.AS_OF_DAY)
    answers = books.slice_of(books.cell(10**8, output=10**9))
    first, second = _decided(
        "gpt-4.1:gpt-4.1-mini,gpt-4.1:gpt-6-luna", market=market, slice_=answers
    ).ranked
    assert (first.to_model, second.to_model) == (books.LUNA, books.MINI)
    assert second.low_femto_usd > first.low_femto_usd, "by its low end alone it would be first"


def test_another_seller_of_the_same_model_needs_a_trial_unless_people_trust_it() -> None:
    price = books.price(books.BIG)
    there = prices.PriceKey("elsewhere", books.BIG, "standard")
    cheaper = replace(price, key=there, rates=books.rates("1", "0.25", "4"))
    book = replace(LASTING.book, prices={**LASTING.book.prices, there: (cheaper,)})
    market = Market(book, books.AS_OF_DAY)
    (first,) = _decided("gpt-4.1:elsewhere/gpt-4.1", market=market).ranked
    assert (first.decision.kind, first.decision.reason) == ("pilot", "unlisted_seller")
    assert not first.factors.is_proven
    (trusted,) = _decided(
        "gpt-4.1:elsewhere/gpt-4.1", market=market, sellers=frozenset({"elsewhere"})
    ).ranked
    assert (trusted.decision.kind, trusted.decision.reason) == ("switch_now", "same_model")
    assert trusted.factors.is_proven
    assert trusted.low_femto_usd > first.low_femto_usd
