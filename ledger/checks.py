"""The ledger's invariants as queries.

Each check returns its findings, one line each; without findings the invariant holds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session

from ledger import (
    clock,
    closed_statements,
    recount,
    retention,
    rollups,
    slots,
    tables,
    tokens,
    usage,
)
from ledger.database import Database

MAX_FINDINGS = 20
_EVENT = tables.EVENT
_LINE = tables.STATEMENT_LINE


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: its name, the rule as a sentence, and the findings against it."""

    name: str
    rule: str
    findings: tuple[str, ...]


def verify(database: Database) -> list[Check]:
    """Every invariant, checked over one snapshot of the ledger."""
    with database.snapshot() as session:
        return [
            Check(
                name,
                rule,
                tuple(line for _, line in zip(range(MAX_FINDINGS), check(session), strict=False)),
            )
            for name, rule, check in _CHECKS
        ]


def hours_equal_events(session: Session, days: range | None = None) -> Iterator[str]:
    """Where hours + pending sums differ from their raw events, on some UTC days or all.

    Compared day by day, so that memory holds one day; a day without raw rows cannot be compared.
    """
    waiting = _pending(session)
    days_with_events = {*recount.open_days(session)} | {day for day, _ in waiting.days()}
    for day in sorted(days_with_events if days is None else days_with_events & {*days}):
        from_events = recount.count_hours(session, day, day)
        from_rollups = _hour_sums(session, day)
        for key, amounts in waiting.hours.items():
            if key[0] // slots.PER_DAY == day:
                from_rollups[key] = (
                    usage.combine(from_rollups[key], amounts)
                    if key in from_rollups
                    else list(amounts)
                )
        for key, maxima in waiting.withdrawn.items():
            if key[0] // slots.PER_DAY == day:
                recount.raise_maxima(from_events, key, maxima)
        for key in sorted(from_events.keys() | from_rollups.keys()):
            yield from _differences(key, from_events.get(key), from_rollups.get(key))


def _differences(
    key: usage.HourKey, from_events: list[int] | None, from_rollups: list[int] | None
) -> Iterator[str]:
    zero = [0] * len(usage.COLUMNS)
    for name, events_sum, rollup_sum in zip(
        usage.COLUMNS, from_events or zero, from_rollups or zero, strict=True
    ):
        if events_sum != rollup_sum:
            start = clock.rfc3339(key[0] * slots.SLOT_US)
            yield (
                f"{start} series {key[1]} {name}:"
                f" events say {events_sum}, rollup + pending {rollup_sum}"
            )


def _hour_sums(session: Session, day: int) -> dict[usage.HourKey, list[int]]:
    table = rollups.HOUR
    query = select(table.c.slot, table.c.series_id, *(table.c[name] for name in usage.COLUMNS))
    rows = session.execute(query.where(rollups.of_days(range(day, day + 1))))
    return {(row[0], row[1]): list(row[2:]) for row in rows}


def _days_equal_hours(session: Session) -> Iterator[str]:
    """Where a day differs from the sum of its hours.

    Retention drops old hours; only days that still have all their hours are compared.
    """
    hour, day = rollups.HOUR, rollups.DAY_SUMS
    amounts = rollups.aggregates(hour)
    # Labelled, because to PostgreSQL a repeated expression with a parameter is a different one.
    day_of_hour = (hour.c.slot // slots.PER_DAY).label("day_of_hour")
    dropped = retention.dropped_days(session)
    hour_sums = {
        (int(row[0]), row[1]): [int(amount) for amount in row[2:]]
        for row in session.execute(
            select(day_of_hour, hour.c.series_id, *amounts).group_by(day_of_hour, hour.c.series_id)
        )
    }
    day_sums = {
        (row[0], row[1]): list(row[2:])
        for row in session.execute(
            select(day.c.day, day.c.series_id, *(day.c[name] for name in usage.COLUMNS))
        )
        if row[0] not in dropped
    }
    for key in sorted(hour_sums.keys() | day_sums.keys()):
        if hour_sums.get(key) != day_sums.get(key):
            day_text = clock.date_of(key[0])
            yield f"{day_text} series {key[1]}: the day differs from the sum of its hours"


def _totals_equal_days(session: Session) -> Iterator[str]:
    day, total = rollups.DAY_SUMS, rollups.TOTAL
    amounts = rollups.aggregates(day)
    day_sums = {
        row[0]: [int(amount) for amount in row[1:]]
        for row in session.execute(select(day.c.series_id, *amounts).group_by(day.c.series_id))
    }
    totals = {
        row[0]: list(row[1:])
        for row in session.execute(
            select(total.c.series_id, *(total.c[name] for name in usage.COLUMNS))
        )
    }
    for series_id in sorted(day_sums.keys() | totals.keys()):
        if day_sums.get(series_id) != totals.get(series_id):
            yield f"series {series_id}: the total differs from the sum of its days"


def _distributions_equal_events(session: Session) -> Iterator[str]:
    waiting = _pending(session)
    table = rollups.DISTRIBUTION
    for day in recount.open_days(session):
        from_events = recount.count_distributions(session, day, day)
        rows = session.execute(
            select(
                *(table.c[name] for name in ("day", "series_id", "measure", "power", "requests"))
            ).where(table.c.day == day)
        )
        from_rollups = {
            (row.day, row.series_id, row.measure, row.power): row.requests for row in rows
        }
        for key, requests in waiting.distributions.items():
            if key[0] == day:
                from_rollups[key] = from_rollups.get(key, 0) + requests
        for key in waiting.distributions.keys() & from_rollups.keys():
            if not from_rollups[key]:
                del from_rollups[key]
        if from_events != from_rollups:
            yield f"{clock.date_of(day)}: the size and latency distribution differs from the events"


def _parts_within_wholes(session: Session) -> Iterator[str]:
    event = _EVENT.c
    negative = [event[name] < 0 for name in tokens.FIELDS]
    beyond = [
        func.coalesce(event.cached_input_tokens, 0)
        + func.coalesce(event.cache_write_input_tokens, 0)
        > func.coalesce(event.input_tokens, 0),
        func.coalesce(event.input_audio_tokens, 0) > func.coalesce(event.input_tokens, 0),
        func.coalesce(event.reasoning_tokens, 0) > func.coalesce(event.output_tokens, 0),
        func.coalesce(event.output_audio_tokens, 0) > func.coalesce(event.output_tokens, 0),
    ]
    for day in recount.open_days(session):
        bad = session.execute(
            select(func.count())
            .select_from(_EVENT)
            .where(event.day == day, or_(*negative, *beyond))
        ).scalar_one()
        if bad:
            yield (
                f"{clock.date_of(day)}:"
                f" {bad} events have a negative count or a part larger than its whole"
            )


def _tokens_priced_or_listed(session: Session) -> Iterator[str]:
    """Where priced and unpriced tokens do not add up to a line's tokens: unknown is never zero."""
    line = _LINE.c
    listed = line.priced_tokens + line.unpriced_tokens
    wrong = or_(
        listed != line.input_tokens + line.output_tokens,
        and_(line.priced_tokens > 0, line.cost_usd.is_(None)),
        and_(line.priced_tokens == 0, line.cost_usd.is_not(None)),
    )
    for month, model in session.execute(
        select(line.month, line.model).where(wrong).order_by(line.month, line.model)
    ):
        yield f"{month} {model}: priced and unpriced tokens do not add up to its tokens"


def _pending(session: Session) -> usage.Sums:
    return usage.merge_all(rollups.list_pending(session))


_CHECKS: list[tuple[str, str, Callable[[Session], Iterator[str]]]] = [
    ("hours", "every hour + what is pending equals its raw events", hours_equal_events),
    ("days", "every day equals the sum of its hours", _days_equal_hours),
    ("totals", "every total equals the sum of its days", _totals_equal_days),
    ("distributions", "sizes and latencies are counted once each", _distributions_equal_events),
    ("parts", "no count is negative and no part exceeds its whole", _parts_within_wholes),
    ("prices", "every token is priced or listed as unpriced", _tokens_priced_or_listed),
    (
        "closed",
        "every closed statement is as it was when it was closed",
        closed_statements.find_changes,
    ),
    (
        "late",
        "a closed month and what came after it equal its rollups",
        closed_statements.find_imbalances,
    ),
]
