"""What cells cost, by hand."""

from decimal import Decimal

from ledger.pricing import prices
from tests.advisor import books


def test_cells_of_different_tiers_are_priced_each_at_its_own() -> None:
    cells = [books.cell(10**6, output=10**6), books.cell(10**6, 400_000, tier="batch")]
    # Standard 2 + 8; batch 0.6 x 1 + 0.4 x 0.50.
    assert books.MARKET.cost_of(cells, books.OPENAI, books.BIG).femto_usd == 108 * books.USD // 10


def test_a_tier_without_a_price_leaves_its_tokens_unpriced() -> None:
    cells = [books.cell(10**6), books.cell(500, output=7, tier="flex")]
    found = books.MARKET.cost_of(cells, books.OPENAI, books.BIG)
    assert (found.femto_usd, found.priced_tokens, found.unpriced_tokens) == (
        2 * books.USD,
        10**6,
        507,
    )


def test_the_blended_price_is_as_used_not_as_listed() -> None:
    # 99 % input at 2, 1 % output at 8: 2.06 USD per MTok, far from the 5 of a half-half blend.
    found = books.MARKET.cost_of([books.cell(990_000, output=10_000)], books.OPENAI, books.BIG)
    assert prices.blended_usd_per_mtok(found) == Decimal("2.06")


def test_nothing_priced_has_no_blended_price() -> None:
    assert prices.blended_usd_per_mtok(prices.Cost(unpriced_tokens=5)) is None
