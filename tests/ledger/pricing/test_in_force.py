"""An operator's rows: stored and loaded on both databases; a change touches only its own."""

import functools
from dataclasses import replace

import pytest
from sqlalchemy import select

from ledger import tables
from ledger.database import Database
from ledger.errors import UsageError
from ledger.pricing import in_force, price_book
from ledger.pricing.contracts import Discount, FixedPrice
from ledger.pricing.names import Alias
from ledger.pricing.overrides import Overrides
from ledger.pricing.price_book import OperatorPrice
from ledger.pricing.prices import PriceKey, Rates

KEY = PriceKey("openai", "gpt-4.1", "standard")
REGIONAL = PriceKey(
    provider="azure.ai.openai",
    model="gpt-4.1",
    service_tier="standard",
    over_input_tokens=200_000,
    region="swedencentral",
)
RATES = Rates(uncached_input=2_200_000_000, cached_input=550_000_000, output=8_800_000_000)
EVERYTHING = Overrides(
    (OperatorPrice(key=REGIONAL, effective_from=20_600, rates=RATES, source="the portal"),),
    (
        Discount(
            effective_from=20_600,
            effective_until=20_700,
            source="deal",
            provider="openai",
            discount_ppm=125_000,
        ),
        Discount(
            effective_from=20_600,
            effective_until=None,
            source="deal",
            provider="openai",
            discount_ppm=200_000,
            model="gpt-4.1",
            service_tier="batch",
        ),
        FixedPrice(
            effective_from=20_650,
            effective_until=None,
            source="deal",
            key=REGIONAL,
            rates=Rates(output=7_000_000_000),
        ),
        FixedPrice(
            effective_from=20_650,
            effective_until=20_660,
            source="deal",
            key=KEY,
            rates=Rates(output=6_000_000_000),
        ),
    ),
    (
        Alias(
            namespace="default",
            provider="azure.ai.openai",
            name="prod-chat",
            model_provider="azure.ai.openai",
            model="gpt-4.1",
            effective_from=0,
            region="swedencentral",
        ),
        Alias(
            namespace="default",
            provider="azure.ai.openai",
            name="prod-chat",
            model_provider="azure.ai.openai",
            model="",
            effective_from=20_700,
        ),
    ),
)


def change(database: Database, edit: in_force.Change, now_us: int = 1) -> Overrides:
    """Make a change, and read back what is said then."""
    with database.transaction() as session:
        in_force.apply_change(session, edit, now_us)
    with database.snapshot() as session:
        return in_force.load_overrides(session)


def _instead(new: Overrides, _old: Overrides) -> Overrides:
    return new


def test_everything_that_was_said_is_read_back_as_it_was_said(database: Database) -> None:
    overrides = change(database, lambda _: EVERYTHING)
    assert (overrides.prices, set(overrides.contracts), overrides.aliases) == (
        EVERYTHING.prices,
        set(EVERYTHING.contracts),
        EVERYTHING.aliases,
    )
    with database.snapshot() as session:
        assert in_force.load_book(session) is EVERYTHING.book()
    assert change(database, lambda _: Overrides()) == Overrides()


def test_a_change_touches_no_row_but_its_own(database: Database) -> None:
    change(database, lambda _: EVERYTHING, now_us=1)
    tenth = EVERYTHING.contracts[0]
    change(database, lambda overrides: overrides.without_contract(tenth.id, 20_650), now_us=2)
    change(
        database,
        lambda overrides: overrides.with_contract(
            replace(tenth, effective_from=20_700, effective_until=None)
        ),
        now_us=3,
    )
    table = tables.CONTRACT_DISCOUNT
    with database.snapshot() as session:
        rows = session.execute(
            select(table.c.created_at, table.c.effective_from, table.c.effective_until)
        )
        assert sorted(map(tuple, rows)) == [
            (1, 20_600, None),
            (2, 20_600, 20_650),
            (3, 20_700, None),
        ]


def test_a_change_that_cannot_be_leaves_everything_as_it_was(database: Database) -> None:
    before = change(database, lambda _: EVERYTHING)
    with pytest.raises(UsageError, match="end it first with"), database.transaction() as session:
        in_force.apply_change(
            session,
            lambda overrides: overrides.with_contract(
                replace(EVERYTHING.contracts[0], effective_from=20_650)
            ),
            2,
        )
    assert change(database, lambda overrides: overrides) == before


def test_the_version_of_the_book_names_the_contracts_too(database: Database) -> None:
    versions = []
    for number in range(5):
        overrides = Overrides(contracts=EVERYTHING.contracts[:number])
        book = change(database, functools.partial(_instead, overrides)).book()
        versions.append(book.version)
    assert versions[0] == price_book.shipped().version
    assert len(set(versions)) == 5
