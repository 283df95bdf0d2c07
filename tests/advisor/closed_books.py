"""A ledger whose October is closed: what tests do to it and read of it."""

from zoneinfo import ZoneInfo

from advisor import refresh
from advisor.months import closing, statement_store
from advisor.report import report
from advisor.report.figures import Report
from ledger import checks, clock, months, tables
from ledger.database import Database
from ledger.pricing import in_force, price_book, prices
from ledger.settings import Settings
from tests import ledgers

OCTOBER_US = clock.to_us(clock.EPOCH.replace(year=2026, month=10, day=20, hour=12))
MONTH = "2026-10"


def set_price(
    database: Database, uncached_usd: str, output_usd: str, since: int = 0, model: str = "gpt-4.1"
) -> None:
    """An operator's own price from a UTC day on."""
    rates = prices.Rates(uncached_input=int(uncached_usd) * 10**9, output=int(output_usd) * 10**9)
    row = price_book.OperatorPrice(
        key=prices.PriceKey("openai", model, "standard"),
        effective_from=since,
        rates=rates,
        source="agreed",
    )
    with database.transaction() as session:
        in_force.apply_change(session, lambda said: said.with_price(row), clock.now_us())


def close_october(database: Database) -> Database:
    """One request in October, closed, and one in November."""
    ledgers.add(database, [ledgers.event(OCTOBER_US), ledgers.event()])
    ledgers.settle(database)
    ledgers.close(database, MONTH)
    return database


def come_late(database: Database, number: int = 1) -> None:
    """Requests of October that come now."""
    ledgers.add(database, [ledgers.event(OCTOBER_US + turn) for turn in range(number)])
    ledgers.settle(database)


def map_deployment(database: Database) -> None:
    """Say that the deployment `prod-chat` has always been GPT-4.1."""
    with database.transaction() as session:
        session.add(
            tables.pricing.ModelAlias(
                namespace="default",
                provider="azure.ai.openai",
                name="prod-chat",
                effective_from=0,
                model_provider="openai",
                model="gpt-4.1",
                created_at=0,
            )
        )


def built(database: Database, month: str = MONTH, chosen: Settings = ledgers.SETTINGS) -> Report:
    """A month's report."""
    with database.snapshot() as session:
        return report.build(session, chosen, clock.now_us(), month)


def stored(database: Database, month: str = MONTH) -> statement_store.MonthStatement:
    """A month's statement as it is stored."""
    with database.snapshot() as session:
        found = statement_store.read_statement(session, months.parse(month, ZoneInfo("UTC")))
    assert found is not None
    return found


def findings(database: Database) -> list[str]:
    """What `verify` finds."""
    return [finding for check in checks.verify(database) for finding in check.findings]


def reprice(database: Database, month: str = MONTH) -> int | None:
    """Reprice and bring every figure up to date."""
    number = closing.reprice(
        database, ledgers.SETTINGS, month, reason="rates agreed late", made_by="bob"
    )
    refresh.refresh(database, ledgers.SETTINGS)
    return number
