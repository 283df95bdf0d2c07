"""Contracts over a price list: the rates on any day, exact to the nano-USD, in any order."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import UsageError
from ledger.pricing import contracts, price_book
from ledger.pricing.contracts import Contract, Discount, FixedPrice
from ledger.pricing.prices import METERS, Price, PriceBook, PriceKey, Rates

BIG = PriceKey("openai", "gpt-4.1", "standard")
BIG_BATCH, MINI = BIG._replace(service_tier="batch"), BIG._replace(model="gpt-4.1-mini")
ELSEWHERE = PriceKey("azure.ai.openai", "gpt-4.1", "standard", region="swedencentral")
KEYS = (BIG, BIG_BATCH, MINI, ELSEWHERE)
DAYS = st.integers(min_value=0, max_value=60)

rate = st.none() | st.integers(min_value=0, max_value=10**10)
rates = st.builds(Rates, **dict.fromkeys(METERS, rate))
periods = st.tuples(DAYS, st.none() | st.integers(min_value=1, max_value=40)).map(
    lambda drawn: (drawn[0], None if drawn[1] is None else drawn[0] + drawn[1])
)


@st.composite
def price_lists(draw: st.DrawFn) -> contracts.ListPrices:
    """A list of some keys, each with a few rows."""
    prices_by_key: dict[PriceKey, tuple[Price, ...]] = {}
    for key in draw(st.sets(st.sampled_from(KEYS), min_size=1)):
        days = sorted(draw(st.sets(DAYS, min_size=1, max_size=3)))
        prices_by_key[key] = tuple(_row(key, day, draw(rates)) for day in days)
    return prices_by_key


@st.composite
def _any_contract(draw: st.DrawFn) -> Contract:
    since, until = draw(periods)
    if draw(st.booleans()):
        return FixedPrice(
            effective_from=since,
            effective_until=until,
            source="framework",
            key=draw(st.sampled_from(KEYS)),
            rates=draw(rates),
        )
    key = draw(st.sampled_from(KEYS))
    model, tier = (part if draw(st.booleans()) else "" for part in (key.model, key.service_tier))
    return Discount(
        effective_from=since,
        effective_until=until,
        source="framework",
        provider=key.provider,
        discount_ppm=draw(st.integers(0, 10**6)),
        model=model,
        service_tier=tier,
    )


agreements = st.lists(
    _any_contract(),
    max_size=6,
    unique_by=lambda contract: (contract.scope, contract.effective_from),
)


def _row(key: PriceKey, day: int, listed: Rates) -> Price:
    return Price(
        key=key,
        effective_from=day,
        rates=listed,
        list_rates=listed,
        source="the provider's page",
        checked="2026-11-01",
    )


def _book(listed: contracts.ListPrices, agreed: list[Contract]) -> PriceBook:
    return PriceBook(version="by hand", prices=contracts.apply_contracts(listed, agreed), facts={})


def _decisive(
    agreed: list[Contract], key: PriceKey, day: int
) -> tuple[FixedPrice | None, Discount | None]:
    """The fixed price and the most specific discount of a day, by a plain reading of the rule."""
    in_force = sorted(
        (contract for contract in agreed if contract.covers(key) and contract.holds_on(day)),
        key=lambda e: e.effective_from,
    )
    fixed = [contract for contract in in_force if isinstance(contract, FixedPrice)]
    discounts = [contract for contract in in_force if isinstance(contract, Discount)]
    for model, tier in (
        (key.model, key.service_tier),
        (key.model, ""),
        ("", key.service_tier),
        ("", ""),
    ):
        if exact := [
            contract
            for contract in discounts
            if (contract.model, contract.service_tier) == (model, tier)
        ]:
            return (fixed[-1] if fixed else None), exact[-1]
    return (fixed[-1] if fixed else None), None


@given(price_lists(), agreements, st.sampled_from(KEYS), DAYS)
def test_a_rate_is_the_agreed_one_else_the_half_even_product_of_list_and_discount(
    listed: contracts.ListPrices, agreed: list[Contract], key: PriceKey, day: int
) -> None:
    price, on_list = (
        _book(listed, terms).at(
            *key[:3], context_band=key.over_input_tokens, day=day, region=key.region
        )
        for terms in (agreed, [])
    )
    fixed, discount = _decisive(agreed, key, day)
    remaining_share = Fraction(10**6 - discount.discount_ppm, 10**6) if discount else Fraction(1)
    for meter in METERS:
        list_rate = getattr(on_list.rates, meter) if on_list else None
        expected_rate = None if list_rate is None else round(list_rate * remaining_share)
        if fixed and (fixed_rate := getattr(fixed.rates, meter)) is not None:
            expected_rate = fixed_rate
        assert (getattr(price.rates, meter) if price else None) == expected_rate


@given(price_lists(), agreements, st.sampled_from(KEYS), DAYS)
def test_the_list_rate_stays_beside_and_a_meter_on_no_list_has_the_agreed_rate(
    listed: contracts.ListPrices, agreed: list[Contract], key: PriceKey, day: int
) -> None:
    price, on_list = (
        _book(listed, terms).at(
            *key[:3], context_band=key.over_input_tokens, day=day, region=key.region
        )
        for terms in (agreed, [])
    )
    fixed, _ = _decisive(agreed, key, day)
    for meter in METERS:
        expected_rate = getattr(on_list.rates, meter) if on_list else None
        if expected_rate is None and fixed and meter not in ("cached_input", "cache_write_input"):
            expected_rate = getattr(fixed.rates, meter)
        assert (getattr(price.list_rates, meter) if price else None) == expected_rate
    assert price is None or on_list is None or price.backdated == on_list.backdated


@given(price_lists(), agreements, st.data())
def test_the_order_of_contracts_changes_nothing(
    listed: contracts.ListPrices, agreed: list[Contract], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(agreed))
    assert contracts.apply_contracts(listed, shuffled) == contracts.apply_contracts(listed, agreed)


@given(price_lists(), agreements)
def test_the_rows_of_a_key_follow_each_other_and_never_overlap(
    listed: contracts.ListPrices, agreed: list[Contract]
) -> None:
    for key, rows in contracts.apply_contracts(listed, agreed).items():
        days = [row.effective_from for row in rows]
        assert days == sorted(set(days))
        assert {row.key for row in rows} == {key}


@given(price_lists(), agreements, st.sampled_from(KEYS), DAYS)
def test_a_contract_that_is_over_leaves_the_list_exactly(
    listed: contracts.ListPrices, agreed: list[Contract], key: PriceKey, day: int
) -> None:
    over = [
        replace(contract, effective_until=day)
        for contract in agreed
        if contract.effective_from < day
    ]
    price, on_list = (
        _book(listed, terms).at(
            *key[:3], context_band=key.over_input_tokens, day=day, region=key.region
        )
        for terms in (over, [])
    )
    if on_list is None:
        assert price is None or price.rates == price.list_rates == Rates()
    else:
        assert price is not None
        assert (price.rates, price.list_rates, price.backdated) == (
            on_list.rates,
            on_list.rates,
            on_list.backdated,
        )
        assert (price.source, price.checked, price.contract) == (
            on_list.source,
            on_list.checked,
            "",
        )


@given(price_lists())
def test_without_a_contract_the_list_is_the_price(listed: contracts.ListPrices) -> None:
    assert contracts.apply_contracts(listed, []) == listed


@pytest.mark.parametrize(
    ("list_rate", "discount_ppm", "rate_after"),
    [
        (2_000_000_000, 125_000, 1_750_000_000),
        (5, 500_000, 2),
        (7, 500_000, 4),
        (3, 333_333, 2),
        (1, 10**6, 0),
        (9, 0, 9),
    ],
)
def test_a_discounted_rate_is_rounded_once_half_even(
    list_rate: int, discount_ppm: int, rate_after: int
) -> None:
    listed = {BIG: (_row(BIG, 0, Rates(uncached_input=list_rate)),)}
    (row,) = contracts.apply_contracts(
        listed,
        [
            Discount(
                effective_from=0,
                effective_until=None,
                source="deal",
                provider="openai",
                discount_ppm=discount_ppm,
            )
        ],
    )[BIG]
    assert (row.rates.uncached_input, row.list_rates.uncached_input) == (rate_after, list_rate)


def test_of_several_discounts_the_most_exact_speaks_a_model_s_before_a_tier_s() -> None:
    scopes = [("", ""), ("", "batch"), ("gpt-4.1", ""), ("gpt-4.1", "batch")]
    agreed: list[Contract] = [
        Discount(
            effective_from=0,
            effective_until=None,
            source="deal",
            provider="openai",
            discount_ppm=100_000 * number,
            model=model,
            service_tier=tier,
        )
        for number, (model, tier) in enumerate(scopes, start=1)
    ]
    keys = (MINI, MINI._replace(service_tier="batch"), BIG, BIG_BATCH)
    listed = {key: (_row(key, 0, Rates(output=100)),) for key in keys}
    for terms, rates_after in ((agreed, [90, 80, 70, 60]), (agreed[:3], [90, 80, 70, 70])):
        prices = [
            _book(listed, terms).at(*key[:3], context_band=key.over_input_tokens, day=0)
            for key in keys
        ]
        assert [price and price.rates.output for price in prices] == rates_after


def test_a_contract_older_than_the_list_takes_the_first_list_row_and_reaches_no_further_back() -> (
    None
):
    listed = {BIG: (_row(BIG, 40, Rates(output=100)),)}
    book = _book(
        listed,
        [
            Discount(
                effective_from=20,
                effective_until=30,
                source="deal",
                provider="openai",
                discount_ppm=500_000,
            )
        ],
    )
    prices = [
        book.at(*BIG[:3], context_band=BIG.over_input_tokens, day=day)
        for day in (0, 19, 20, 29, 30, 40)
    ]
    assert [price and (price.rates.output, price.backdated) for price in prices] == [
        (100, True),
        (100, True),
        (50, True),
        (50, True),
        (100, True),
        (100, False),
    ]


def test_a_price_says_by_which_contract_it_is_what_it_is() -> None:
    listed = {BIG: (_row(BIG, 0, Rates(output=100)),)}
    discount = Discount(
        effective_from=10,
        effective_until=30,
        source="order 4711",
        provider="openai",
        discount_ppm=125_000,
    )
    fixed = FixedPrice(
        effective_from=20,
        effective_until=None,
        source="order 4712",
        key=BIG,
        rates=Rates(output=60),
    )
    rows = contracts.apply_contracts(listed, [discount, fixed])[BIG]
    assert [(row.effective_from, row.contract) for row in rows] == [
        (0, ""),
        (10, "12.5 % off every model at openai: order 4711"),
        (20, "the fixed price of gpt-4.1 at openai, standard: order 4712"),
        (30, "the fixed price of gpt-4.1 at openai, standard: order 4712"),
    ]


def test_a_fixed_price_of_a_model_that_the_list_has_lost_is_its_own_list_price_while_it_holds() -> (
    None
):
    book = _book(
        {},
        [
            FixedPrice(
                effective_from=10,
                effective_until=20,
                source="deal",
                key=MINI,
                rates=Rates(uncached_input=3, output=5),
            )
        ],
    )
    during, outside = (
        book.at(*MINI[:3], context_band=MINI.over_input_tokens, day=15),
        [book.at(*MINI[:3], context_band=MINI.over_input_tokens, day=day) for day in (0, 9, 20)],
    )
    assert during is not None
    assert during.rates == during.list_rates == Rates(uncached_input=3, output=5)
    assert all(
        price is not None and price.rates == price.list_rates == Rates() for price in outside
    )


def test_the_whole_shipped_book_under_a_discount_keeps_every_list_rate() -> None:
    shipped = price_book.shipped()
    discounted = price_book.build(
        [],
        [
            Discount(
                effective_from=20_000,
                effective_until=None,
                source="deal",
                provider="openai",
                discount_ppm=100_000,
            )
        ],
    )
    for key, rows in shipped.prices.items():
        price = discounted.at(
            *key[:3], context_band=key.over_input_tokens, day=20_780, region=key.region
        )
        listed = shipped.at(
            *key[:3], context_band=key.over_input_tokens, day=20_780, region=key.region
        )
        assert price is not None
        assert listed is not None
        assert price.list_rates == listed.rates
        assert (price.rates == listed.rates) == (key.provider != "openai"), rows


@pytest.mark.parametrize(
    ("text", "ppm"),
    [("10", 100_000), ("12.5 %", 125_000), ("0", 0), ("100%", 10**6), ("0.0001", 1)],
)
def test_a_discount_is_read_as_exact_percent(text: str, ppm: int) -> None:
    assert contracts.ppm_of(text) == ppm
    assert contracts.ppm_of(contracts.percent_text(ppm)) == ppm


@pytest.mark.parametrize(
    "text", ["", "ten", "1e400", "nan", "0.00001", "-inf", "-5", "100.0001", "1e999999999999999999"]
)
def test_what_is_no_exact_percentage_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="is not a discount"):
        contracts.ppm_of(text)
