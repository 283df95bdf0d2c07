"""Closing a month, and repricing a closed one.

A closed statement is frozen with its arithmetic and hash. What changes later is a dated adjustment.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from sqlmodel import Session

from advisor import words
from advisor.months import (
    adjustment_store,
    adjustments,
    coverage,
    figures,
    month_computation,
    pricings,
    refused_figures,
    silence_words,
    silent_senders,
    statement_store,
    statements,
    trace,
)
from advisor.months.adjustments import Adjustment, Arithmetic, BookedLine
from advisor.months.silent_senders import SilentSender
from advisor.months.statement_store import Basis, MonthStatement
from advisor.months.statements import Line, LineKey
from ledger import checks, clock, months, readings, refusals, rollups, tokens, usage
from ledger.database import Database, lock
from ledger.errors import NotAllowed, UsageError
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
    even_if_silent: bool = False,
) -> None:
    """Freeze a finished month, with everything in it that was acknowledged before.

    Raises UsageError for a text that is no month or a month that is not over, NotFound for one
    without traffic. Raises NotAllowed for one that is closed or disagrees with its events; unless
    `despite_gaps`, for one below the coverage floor; and unless `even_if_silent`, for one in which
    a sender fell silent.
    """
    now_us = clock.now_us()
    month = _finished_month(settings, now_us, month_text)
    with database.snapshot() as session:
        _refuse_closed(statement_store.read_statement(session, month))
        _refuse_disagreement(session, month)
        draft = _draft(session, month, now_us)
    with database.transaction() as session:
        # No record grows and no rollup runs until the month is frozen. Its events are in the
        # statement, or are late.
        lock(session, "growth")
        lock(session, "rollup")
        if pending := rollups.claim(session, now_us):
            rollups.add(session, usage.merge_all(pending), now_us, settings.max_metric_sets)
        lock(session, "refresh")
        _refuse_closed(statement_store.read_statement(session, month))
        basis, _ = _basis(session, month, pricings.in_force(session), now_us)
        if draft.statement.basis != basis:
            draft = _draft(session, month, now_us)
        if not draft.statement.lines:
            statement_store.refuse_without_traffic(session, month)
        if not despite_gaps:
            _refuse_gaps(session, draft.statement)
        if not even_if_silent:
            _refuse_silence(session, month, now_us)
        statement_store.freeze(
            session, draft.statement, draft.rows, closed_at=now_us, closed_by=closed_by
        )


class _Draft(NamedTuple):
    statement: MonthStatement
    rows: tuple[trace.TraceRow, ...]


def _draft(session: Session, month: Month, now_us: int) -> _Draft:
    pricing = pricings.in_force(session)
    basis, silent = _basis(session, month, pricing, now_us)
    statement = month_computation.compute(
        session, month, basis=basis, pricing=pricing, now_us=now_us, silent=silent
    )
    return _Draft(statement, trace.rows(month_computation.usage_by_day(session, month), pricing))


def _basis(
    session: Session, month: Month, pricing: statements.Pricing, now_us: int
) -> tuple[Basis, Sequence[SilentSender]]:
    """What the statement of a finished month follows from, as this session sees it."""
    silent = silent_senders.missed_in(month, silent_senders.find(session, now_us))
    through_day = month.calendar_days.stop
    revision = statement_store.revision_of(readings.day_revisions(session), month, through_day)
    basis = Basis(
        zone=str(month.zone),
        days_revision=revision,
        price_book_version=pricing.book.version,
        names_version=pricing.names_version,
        through_day=through_day,
        silence=silent_senders.version(silent),
    )
    return basis, silent


def reprice(
    database: Database, settings: Settings, month_text: str, *, reason: str, made_by: str
) -> int | None:
    """Book, line by line, what a closed month costs at the prices and names in force now.

    The adjustment is that cost less everything booked so far. Returns its number; None where
    nothing differs, and nothing is booked. Raises UsageError for a text that is no month or an
    empty reason, NotAllowed for a month that is not closed.
    """
    if not reason.strip():
        raise UsageError(
            "a repricing needs a reason that a reader of the books will understand; give --reason"
        )
    now_us = clock.now_us()
    month = months.parse(month_text, settings.zone)
    with database.transaction() as session:
        lock(session, "rollup")
        lock(session, "refresh")
        statement = statement_store.read_statement(session, month)
        if statement is None or statement.closing is None:
            raise NotAllowed(
                f"{month} is not closed, so its figures follow new prices and names by themselves;"
                " no repricing is needed"
            )
        pricing = pricings.in_force(session)
        for bucket in adjustment_store.find_unbooked(session, str(month)):
            adjustment_store.book(
                session,
                *adjustment_store.draft_late_adjustment(session, bucket, pricing, now_us),
            )
        repricing = _draft_repricing(session, statement, pricing)
        if repricing is None:
            return None
        changed, arithmetic = repricing
        adjustment = Adjustment(
            month=str(month),
            kind=REPRICING,
            dated_day=clock.day_of(now_us),
            after_number=adjustment_store.last_number(session, str(month), REPRICING),
            reason=reason.strip(),
            made_by=made_by,
            price_book_version=pricing.book.version,
            names_version=pricing.names_version,
            created_at=now_us,
            lines=changed,
        )
        return adjustment_store.book(session, adjustment, arithmetic)


def _draft_repricing(
    session: Session, statement: MonthStatement, pricing: statements.Pricing
) -> tuple[dict[LineKey, Line], Arithmetic] | None:
    """The lines in which a closed month differs at this pricing, and why; None without any."""
    earlier = adjustment_store.read_month(session, str(statement.month))
    before = adjustments.apply(statement.lines, earlier)
    days = month_computation.usage_by_day(session, statement.month)
    now = statements.lines(days, pricing)
    differences = {
        key: now.get(key, Line()) - before.get(key, Line()) for key in now.keys() | before.keys()
    }
    changed = {key: line for key, line in differences.items() if _changes_figures(line)}
    if not changed:
        return None
    rows = tuple(row for row in trace.rows(days, pricing) if row.key in changed)
    sources = {0: statement.lines} | {
        number: adjustment.lines for number, adjustment in earlier.items()
    }
    less = tuple(
        _booked_line(number, key, lines[key])
        for key in sorted(changed)
        for number, lines in sources.items()
        if key in lines
    )
    return changed, Arithmetic(rows, less)


def _changes_figures(line: Line) -> bool:
    """Whether a difference changes money or usage.

    A change of how well they are known, such as of estimated requests, is no adjustment.
    """
    return bool(
        line.is_priced or line.cost.unpriced_tokens or line.requests or line.counts != tokens.NONE
    )


def _booked_line(number: int, key: LineKey, line: Line) -> BookedLine:
    return BookedLine(
        number=number,
        **key._asdict(),
        requests=line.requests,
        tokens=line.counts.total_tokens,
        unpriced_tokens=line.cost.unpriced_tokens,
        cost_femto_usd=line.cost.femto_usd if line.is_priced else None,
        list_cost_femto_usd=line.list_cost_femto_usd if line.is_priced else None,
    )


def _finished_month(settings: Settings, now_us: int, month_text: str) -> Month:
    month = months.parse(month_text, settings.zone)
    current = months.containing(now_us, settings.zone)
    if month >= current:
        raise UsageError(
            f"{month} is not over in {settings.reporting_zone};"
            f" the latest month that can be closed is {current.previous()}"
        )
    return month


def _refuse_disagreement(session: Session, month: Month) -> None:
    """A month is not closed on rollups that its own events disprove."""
    finding = next(checks.hours_equal_events(session, month.touched_days), None)
    if finding is not None:
        raise NotAllowed(
            f"the rollups of {month} disagree with its events ({finding});"
            " repair them with: switchwise rebuild"
        )


def _refuse_closed(statement: MonthStatement | None) -> None:
    if statement is not None and statement.closing is not None:
        month, closing = statement.month, statement.closing
        raise NotAllowed(
            f"{month} was closed at {clock.rfc3339(closing.closed_at)} by {closing.closed_by};"
            f" correct it with: switchwise reprice {month}"
        )


def _refuse_silence(session: Session, month: Month, now_us: int) -> None:
    silent = silent_senders.missed_in(month, silent_senders.find(session, now_us))
    if silent:
        raise NotAllowed(
            f"{month} may lack usage: {silence_words.list_silences(silent, now_us)}; bring in what"
            " is missing (switchwise import), or close it as it is with --even-if-silent"
        )


def _refuse_gaps(session: Session, statement: MonthStatement) -> None:
    refused = refusals.list_month(session, statement.month)
    usage_figure = refused_figures.with_refused(
        figures.usage_figure(statement.lines), [*map(refused_figures.refused_figure, refused)]
    )
    known_part = usage_figure.coverage
    if not known_part.provisional:
        return
    gaps = [
        f"{words.label(name)} {words.percent(share)}"
        for name, share in known_part.gaps.items()
        if Fraction(share)
    ]
    raise NotAllowed(
        f"the coverage of {statement.month} is {words.covered(known_part.ratio)}"
        f" ({', '.join(gaps) or 'there is nothing to measure it by'}), below"
        f" {words.percent(coverage.FLOOR)}; fill the gaps (switchwise models unmapped),"
        " or close it with --despite-gaps"
    )
