"""A ledger's own usage at two price books: the months that are open, exact, and the largest change first."""

from dataclasses import replace

from advisor import book_change, monthly, report, statement_store
from ledger import catalogue, clock, price_book, settings, tables
from ledger.database import Database
from ledger.prices import Cost, PriceBook, PriceKey
from tests import ledgers

MONTH_US = 30 * clock.DAY_US


def _book(changed: dict[PriceKey, int], gone: tuple[PriceKey, ...] = ()) -> PriceBook:
    """The shipped book with other rates of uncached input (nano-USD per million tokens), and without some keys."""
    book = price_book.shipped()
    prices = {key: rows for key, rows in book.prices.items() if key not in gone}
    for key, rate in changed.items():
        prices[key] = tuple(replace(row, rates=replace(row.rates, uncached_input=rate)) for row in prices[key])
    return PriceBook("other", prices, book.facts, book.aliases, book.checked)


def _changes(
    database: Database, other: PriceBook, chosen: settings.Settings = ledgers.SETTINGS
) -> list[book_change.MonthChange]:
    with database.snapshot() as session:
        before, after = report.pricing(session), report.pricing(session, other)
        return book_change.of_open_months(session, chosen, before, after)


BIG, MINI = PriceKey("openai", "gpt-4.1", "standard"), PriceKey("openai", "gpt-4.1-mini", "standard")


def test_a_change_of_price_is_put_in_dollars_of_the_last_two_months_with_traffic(database: Database) -> None:
    for age in (0, 1, 5):
        ledgers.add(database, [ledgers.event(ledgers.NOON_US - age * MONTH_US)])
    ledgers.settle(database)
    newest, before = _changes(database, _book({BIG: 3 * 10**9}))
    assert [str(newest.month), str(before.month)] == ["2026-11", "2026-10"]
    assert newest.after.femto_usd - newest.before.femto_usd == 1_000 * 10**9
    assert newest.before == Cost(1_000 * 2 * 10**9 + 100 * 8 * 10**9, priced_tokens=1_100)
    (difference,) = newest.differences
    assert (difference.provider, difference.model, difference.service_tier) == BIG[:3]


def test_the_same_book_changes_no_month(database: Database) -> None:
    ledgers.add(database, [ledgers.event()])
    ledgers.settle(database)
    (month,) = _changes(database, price_book.shipped())
    assert month.before == month.after != Cost()
    assert month.differences == ()


def test_differences_come_largest_first_and_add_up_to_the_month(database: Database) -> None:
    of_mini = ledgers.labels(model="gpt-4.1-mini-2025-04-14", project="lab")
    ledgers.add(database, [ledgers.event(), ledgers.event(of=of_mini, input_tokens=100_000), ledgers.event(of=of_mini)])
    ledgers.settle(database)
    (month,) = _changes(database, _book({BIG: 1 * 10**9, MINI: 10**9}))
    assert [each.model for each in month.differences] == ["gpt-4.1-mini", "gpt-4.1"]
    moved = sum(each.after.femto_usd - each.before.femto_usd for each in month.differences)
    assert month.after.femto_usd - month.before.femto_usd == moved > 0


def test_a_price_that_goes_leaves_its_tokens_unpriced_and_shows(database: Database) -> None:
    ledgers.add(database, [ledgers.event()])
    ledgers.settle(database)
    (month,) = _changes(database, _book({}, gone=(BIG,)))
    (difference,) = month.differences
    assert (difference.before.unpriced_tokens, difference.after) == (0, Cost(unpriced_tokens=1_100))


def test_an_operator_s_own_price_holds_under_both_books(database: Database) -> None:
    ledgers.add(database, [ledgers.event()])
    with database.transaction() as session:
        own = price_book.OperatorPrice(BIG, 0, price_book.shipped().prices[BIG][0].rates, "contract")
        catalogue.set_price(session, own, clock.now_us())
    ledgers.settle(database)
    (month,) = _changes(database, _book({BIG: 9 * 10**9}))
    assert month.differences == ()


def test_a_closed_month_keeps_its_figures_and_is_not_shown(database: Database) -> None:
    ledgers.add(database, [ledgers.event(), ledgers.event(ledgers.NOON_US - MONTH_US)])
    ledgers.settle(database)
    with database.transaction() as session:
        statement = tables.metadata.tables["statement"]
        session.execute(statement.update().where(statement.c.month == "2026-10").values(closed_at=1))
    assert [str(each.month) for each in _changes(database, _book({BIG: 10**9}))] == ["2026-11"]


def test_the_parts_are_those_that_a_statement_adds_up(database: Database) -> None:
    ledgers.add(database, [ledgers.event()])
    ledgers.settle(database)
    with database.snapshot() as session:
        statement = statement_store.read(session, _changes(database, price_book.shipped())[0].month)
        assert statement is not None
        assert len(monthly.parts(session, statement.month)) == len(statement.days)
