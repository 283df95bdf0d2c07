"""What the worker runs after a rollup: statements, adjustments and advice are computed again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from advisor.advice import computation, retirements, terms
from advisor.advice.retirements import Retiring
from advisor.advice.values import Recommendation
from advisor.evidence import store as evidence_store
from advisor.months import (
    adjustment_store,
    day_cost_memory,
    month_computation,
    pricings,
    silent_senders,
    statement_store,
    twins,
)
from advisor.months.adjustment_store import LateBucket
from advisor.months.adjustments import Adjustment, Arithmetic
from advisor.months.day_cost_memory import DayCostMemory
from advisor.months.silent_senders import SilentSender, Survey
from advisor.months.statement_store import Basis, MonthStatement
from advisor.months.twins import Twins
from advisor.publishing.alerts import alert_store
from advisor.stages import meter, outcomes, recommendations
from advisor.stages import store as stage_store
from advisor.stages.outcomes import RealisedSavings
from ledger import clock, facts, months, policies, readings
from ledger.database import Database, lock
from ledger.months import Month
from ledger.pricing import fixed_cost_store, in_force
from ledger.settings import Settings

ADVISED_ON = "advised_on"
"""The fact that holds the key of everything that the stored advice rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """What is out of date: months with their new basis, late usage, and the key of advice.

    With the senders that are quiet now.
    """

    months: Sequence[tuple[Month, Basis]]
    late: Sequence[LateBucket]
    quiet: Survey
    advised_on: str
    advised_before: str | None

    @property
    def is_nothing(self) -> bool:
        return not self.months and not self.late and self.advised_on == self.advised_before


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refreshed:
    """Everything that was computed again in one snapshot."""

    statements: Sequence[MonthStatement]
    memory: DayCostMemory
    adjustments: Sequence[tuple[Adjustment, Arithmetic]]
    advice: Sequence[Recommendation]
    retiring: Sequence[Retiring]
    realised: RealisedSavings | None
    silent: Sequence[SilentSender]
    twins: list[Twins]


def refresh(database: Database, settings: Settings) -> int:
    """Bring statements, adjustments and advice up to date; how many months changed.

    Everything is computed in one snapshot and written in one short transaction, so that readers
    see all of it or none.
    """
    now_us = clock.now_us()
    # Before the advice is written again: hours that have closed are decided by the old advice.
    meter.run(database, now_us)
    with database.snapshot() as session:
        due = _due(session, settings, now_us)
        if due.is_nothing:
            return 0
        refreshed = _compute(session, due, settings, now_us)
    with database.transaction() as session:
        lock(session, "refresh")
        if facts.get(session, ADVISED_ON) != due.advised_before:
            # Another run has written meanwhile, perhaps from a newer snapshot; the next run
            # starts from what it wrote.
            return 0
        changed_months = _write(session, refreshed, settings, now_us)
        silent_senders.remember(session, due.quiet)
        day_cost_memory.remember(session, refreshed.memory, clock.day_in(settings.zone, now_us))
        twins.remember(session, refreshed.twins)
        facts.put(session, ADVISED_ON, due.advised_on)
    return changed_months


def is_current(session: Session, settings: Settings) -> bool:
    """Whether statements and recommendations follow from the rollups as they are now."""
    return _due(session, settings, clock.now_us()).is_nothing


def _compute(session: Session, due: _Due, settings: Settings, now_us: int) -> _Refreshed:
    pricing = pricings.in_force(session)
    memory = day_cost_memory.recall(session, settings.zone, pricing)
    statements = [
        month_computation.compute(
            session,
            month,
            basis=basis,
            pricing=pricing,
            now_us=now_us,
            silent=silent_senders.missed_in(month, due.quiet.silent),
            day_costs=memory.costs,
        )
        for month, basis in due.months
    ]
    return _Refreshed(
        statements=statements,
        memory=memory,
        adjustments=[
            adjustment_store.draft_late_adjustment(session, bucket, pricing, now_us)
            for bucket in due.late
        ],
        advice=computation.compute(
            session,
            pricing,
            settings,
            now_us,
            computed=statements,
            claimed=recommendations.find_in_hand_ids(session),
            dismissed=recommendations.find_dismissed_ids(session),
            controls=outcomes.find_controls(session, clock.day_of(now_us)),
        ),
        retiring=retirements.find_in_use(session, pricing, now_us),
        realised=outcomes.compute(session, pricing, now_us),
        silent=silent_senders.missed_in(months.containing(now_us, settings.zone), due.quiet.silent),
        twins=twins.search(session),
    )


def _write(session: Session, refreshed: _Refreshed, settings: Settings, now_us: int) -> int:
    """Write what was computed; how many statements and adjusted months changed."""
    written_months = {
        statement.month
        for statement in refreshed.statements
        if statement_store.write(session, statement)
    }
    adjusted_months = {
        adjustment.month
        for adjustment, arithmetic in refreshed.adjustments
        if adjustment_store.book(session, adjustment, arithmetic)
    }
    realised = refreshed.realised
    recommendations.write(session, refreshed.advice, now_us)
    outcomes.write(session, realised, now_us)
    stage_store.make_due_changes(session, realised.measured if realised else (), now_us)
    standing = [row.recommendation for row in recommendations.read_current(session)]
    alert_store.evaluate(
        session,
        standing,
        settings,
        now_us,
        retiring=refreshed.retiring,
        silent=refreshed.silent,
    )
    return len(written_months) + len(adjusted_months)


def _due(session: Session, settings: Settings, now_us: int) -> _Due:
    basis = Basis(
        zone=settings.reporting_zone,
        days_revision=0,
        price_book_version=in_force.load_book(session).version,
        names_version=in_force.aliases_version(in_force.load_aliases(session)),
        through_day=clock.day_in(settings.zone, now_us),
    )
    quiet = silent_senders.survey(session, now_us)
    return _Due(
        months=statement_store.find_stale(session, settings, basis, quiet.silent),
        late=adjustment_store.find_unbooked(session),
        quiet=quiet,
        advised_on=_advice_key(session, settings, basis, quiet, today=clock.day_of(now_us)),
        advised_before=facts.get(session, ADVISED_ON),
    )


def _advice_key(
    session: Session, settings: Settings, basis: Basis, quiet: Survey, *, today: int
) -> str:
    """Everything that advice and alerts rest on.

    Usage, prices, names, today in UTC and in the zone, who is quiet, the settings and people.
    """
    key = (
        sum(readings.day_revisions(session).values()),
        basis.zone,
        basis.price_book_version,
        basis.names_version,
        today,
        basis.through_day,
        terms.key(settings),
        # A webhook that is set later is sent what has fired already, and another what was held.
        alert_store.webhook_key(settings),
        stage_store.revision(session),
        evidence_store.revision(session),
        fixed_cost_store.revision(session),
        policies.opt_out_revision(session),
        quiet.version,
    )
    return json.dumps(key)
