"""What an operator may say over the shipped book, and what is refused with the remedy."""

from dataclasses import replace

import pytest

from ledger.errors import NotFound, UsageError
from ledger.pricing import price_book
from ledger.pricing.contracts import Contract, Discount, FixedPrice
from ledger.pricing.names import Alias
from ledger.pricing.overrides import Overrides
from ledger.pricing.price_book import OperatorPrice
from ledger.pricing.prices import PriceKey, Rates

KEY = PriceKey("openai", "gpt-4.1", "standard")
HOUSE = PriceKey("house", "house-model", "standard")
TENTH = Discount(
    effective_from=20_600,
    effective_until=20_700,
    source="deal",
    provider="openai",
    discount_ppm=100_000,
)
FIXED = FixedPrice(
    effective_from=20_600,
    effective_until=20_700,
    source="deal",
    key=KEY,
    rates=Rates(uncached_input=1_500_000_000, output=6_000_000_000),
)
SET = OperatorPrice(
    key=HOUSE, effective_from=20_600, rates=Rates(uncached_input=10), source="by the operator"
)


def test_a_contract_of_the_same_scope_and_first_day_is_corrected_and_no_other_is_touched() -> None:
    overrides = Overrides(contracts=(TENTH, FIXED)).with_contract(
        replace(TENTH, discount_ppm=200_000)
    )
    assert overrides.contracts == (FIXED, replace(TENTH, discount_ppm=200_000))


@pytest.mark.parametrize(
    "other",
    [
        replace(TENTH, effective_from=20_700, effective_until=None),
        replace(TENTH, effective_from=20_500, effective_until=20_600),
        replace(TENTH, effective_from=20_650, model="gpt-4.1"),
        replace(TENTH, effective_from=20_650, provider="anthropic"),
        replace(FIXED, effective_from=20_650),
    ],
)
def test_contracts_that_follow_each_other_or_are_about_something_else_stand_beside_each_other(
    other: Contract,
) -> None:
    assert Overrides(contracts=(TENTH,)).with_contract(other).contracts == (TENTH, other)


@pytest.mark.parametrize(
    ("contract", "new", "says"),
    [
        (
            TENTH,
            replace(TENTH, effective_from=20_699, effective_until=None),
            "10 % off every model at openai holds",
        ),
        (
            TENTH,
            replace(TENTH, effective_from=20_000, effective_until=None),
            "from 2026-05-27 until 2026-09-04",
        ),
        (
            FIXED,
            replace(FIXED, effective_from=20_650),
            f"end it first with: switchwise contracts end {FIXED.id}",
        ),
        (
            TENTH,
            replace(TENTH, effective_from=20_800, effective_until=20_800),
            "would end before it begins",
        ),
        (TENTH, replace(TENTH, provider="opnai"), "'opnai' is no provider of the price book"),
        (TENTH, replace(TENTH, model="gpt-9"), "openai has no list price for gpt-9"),
        (
            TENTH,
            replace(TENTH, model="gpt-4.1", service_tier="flex"),
            "openai has no list price for gpt-4.1 flex",
        ),
        (TENTH, replace(FIXED, key=HOUSE), "switchwise prices set house-model --provider house"),
        (
            TENTH,
            replace(FIXED, key=KEY._replace(region="swedencentral")),
            "in swedencentral has no list price",
        ),
        (TENTH, replace(FIXED, rates=Rates()), "names no rate"),
        (
            TENTH,
            replace(FIXED, rates=Rates(uncached_input=400_000_000)),
            "cached input of gpt-4.1 .* costs more",
        ),
    ],
)
def test_a_contract_that_cannot_be_is_refused_with_the_remedy(
    contract: Contract, new: Contract, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        Overrides(contracts=(contract,)).with_contract(new)


def test_an_operator_s_own_list_price_can_be_under_contract() -> None:
    overrides = Overrides(prices=(SET,)).with_contract(
        FixedPrice(
            effective_from=20_650,
            effective_until=None,
            source="deal",
            key=HOUSE,
            rates=Rates(uncached_input=7),
        )
    )
    prices = [
        overrides.book().at(*HOUSE[:3], context_band=HOUSE.over_input_tokens, day=day)
        for day in (20_649, 20_650)
    ]
    assert [
        price and (price.rates.uncached_input, price.list_rates.uncached_input) for price in prices
    ] == [
        (10, 10),
        (7, 10),
    ]


def test_a_contract_ends_on_a_day_and_one_that_never_began_is_gone() -> None:
    overrides = Overrides(contracts=(TENTH,))
    assert overrides.without_contract(TENTH.id, 20_650).contracts == (
        replace(TENTH, effective_until=20_650),
    )
    assert overrides.without_contract(TENTH.id, 20_600).contracts == ()
    assert overrides.without_contract(TENTH.id, 20_600).book() is price_book.shipped()


def test_what_is_over_or_was_never_agreed_cannot_be_ended() -> None:
    with pytest.raises(
        UsageError, match="is over by then: it holds from 2026-05-27 until 2026-09-04"
    ):
        Overrides(contracts=(TENTH,)).without_contract(TENTH.id, 20_700)
    with pytest.raises(NotFound, match="no contract has the id 'nothing'"):
        Overrides(contracts=(TENTH,)).without_contract("nothing", 20_700)


def test_a_price_and_a_name_replace_the_ones_of_their_day() -> None:
    dearer = replace(SET, rates=Rates(uncached_input=11))
    alias = Alias(
        namespace="default",
        provider="azure.ai.openai",
        name="prod-chat",
        model_provider="azure.ai.openai",
        model="gpt-4.1",
        effective_from=0,
    )
    moved = replace(alias, model="gpt-4.1-mini")
    later = replace(alias, effective_from=20_700)
    overrides = Overrides((SET,), (), (alias, later)).with_price(dearer).with_alias(moved)
    assert overrides == Overrides((dearer,), (), (later, moved))
    with pytest.raises(UsageError, match="no rate or one below 0"):
        overrides.with_price(replace(SET, rates=Rates()))
