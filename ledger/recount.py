"""A recount of rollups from raw events in SQL, independent of the sums of `usage`."""

from collections.abc import Iterator

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, literal, select
from sqlmodel import Session

from ledger import events, slots, tables, usage

_EVENT = tables.EVENT
_METER = tables.EVENT_METER
_SERIES = tables.SERIES
_DAY = tables.DAY
_BILLABLE = _SERIES.c.usage_source.in_(events.BILLABLE_SOURCES)
_AVOIDED = _SERIES.c.usage_source == "gateway_cache"


def _sum_where(condition: ColumnElement[bool], value: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, value), else_=0)), 0)


def _counted(name: str) -> ColumnElement[int]:
    """The SQL of one rollup column."""
    column, one, event = _EVENT.c, literal(1), _EVENT.c
    detail_unknown = and_(_BILLABLE, column.cached_input_tokens.is_(None))
    uncached = event.input_tokens - func.coalesce(event.cached_input_tokens, 0)
    uncached -= func.coalesce(event.cache_write_input_tokens, 0)
    audio = case((event.input_audio_tokens > uncached, uncached), else_=event.input_audio_tokens)
    special: dict[str, ColumnElement[int]] = {
        "input_audio_tokens": _sum_where(_BILLABLE, audio),
        "requests": func.count(),
        "avoided_input_tokens": _sum_where(_AVOIDED, event.input_tokens),
        "avoided_output_tokens": _sum_where(_AVOIDED, event.output_tokens),
        "detail_unknown_requests": _sum_where(detail_unknown, one),
        "detail_unknown_input_tokens": _sum_where(
            and_(_BILLABLE, column.cached_input_tokens.is_(None)), event.input_tokens
        ),
        "latency_requests": func.count(column.latency_ms),
        "latency_ms_sum": func.coalesce(func.sum(column.latency_ms), 0),
        "first_token_requests": func.count(column.first_token_ms),
        "first_token_ms_sum": func.coalesce(func.sum(column.first_token_ms), 0),
        "paid_retry_requests": _sum_where(and_(_BILLABLE, column.retry_count > 0), one),
        "sender_cost_requests": _sum_where(
            and_(_BILLABLE, column.sender_cost_pico_usd.is_not(None)), one
        ),
        "meter_requests": literal(0),
        "meter_quantity": literal(0),
        "largest_input_tokens": func.coalesce(
            func.max(case((_BILLABLE, column.input_tokens), else_=0)), 0
        ),
        "largest_output_tokens": func.coalesce(
            func.max(case((_BILLABLE, column.output_tokens), else_=0)), 0
        ),
        "last_occurred_at": func.max(column.occurred_at),
    }
    return special[name] if name in special else _sum_where(_BILLABLE, column[name])


def _row_of(occurred_at: ColumnElement[int]) -> ColumnElement[int]:
    """The SQL of `slots.row_of`."""
    slot = cast(occurred_at // slots.SLOT_US, BigInteger)
    of_day = slot % slots.PER_DAY
    by_distance = [
        (of_day.in_(place for place, d in enumerate(slots.DISTANCES) if d == distance), distance)
        for distance in range(1, slots.PER_HOUR)
    ]
    return (slot - case(*by_distance, else_=0)).label("slot")


def count_hours(
    session: Session, first_day: int, last_day: int, *, until_us: int | None = None
) -> dict[usage.HourKey, list[int]]:
    """Sums of raw events by (slot of their hour, series), in the order of `usage.COLUMNS`.

    The UTC days are inclusive; `until_us` leaves later events out (epoch microseconds).
    """
    slot = _row_of(_EVENT.c.occurred_at)
    query = (
        select(slot, _EVENT.c.series_id, *(_counted(name).label(name) for name in usage.COLUMNS))
        .join_from(_EVENT, _SERIES, _EVENT.c.series_id == _SERIES.c.id)
        .where(_EVENT.c.day.between(first_day, last_day))
        .group_by(slot, _EVENT.c.series_id)
    )
    if until_us is not None:
        query = query.where(_EVENT.c.occurred_at <= until_us)
    sums = {(row[0], row[1]): [int(amount) for amount in row[2:]] for row in session.execute(query)}
    return sums | _count_meters(session, first_day, last_day)


def largest_of_row(session: Session, slot: int, series_id: int, *, until_us: int) -> list[int]:
    """The maxima of the raw events of an hourly row and a series, in the order of `usage.LARGEST`.

    The row is named by its slot. Without events after `until_us` (epoch microseconds).
    """
    day, end = slot // slots.PER_DAY, slots.next_row(slot + 1)
    keys = [events.first_key(edge * slots.SLOT_US) for edge in (slot, end)]
    row = session.execute(
        select(*(func.coalesce(_counted(name), 0) for name in usage.LARGEST))
        .join_from(_EVENT, _SERIES, _EVENT.c.series_id == _SERIES.c.id)
        .where(_EVENT.c.day == day, _EVENT.c.key >= keys[0], _EVENT.c.key < keys[1])
        .where(_EVENT.c.series_id == series_id, _EVENT.c.occurred_at <= until_us)
    ).one()
    return [int(amount) for amount in row]


def _count_meters(
    session: Session, first_day: int, last_day: int
) -> dict[usage.HourKey, list[int]]:
    """The sums of meters, whose series are theirs alone."""
    slot = _row_of(_METER.c.occurred_at)
    query = (
        select(slot, _METER.c.series_id, func.count(), func.sum(_METER.c.quantity))
        .where(_METER.c.day.between(first_day, last_day))
        .group_by(slot, _METER.c.series_id)
    )
    sums = {}
    for row in session.execute(query):
        amounts = sums[row[0], row[1]] = [0] * len(usage.COLUMNS)
        amounts[usage.INDEX["meter_requests"]] = row[2]
        amounts[usage.INDEX["meter_quantity"]] = int(row[3])
    return sums


def count_distributions(
    session: Session, first_day: int, last_day: int
) -> dict[usage.DistributionKey, int]:
    """Request counts of raw events by (day, series, measure, power of two).

    The UTC days are inclusive.
    """
    counts: dict[usage.DistributionKey, int] = {}
    for measure, name in enumerate(usage.MEASURES):
        value = _EVENT.c[name]
        query = (
            select(_EVENT.c.day, _EVENT.c.series_id, value, func.count())
            .join_from(_EVENT, _SERIES, _EVENT.c.series_id == _SERIES.c.id)
            .where(_EVENT.c.day.between(first_day, last_day), value.is_not(None), _BILLABLE)
            .group_by(_EVENT.c.day, _EVENT.c.series_id, value)
        )
        for day, series_id, amount, requests in session.execute(query):
            key = (day, series_id, measure, int(amount).bit_length())
            counts[key] = counts.get(key, 0) + requests
    return counts


def raise_maxima(
    hours: dict[usage.HourKey, list[int]], key: usage.HourKey, maxima: list[int]
) -> None:
    """Raise the maxima of an hour and a series to these at least, as long as the rollups have them.

    They are of events that have been replaced, which no recount can find.
    """
    split = len(usage.SUMMED)
    amounts = hours.get(key, [0] * len(usage.COLUMNS))
    hours[key] = [*amounts[:split], *map(max, amounts[split:], maxima)]


def open_days(session: Session) -> list[int]:
    """The UTC days that still have all their raw events, oldest first."""
    sealed = sealed_days(session)
    return [day for day in stored_days(session) if day not in sealed]


def sealed_days(session: Session) -> set[int]:
    """The UTC days whose raw events are dropped, or are being dropped."""
    return set(session.execute(select(_DAY.c.day).where(_DAY.c.sealed_at.is_not(None))).scalars())


def stored_days(session: Session) -> Iterator[int]:
    """The UTC days with raw events, oldest first, found by stepping over the key."""
    day = session.execute(select(func.min(_EVENT.c.day))).scalar()
    while day is not None:
        yield day
        day = session.execute(select(func.min(_EVENT.c.day)).where(_EVENT.c.day > day)).scalar()
