"""The plain comparison table."""

from decimal import Decimal
from fractions import Fraction

import pytest

from advisor.switching import price_table
from ledger import money
from ledger.errors import PriceUnknown, UsageError
from ledger.pricing import prices
from tests.advisor import books

BIG, MINI = (prices.PriceKey(books.OPENAI, model, "standard") for model in (books.BIG, books.MINI))
HALF = Fraction(1, 2)


def _table(
    output_share: Fraction, cached_share: Fraction, volumes: str = "1M,10M,100M"
) -> price_table.PriceTable:
    return price_table.compare(
        books.book(),
        BIG,
        MINI,
        blend=price_table.Blend(output_share, cached_share),
        volumes_tokens=price_table.parse_volumes(volumes),
        day=books.AS_OF_DAY,
    )


def _compare(source: prices.PriceKey, target: prices.PriceKey) -> price_table.PriceTable:
    return price_table.compare(
        books.book(),
        source,
        target,
        blend=price_table.Blend(HALF, Fraction(0)),
        volumes_tokens=(10**6,),
        day=books.AS_OF_DAY,
    )


def test_the_articles_table_comes_out_to_the_cent() -> None:
    found = _table(HALF, Fraction(0))
    columns = [
        [
            money.usd_text(amount)
            for amount in (row.from_femto_usd, row.to_femto_usd, row.saving_femto_usd)
        ]
        for row in found.rows
    ]
    assert columns == [
        ["5.00", "1.00", "4.00"],
        ["50.00", "10.00", "40.00"],
        ["500.00", "100.00", "400.00"],
    ]
    assert found.saving_share == Fraction("0.8")


def test_the_heading_states_the_blend() -> None:
    found = _table(HALF, Fraction(0))
    assert found.heading == (
        "gpt-4.1 at 5.00 and gpt-4.1-mini at 1.00 USD per MTok: output share 50 % of all tokens,"
        " cached share 0 % of input, standard tier, prices of 2026-11-23"
    )


def test_real_traffic_with_little_output_costs_far_less_than_the_half_half_blend() -> None:
    # 1 % output, 80 % of the input cached: 0.99 x (0.2 x 2 + 0.8 x 0.50) + 0.01 x 8.
    assert _table(Fraction("0.01"), Fraction("0.8")).from_usd_per_mtok == Decimal("0.872")


def test_a_dearer_target_shows_a_negative_saving() -> None:
    found = _compare(MINI, BIG)
    assert found.rows[0].saving_femto_usd == -4 * books.USD
    assert found.saving_share == -4


def test_a_model_without_a_price_is_named_with_the_remedy() -> None:
    unknown = prices.PriceKey(books.OPENAI, "gpt-9", "standard")
    with pytest.raises(
        PriceUnknown, match=r"^no price for gpt-9 .* on 2026-11-23; add one with: prices set gpt-9$"
    ):
        _compare(BIG, unknown)


def test_volumes_are_read_with_their_units() -> None:
    assert price_table.parse_volumes("1M, 250k,1.5B,42") == (10**6, 250_000, 1_500_000_000, 42)


@pytest.mark.parametrize("text", ["", "1M,", "ten", "-1M", "0", "1.5", "1T", "1e6"])
def test_a_text_that_is_no_volume_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a volume of tokens"):
        price_table.parse_volumes(text)


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(UsageError, match="output_share 50: write a fraction from 0 to 1"):
        _table(Fraction(50), Fraction(0))
