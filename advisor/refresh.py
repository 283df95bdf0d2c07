"""What the worker runs after a rollup: the statements that are out of date, and the recommendations, computed again."""

from advisor import monthly, recommendations, statement_store, statements
from ledger import catalogue, clock, facts, names, readings
from ledger.database import Database, lock
from ledger.settings import Settings

ADVISED_ON = "advised_on"


def refresh(database: Database, settings: Settings) -> int:
    """Bring statements and recommendations up to date with rollups, prices, names and today; how many months changed.

    Everything is computed in one snapshot and written in one short transaction, so readers see all of it or none.
    """
    now_us = clock.now_us()
    with database.snapshot() as session:
        aliases = catalogue.aliases(session)
        book = catalogue.book(session)
        basis = statement_store.Basis(
            settings.reporting_zone, 0, book.version, catalogue.version_of(aliases), clock.day_of(now_us)
        )
        stale = statement_store.stale_months(session, settings, basis)
        advised_on = repr((sum(readings.day_revisions(session).values()), basis, recommendations.terms_of(settings)))
        if not stale and facts.get(session, ADVISED_ON) == advised_on:
            return 0
        pricing = statements.Pricing(readings.every_series(session), book, names.Names(book, aliases))
        computed = [monthly.compute(session, month, wanted, pricing, now_us) for month, wanted in stale]
        advice = recommendations.compute(session, pricing, settings, now_us)
    with database.transaction() as session:
        lock(session, "refresh")
        written = sum(statement_store.write(session, statement) for statement in computed)
        recommendations.write(session, advice, now_us)
        facts.put(session, ADVISED_ON, advised_on)
    return written
