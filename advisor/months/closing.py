"""Closing a month: its statement is frozen with its arithmetic and hash, and what changes later is a dated adjustment."""

from fractions import Fraction
from typing import NamedTuple

from sqlmodel import Session

from advisor import words
from advisor.months import (
    adjusted,
    adjustments,
    monthly,
    pricings,
    statement_store,
    statements,
    trace,
    usage_figures,
)
from advisor.months.adjustments import Adjustment, Arithmetic, Booked
from advisor.months.statement_store import Basis, MonthStatement
from advisor.months.statements import Line, LineKey
from ledger import checks, clock, money, months, readings, rollups, tokens, usage
from ledger.database import Database, lock
from ledger.errors import NotAllowed, NotFound, UsageError
from ledger.late_usage import REPRICING
from ledger.months import Month
from ledger.settings import Settings


def close(
    database: Database,
    settings: Settings,
    month_text: str,
    closed_by: str,
    *,
    despite_gaps: bool = False,
) -> None:
    """Freeze a finished month, with everything in it that was acknowledged before.

    Raises UsageError for a month that is none or not over, NotFound for one without traffic, NotAllowed for one that is
    closed, disagrees with its events, or lies below the coverage floor, unless `despite_gaps`.
    """
    now_us = clock.now_us()
    month = _finished(settings, now_us, month_text)
    with database.snapshot() as session:
        _refuse_closed(statement_store.read(session, month))
        _refuse_disagreement(session, month)
        found = _compute(session, month, now_us)
    with database.transaction() as session:
        # No rollup runs until the month is frozen: what it would have added is in the statement, or late.
        lock(session, "rollup")
        if pending := rollups.claim(session):
            rollups.add(session, usage.merge_all(pending), now_us, settings.max_metric_sets)
        lock(session, "refresh")
        _refuse_closed(statement_store.read(session, month))
        if found.statement.basis != _basis(session, month, pricings.in_force(session)):
            found = _compute(session, month, now_us)
        if not found.statement.lines:
            raise NotFound(
                f"no traffic in {month}; months with traffic are listed by: switchwise report"
            )
        if not despite_gaps:
            _refuse_gaps(found.statement)
        statement_store.freeze(session, found.statement, found.rows, now_us, closed_by)


class _Computed(NamedTuple):
    statement: MonthStatement
    rows: tuple[trace.Row, ...]


def _compute(session: Session, month: Month, now_us: int) -> _Computed:
    pricing = pricings.in_force(session)
    statement = monthly.compute(session, month, _basis(session, month, pricing), pricing, now_us)
    return _Computed(statement, trace.rows(monthly.parts(session, month), pricing))


def _basis(session: Session, month: Month, pricing: statements.Pricing) -> Basis:
    """What the statement of a finished month follows from, as this session sees it."""
    through_day = month.touched_days.stop
    revision = statement_store.revision_of(readings.day_revisions(session), month, through_day)
    return Basis(
        str(month.zone), revision, pricing.book.version, pricing.names_version, through_day
    )


def reprice(
    database: Database, settings: Settings, month_text: str, reason: str, made_by: str
) -> int | None:
    """Book what a closed month's usage costs at the prices and names in force now, less what is booked so far, line by line.

    The answer is the adjustment's number; None where nothing differs, and nothing is booked.
    Raises UsageError for a month that is none or without a reason, NotAllowed for one that is not closed.
    """
    if not reason.strip():
        raise UsageError(
            "a repricing needs a reason that a reader of the books will understand; give --reason"
        )
    now_us = clock.now_us()
    asked = months.parse(month_text, settings.zone)
    with database.transaction() as session:
        lock(session, "rollup")
        lock(session, "refresh")
        statement = statement_store.read(session, asked)
        if statement is None or statement.closing is None:
            raise NotAllowed(
                f"{asked} is not closed: its figures follow every change of a price or name by themselves"
            )
        pricing = pricings.in_force(session)
        for bucket in adjustments.unbooked(session, str(asked)):
            adjustments.book(session, *adjustments.of_late_usage(session, bucket, pricing, now_us))
        return _book_difference(session, statement, pricing, (reason.strip(), made_by), now_us)


def _book_difference(
    session: Session,
    statement: MonthStatement,
    pricing: statements.Pricing,
    why_and_who: tuple[str, str],
    now_us: int,
) -> int | None:
    month = str(statement.month)
    before = adjustments.read(session, month)
    held = {0: statement.lines} | {number: each.lines for number, each in before.items()}
    booked = adjusted.together(statement.lines, before)
    parts = monthly.parts(session, statement.month)
    now = statements.lines(parts, pricing)
    differences = {
        key: now.get(key, Line()) - booked.get(key, Line()) for key in now.keys() | booked.keys()
    }
    changed = {key: line for key, line in differences.items() if _says_something(line)}
    if not changed:
        return None
    made = Adjustment(
        month,
        REPRICING,
        clock.day_of(now_us),
        adjustments.last_number(session, month, REPRICING),
        *why_and_who,
        pricing.book.version,
        pricing.names_version,
        now_us,
        changed,
    )
    arithmetic = Arithmetic(
        tuple(row for row in trace.rows(parts, pricing) if row.key in changed),
        tuple(
            _booked(number, key, lines[key])
            for key in sorted(changed)
            for number, lines in held.items()
            if key in lines
        ),
    )
    return adjustments.book(session, made, arithmetic)


def _says_something(line: Line) -> bool:
    """Whether a difference changes money or usage; what is merely known better or worse of them is no adjustment."""
    return bool(
        line.is_priced or line.cost.unpriced_tokens or line.requests or line.counts != tokens.NONE
    )


def _booked(number: int, key: LineKey, line: Line) -> Booked:
    return Booked(
        number,
        *key,
        line.requests,
        line.counts.total_tokens,
        line.cost.unpriced_tokens,
        money.usd_text(line.cost.femto_usd) if line.is_priced else None,
        money.usd_text(line.list_cost_femto_usd) if line.is_priced else None,
    )


def _finished(settings: Settings, now_us: int, month_text: str) -> Month:
    month, current = (
        months.parse(month_text, settings.zone),
        months.containing(now_us, settings.zone),
    )
    if month >= current:
        raise UsageError(
            f"{month} is not over in {settings.reporting_zone}; the latest month that can be closed is {current.previous()}"
        )
    return month


def _refuse_disagreement(session: Session, month: Month) -> None:
    """A figure that the ledger's own events disprove is not frozen."""
    finding = next(checks.hours_equal_events(session, month.touched_days), None)
    if finding is not None:
        raise NotAllowed(
            f"the rollups of {month} disagree with its events ({finding}); repair them with: switchwise rebuild"
        )


def _refuse_closed(statement: MonthStatement | None) -> None:
    if statement is not None and statement.closing is not None:
        at, by = clock.rfc3339(statement.closing.closed_at), statement.closing.closed_by
        raise NotAllowed(
            f"{statement.month} was closed at {at} by {by}; correct it with: switchwise reprice {statement.month}"
        )


def _refuse_gaps(statement: MonthStatement) -> None:
    coverage = usage_figures.total(statement.lines).coverage
    if coverage.provisional:
        gaps = ", ".join(
            f"{name} {words.percent(share)}"
            for name, share in coverage.gaps.items()
            if Fraction(share)
        )
        raise NotAllowed(
            f"the coverage of {statement.month} is {words.covered(coverage.ratio)} ({gaps or 'nothing to measure it by'}),"
            " below 99 %; fill the gaps (switchwise models unmapped), or close it with --despite-gaps"
        )
