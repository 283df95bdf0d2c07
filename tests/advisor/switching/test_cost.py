"""What cells cost, by hand."""

from decimal import Decimal

from advisor.switching import cost
from ledger.pricing import prices
from tests.advisor import books


def test_cells_of_different_tiers_are_priced_each_at_its_own() -> None:
    cells = [books.cell(10**6, output=10**6), books.cell(10**6, 400_000, tier="batch")]
    # Standard 2 + 8; batch 0.6 x 1 + 0.4 x 0.50.
    assert (
        cost.of_model(cells, books.book(), books.OPENAI, books.BIG, books.AS_OF_DAY).femto_usd
        == 108 * books.USD // 10
    )


def test_a_tier_without_a_price_leaves_its_tokens_unpriced() -> None:
    cells = [books.cell(10**6), books.cell(500, output=7, tier="flex")]
    found = cost.of_model(cells, books.book(), books.OPENAI, books.BIG, books.AS_OF_DAY)
    assert (found.femto_usd, found.priced_tokens, found.unpriced_tokens) == (
        2 * books.USD,
        10**6,
        507,
    )


def test_the_blended_price_is_as_used_not_as_listed() -> None:
    # 99 % input at 2, 1 % output at 8: 2.06 USD per MTok, far from the 5 of a half-half blend.
    found = cost.of_model(
        [books.cell(990_000, output=10_000)], books.book(), books.OPENAI, books.BIG, books.AS_OF_DAY
    )
    assert prices.blended_usd_per_mtok(found) == Decimal("2.06")


def test_nothing_priced_has_no_blended_price() -> None:
    assert prices.blended_usd_per_mtok(prices.Cost(unpriced_tokens=5)) is None
