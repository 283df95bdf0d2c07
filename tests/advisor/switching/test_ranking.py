"""Other models beside the pairs."""

from dataclasses import replace
from fractions import Fraction

from advisor.switching import ranking
from advisor.switching.market import Market
from ledger.pricing import prices
from tests.advisor import books

SLICE = books.slice_of(books.cell(10**6, output=10**6))
LASTING = replace(books.PLAIN_FACTS, context_window=10**6)


def _ranked(configured: set[str], book: prices.PriceBook | None = None) -> list[str]:
    return [
        other.model
        for other in ranking.other_models(
            SLICE, Market(book or books.book(), books.AS_OF_DAY), configured
        )
    ]


def test_the_named_successor_stands_first_even_before_cheaper_ones() -> None:
    lasting = books.book({books.MINI: LASTING})
    assert _ranked(set(), lasting) == [books.LUNA, books.MINI]


def test_only_what_outlives_the_source_by_a_year_is_offered() -> None:
    for days, is_offered in ((364, False), (365, True)):
        retirement = prices.Retirement(books.SHUTDOWN_DAY + days, None, "")
        facts = replace(LASTING, retirement=retirement)
        assert (books.MINI in _ranked(set(), books.book({books.MINI: facts}))) is is_offered


def test_a_model_that_is_dearer_on_this_mix_is_not_offered() -> None:
    assert books.DEAR not in _ranked(set())


def test_a_configured_model_is_not_repeated() -> None:
    assert _ranked({books.MINI, books.LUNA}) == []


def test_a_model_that_retires_soon_or_has_no_known_context_is_not_offered() -> None:
    leaving = prices.ModelFacts(
        context_window=10**6, retirement=prices.Retirement(books.AS_OF_DAY + 30, None, "")
    )
    assert books.MINI not in _ranked(set(), books.book({books.MINI: leaving}))
    assert books.MINI not in _ranked(set(), books.book({books.MINI: prices.ModelFacts()}))


def test_a_successor_that_is_dearer_is_shown_with_its_sign() -> None:
    named = prices.ModelFacts(retirement=prices.Retirement(books.SHUTDOWN_DAY, books.DEAR, ""))
    first = ranking.other_models(
        SLICE, Market(books.book({books.BIG: named}), books.AS_OF_DAY), set()
    )[0]
    # 0.40 + 40 against 2 + 8.
    assert (first.model, first.price_gap, first.pair) == (
        books.DEAR,
        Fraction("-3.04"),
        "gpt-4.1:dear-answers",
    )
    assert first.month_femto_usd < 0
