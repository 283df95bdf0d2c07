"""What the worker runs after a rollup: the statements that are out of date, and the recommendations, computed again."""

from sqlmodel import Session

from advisor.advice import computation, retirements, terms
from advisor.evidence import store as evidence_store
from advisor.months import (
    adjustment_store,
    month_computation,
    pricings,
    statement_store,
)
from advisor.publishing.alerts import alert_store
from advisor.stages import meter, outcomes, recommendations
from advisor.stages import store as stage_store
from ledger import clock, facts, readings
from ledger.database import Database, lock
from ledger.months import Month
from ledger.pricing import in_force
from ledger.settings import Settings

ADVISED_ON = "advised_on"


def refresh(database: Database, settings: Settings) -> int:
    """Bring statements, adjustments and advice up to date with rollups, prices, names and today; how many months changed.

    Everything is computed in one snapshot and written in one short transaction, so readers see all of it or none.
    """
    now_us = clock.now_us()
    # Hours that have closed are decided by the advice that stood until now, so before it is written again.
    meter.run(database, now_us)
    with database.snapshot() as session:
        stale, advised_on = _due(session, settings, now_us)
        late = adjustment_store.find_unbooked(session)
        before = facts.get(session, ADVISED_ON)
        if not stale and not late and before == advised_on:
            return 0
        pricing = pricings.in_force(session)
        computed = [
            month_computation.compute(session, month, wanted, pricing, now_us)
            for month, wanted in stale
        ]
        came_late = [
            adjustment_store.draft_late_adjustment(session, bucket, pricing, now_us)
            for bucket in late
        ]
        claimed = recommendations.in_hand_ids(session)
        advice = computation.compute(
            session, pricing, settings, now_us, computed=computed, claimed=claimed
        )
        retiring = retirements.in_use(session, pricing, now_us)
        outcome = outcomes.compute(session, pricing, now_us)
    with database.transaction() as session:
        lock(session, "refresh")
        if facts.get(session, ADVISED_ON) != before:
            # Another run has written meanwhile, perhaps from a newer snapshot; the next one starts from what it wrote.
            return 0
        written = {
            statement.month for statement in computed if statement_store.write(session, statement)
        }
        adjusted = {
            made.month
            for made, arithmetic in came_late
            if adjustment_store.book(session, made, arithmetic)
        }
        recommendations.write(session, advice, now_us)
        outcomes.write(session, outcome, now_us)
        stage_store.follow(session, outcome.measured if outcome else (), now_us)
        standing = [stored.recommendation for stored in recommendations.read(session)]
        alert_store.evaluate(session, standing, retiring, settings, now_us)
        facts.put(session, ADVISED_ON, advised_on)
    return len(written) + len(adjusted)


def is_current(session: Session, settings: Settings) -> bool:
    """Whether statements and recommendations follow from the rollups as they are now."""
    stale, advised_on = _due(session, settings, clock.now_us())
    return (
        not stale
        and not adjustment_store.find_unbooked(session)
        and facts.get(session, ADVISED_ON) == advised_on
    )


def _due(
    session: Session, settings: Settings, now_us: int
) -> tuple[list[tuple[Month, statement_store.Basis]], str]:
    """The months that are out of date, and a text of everything that advice rests on."""
    version = in_force.aliases_version(in_force.load_aliases(session))
    book = in_force.load_book(session)
    basis = statement_store.Basis(
        zone=settings.reporting_zone,
        days_revision=0,
        price_book_version=book.version,
        names_version=version,
        through_day=clock.day_of(now_us),
    )
    # A webhook that is set later is told what has fired already.
    told = settings.slack_webhook_url is not None
    by_people = stage_store.revision(session), evidence_store.revision(session)
    usage = sum(readings.day_revisions(session).values())
    rests_on = (usage, basis, terms.from_settings(settings), told, by_people)
    return statement_store.find_stale(session, settings, basis), repr(rests_on)
