"""The book in force: shipped, and an operator's own prices over it."""

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import UsageError
from ledger.pricing import price_book
from ledger.pricing.contracts import Discount
from ledger.pricing.price_book import OperatorPrice
from ledger.pricing.prices import PriceKey, Rates

KEY = PriceKey("openai", "gpt-4.1", "standard")
OWN = Rates(uncached_input=1_800_000_000, cached_input=450_000_000, output=7_200_000_000)
LIST = Rates(uncached_input=2_000_000_000, cached_input=500_000_000, output=8_000_000_000)


def _own(key: PriceKey = KEY, day: int = 20_700, rates: Rates = OWN) -> OperatorPrice:
    return OperatorPrice(key=key, effective_from=day, rates=rates, source="contract 4711")


def test_without_rows_of_their_own_an_operator_has_the_shipped_book() -> None:
    assert price_book.build([]) is price_book.shipped()


@given(st.integers(20_000, 21_400))
def test_an_operator_s_price_holds_from_its_day_on_and_the_shipped_one_before(day: int) -> None:
    price = price_book.build([_own()]).at(*KEY[:3], context_band=KEY.over_input_tokens, day=day)
    assert price is not None
    assert price.rates == price.list_rates
    assert replace(price.rates, rare=()) == (OWN if day >= 20_700 else LIST)
    assert not price.backdated


def test_a_later_change_of_the_shipped_price_does_not_undo_an_operator_s_price() -> None:
    key = PriceKey("openai", "o3", "standard")  # the shipped price fell on 2025-06-10, day 20249
    book = price_book.build([_own(key, 20_000)])
    assert [row.effective_from for row in book.prices[key]] == [0, 20_000]


def test_an_operator_can_price_a_model_that_nobody_else_prices() -> None:
    key = PriceKey("vllm", "Our-Llama", "standard")
    book = price_book.build([_own(key)])
    price = book.at(*key[:3], context_band=key.over_input_tokens, day=20_000)
    assert price is not None
    assert price.backdated
    assert book.names["vllm", "our-llama"] == "Our-Llama"


def test_the_version_covers_the_shipped_book_and_every_figure_of_the_operator() -> None:
    dearer = Rates(uncached_input=1_800_000_001, cached_input=450_000_000, output=7_200_000_000)
    books = [
        price_book.build(rows) for rows in ([], [_own()], [_own(day=20_701)], [_own(rates=dearer)])
    ]
    assert len({book.version for book in books}) == 4
    assert price_book.build([_own()]).version == books[1].version


def test_the_order_in_which_rows_arrive_changes_nothing() -> None:
    rows = [_own(), _own(day=20_710, rates=LIST)]
    assert price_book.build(rows) == price_book.build(reversed(rows))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([_own(), _own()], "two prices of gpt-4.1 at openai, standard from 2026-09-04"),
        ([_own(rates=Rates(uncached_input=1, cached_input=2))], "costs more than uncached"),
        ([_own(rates=Rates(output=-1))], "below 0"),
        ([_own(rates=Rates())], "no rate"),
        (
            [_own(PriceKey("openai", "gpt-4.1", "standard", 300_000))],
            "no context band begins at the 300000 tokens",
        ),
    ],
)
def test_an_operator_s_row_that_cannot_be_right_is_refused_by_name(
    rows: list[OperatorPrice], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        price_book.build(rows)


def test_prices_are_listed_as_exact_text_with_source_and_check() -> None:
    batch, priority, standard = price_book.lines(price_book.shipped(), 20_780, "gpt-4.1", "openai")
    assert [line.service_tier for line in (batch, priority, standard)] == [
        "batch",
        "priority",
        "standard",
    ]
    assert priority.usd_per_million_tokens == {
        "uncached_input": "3.50",
        "cached_input": "0.875",
        "output": "14.00",
        "file_searches": "2500.00",
        "web_searches": "10000.00",
    }
    assert (batch.effective_from, standard.effective_from) == ("2025-04-14", None)
    assert all(line.source and line.checked for line in (batch, priority, standard))


def test_a_list_says_what_is_in_force_and_what_the_provider_asks_beside_it() -> None:
    book = price_book.build(
        [],
        [
            Discount(
                effective_from=20_700,
                effective_until=20_800,
                source="deal",
                provider="openai",
                discount_ppm=100_000,
                model="gpt-4.1",
                service_tier="standard",
            )
        ],
    )
    for day, in_force in ((0, 0), (20_699, 0), (20_700, 1), (20_799, 1), (20_800, 2)):
        lines = [
            line
            for line in price_book.lines(book, day, "gpt-4.1", "openai")
            if line.service_tier == "standard"
        ]
        assert [line.in_force for line in lines] == [place == in_force for place in range(3)]
        assert [line.usd_per_million_tokens["output"] for line in lines] == ["8.00", "7.20", "8.00"]
        assert [line.list_usd_per_million_tokens["output"] for line in lines] == ["8.00"] * 3
        assert [line.contract for line in lines] == [
            "",
            "10 % off gpt-4.1 at openai, standard: deal",
            "",
        ]


def test_without_a_filter_every_price_is_listed() -> None:
    shipped = price_book.shipped()
    assert len(price_book.lines(shipped, 20_780)) == sum(
        len(rows) for rows in shipped.prices.values()
    )


def test_another_book_can_stand_in_for_the_shipped_one_under_the_same_prices_and_contracts() -> (
    None
):
    discount = Discount(
        effective_from=20_600,
        effective_until=None,
        source="deal",
        provider="openai",
        discount_ppm=100_000,
    )
    dearer = price_book.build([_own(day=0, rates=Rates(uncached_input=20))])
    discounted = price_book.build([], [discount], dearer)
    price = discounted.at(*KEY[:3], context_band=KEY.over_input_tokens, day=20_780)
    assert price is not None
    assert (price.rates, price.list_rates) == (Rates(uncached_input=18), Rates(uncached_input=20))
    assert (
        len({book.version for book in (discounted, dearer, price_book.build([], [discount]))}) == 3
    )
    assert price_book.build([], [], dearer) is dearer


def test_using_the_book_never_loads_the_catalogue_package() -> None:
    code = (
        "import sys; from ledger.pricing import names, price_book;"
        " price_book.shipped(); print('genai_prices' in sys.modules)"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, text=True
        ).stdout
        == "False\n"
    )
