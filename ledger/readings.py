"""Usage by series over spans of time, from the coarsest rollup that fits.

Never reads raw events.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, Table, func, select
from sqlmodel import Session

from ledger import clock, rollups, slots, tables, usage
from ledger.events import Labels

MOST_IDS = 10_000
"""Series in one query at most: a database takes only so many parameters."""

_SERIES = tables.SERIES


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """A series as stored: its labels, and whether a limit folded names of it into `other`."""

    id: int
    labels: Labels
    folded: bool


def all_series(session: Session) -> dict[int, StoredSeries]:
    """All label sets by series id."""
    names = msgspec.structs.fields(Labels)
    columns = [_SERIES.c[field.name] for field in names]
    rows = session.execute(select(_SERIES.c.id, _SERIES.c.folded, *columns))
    return {row[0]: StoredSeries(row[0], Labels(*row[2:]), row[1]) for row in rows}


def sum_span(session: Session, span: range) -> dict[int, list[int]]:
    """Amounts by series id over a span of slots.

    Whole UTC days are read from the days, the rest from the hours. Raises ValueError where an end
    of the span lies within an hour that is not cut there.
    """
    _check_cut(span.start)
    _check_cut(span.stop)
    days = slots.whole_days(span)
    if not len(days):
        return _sum_range(session, span)
    inner = slots.of_days(days)
    parts = (
        _sum_range(session, range(span.start, inner.start)),
        _sum_rows(
            session, rollups.DAY_SUMS, rollups.DAY_SUMS.c.day.between(days.start, days.stop - 1)
        ),
        _sum_range(session, range(inner.stop, span.stop)),
    )
    sums: dict[int, list[int]] = {}
    for part in parts:
        for series_id, amounts in part.items():
            sums[series_id] = (
                usage.combine(sums[series_id], amounts) if series_id in sums else amounts
            )
    return sums


def sum_days(
    session: Session, days: range, series_ids: Collection[int] | None = None
) -> dict[int, dict[int, list[int]]]:
    """Amounts by UTC day and series id over whole UTC days, of all series or of some."""
    table = rollups.DAY_SUMS
    columns = [table.c[name] for name in usage.COLUMNS]
    query = select(table.c.day, table.c.series_id, *columns).where(
        table.c.day.between(days.start, days.stop - 1)
    )
    if series_ids is not None:
        query = query.where(table.c.series_id.in_(list(series_ids)))
    rows = session.execute(query)
    by_day: dict[int, dict[int, list[int]]] = {}
    for day, series_id, *amounts in rows:
        by_day.setdefault(day, {})[series_id] = amounts
    return by_day


def sum_parts(session: Session, span: range) -> dict[int, dict[int, list[int]]]:
    """Amounts by part of a UTC day, named by the slot with which it begins, and by series id.

    Each UTC day has two parts: until the time of day at which the span begins, and from then on;
    where that is midnight, one. Raises ValueError where the span begins within a row.
    """
    cut = span.start % slots.PER_DAY
    if not cut:
        by_day = sum_days(session, slots.whole_days(span))
        return {day * slots.PER_DAY: sums for day, sums in by_day.items()}
    _check_cut(span.start)
    part = rollups.part_of_row(cut)
    rows = session.execute(
        select(part, rollups.HOUR.c.series_id, *rollups.aggregates(rollups.HOUR))
        .where(rollups.of_slots(span))
        .group_by(part, rollups.HOUR.c.series_id)
    )
    by_part: dict[int, dict[int, list[int]]] = {}
    for start, series_id, *amounts in rows:
        by_part.setdefault(start, {})[series_id] = list(map(int, amounts))
    return by_part


def totals(session: Session) -> dict[int, list[int]]:
    """Amounts by series id since the beginning."""
    return _sum_rows(session, rollups.TOTAL, rollups.TOTAL.c.series_id.is_not(None))


def traffic_days(session: Session, first_day: int, last_day: int) -> dict[int, list[int]]:
    """By series id, the UTC days with traffic from `first_day` to `last_day` inclusive."""
    table = rollups.DAY_SUMS.c
    rows = session.execute(
        select(table.series_id, table.day)
        .where(table.day.between(first_day, last_day))
        .order_by(table.day)
    )
    days: dict[int, list[int]] = {}
    for series_id, day in rows:
        days.setdefault(series_id, []).append(day)
    return days


def traffic_spans(session: Session, series_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """By series id, its first and last UTC day with traffic, of some series."""
    table = rollups.DAY_SUMS.c
    query = select(table.series_id, func.min(table.day), func.max(table.day)).group_by(
        table.series_id
    )
    rows = session.execute(query.where(table.series_id.in_(list(series_ids))))
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def first_hour_of_day(session: Session, day: int, series_ids: Iterable[int]) -> int | None:
    """The first UTC hour of a day with traffic of some series; None where hours are dropped."""
    table = rollups.HOUR.c
    of_traffic = rollups.of_days(range(day, day + 1)) & table.series_id.in_(list(series_ids))
    first_slot = session.execute(select(func.min(table.slot)).where(of_traffic)).scalar()
    return None if first_slot is None else int(first_slot) // slots.PER_HOUR


def tokens_by_hour(session: Session, hours: range, series_ids: Iterable[int]) -> dict[int, int]:
    """Input and output tokens of some series by UTC hour; hours without traffic are absent."""
    table = rollups.HOUR.c
    tokens = func.sum(table.input_tokens + table.output_tokens)
    of_traffic = rollups.of_slots(slots.of_hours(hours)) & table.series_id.in_(list(series_ids))
    hour = rollups.hour_of_row()
    rows = session.execute(select(hour, tokens).where(of_traffic).group_by(hour))
    return {row[0]: int(row[1]) for row in rows}


def distribution(
    session: Session, days: range, series_ids: Iterable[int], measure: str
) -> dict[int, int]:
    """Request counts of a measure by power of two (bit length), of some series over UTC days."""
    table = rollups.DISTRIBUTION.c
    # Lists rather than ranges, so that the database looks up each day and series and reads nothing
    # more.
    of_days = table.day.in_(list(days)) & table.series_id.in_(list(series_ids))
    of_measure = table.measure == usage.MEASURES.index(measure)
    rows = session.execute(
        select(table.power, func.sum(table.requests))
        .where(of_days, of_measure)
        .group_by(table.power)
    )
    return {row[0]: int(row[1]) for row in rows}


def distributions(
    session: Session, days: range, series_ids: Collection[int], measures: Sequence[str]
) -> dict[tuple[int, str], dict[int, int]]:
    """Request counts by series and measure over UTC days, each by power of two (bit length)."""
    table, numbers = rollups.DISTRIBUTION.c, [usage.MEASURES.index(measure) for measure in measures]
    ids, counts = sorted(series_ids), dict[tuple[int, str], dict[int, int]]()
    for start in range(0, len(ids), MOST_IDS):
        # Lists rather than ranges, as above.
        of_chunk = table.day.in_(list(days)) & table.series_id.in_(ids[start : start + MOST_IDS])
        rows = session.execute(
            select(table.series_id, table.measure, table.power, func.sum(table.requests))
            .where(of_chunk, table.measure.in_(numbers))
            .group_by(table.series_id, table.measure, table.power)
        )
        for series_id, measure, power, requests in rows:
            counts.setdefault((series_id, usage.MEASURES[measure]), {})[power] = int(requests)
    return counts


def day_revisions(session: Session) -> dict[int, int]:
    """By UTC day, how many rollups have written into it."""
    rows = session.execute(
        select(rollups.DAY.c.day, rollups.DAY.c.revision).order_by(rollups.DAY.c.day)
    )
    return {row[0]: row[1] for row in rows}


def sum_hours(session: Session, hours: Iterable[int]) -> dict[int, list[int]]:
    """Amounts by series id over some UTC hours, which need not be consecutive."""
    rows = [slot for hour in hours for slot in slots.rows_of_hour(hour)]
    return _sum_rows(session, rollups.HOUR, rollups.HOUR.c.slot.in_(rows))


def _check_cut(slot: int) -> None:
    if not slots.is_row(slot):
        raise ValueError(f"usage cannot be cut at {clock.rfc3339(slot * slots.SLOT_US)}")


def _sum_range(session: Session, span: range) -> dict[int, list[int]]:
    if not len(span):
        return {}
    return _sum_rows(session, rollups.HOUR, rollups.of_slots(span))


def _sum_rows(session: Session, table: Table, where: ColumnElement[bool]) -> dict[int, list[int]]:
    amounts = rollups.aggregates(table)
    rows = session.execute(
        select(table.c.series_id, *amounts).where(where).group_by(table.c.series_id)
    )
    return {row[0]: [int(amount) for amount in row[1:]] for row in rows}
