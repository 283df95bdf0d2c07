"""What rollups lose where a record grows out of a series, or loses a maximum. Never commits.

Sums are taken away by adding a negative number. A maximum cannot be: it is sought again where it
was that of what is gone. A row without requests is deleted.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import ColumnElement, Table, delete, func, select, update
from sqlmodel import Session

from ledger import events, recount, slots, tables, usage

_HOUR = tables.USAGE_HOUR
_DAY = tables.USAGE_DAY
_TOTAL = tables.USAGE_TOTAL
_DISTRIBUTION = tables.DISTRIBUTION_DAY

_Search = Callable[[], list[int]]
"""The maxima that a row must have, in the order of `usage.LARGEST`."""
_Maxima = dict[tuple[int, int], list[int]]


def settle(session: Session, sums: usage.Sums, now_us: int) -> None:
    """Make those rows right that these sums, just added, took something from.

    This transaction has written each of them, so no other one changes them meanwhile.
    """
    if not sums.withdrawn and all(requests > 0 for requests in sums.distributions.values()):
        return
    until_us = now_us + events.FUTURE_TOLERANCE_US
    for (slot, series_id), maxima in sorted(sums.withdrawn.items()):
        of_hour = [_HOUR.c.slot == slot, _HOUR.c.series_id == series_id]
        search = _in_events(session, slot, series_id, until_us)
        _settle_row(session, _HOUR, of_hour, maxima=maxima, search=search)
    for (day, series_id), maxima in sorted(_by_day(sums.withdrawn).items()):
        of_day = [_DAY.c.day == day, _DAY.c.series_id == series_id]
        in_hours = [_of_day(day), _HOUR.c.series_id == series_id]
        search = _in_rows(session, _HOUR, in_hours)
        _settle_row(session, _DAY, of_day, maxima=maxima, search=search)
    for series_id, maxima in sorted(_by_series(sums.withdrawn).items()):
        in_days = [_DAY.c.series_id == series_id]
        of_total = [_TOTAL.c.series_id == series_id]
        search = _in_rows(session, _DAY, in_days)
        _settle_row(session, _TOTAL, of_total, maxima=maxima, search=search)
    _delete_empty_places(session, sums)


def _settle_row(
    session: Session,
    table: Table,
    of_row: Iterable[ColumnElement[bool]],
    *,
    maxima: list[int],
    search: _Search,
) -> None:
    columns = [table.c[name] for name in usage.LARGEST]
    requests, meter_requests, *largest = session.execute(
        select(table.c.requests, table.c.meter_requests, *columns).where(*of_row)
    ).one()
    if not requests and not meter_requests:
        session.execute(delete(table).where(*of_row))
    elif any(gone and gone >= stored for gone, stored in zip(maxima, largest, strict=True)):
        changes = dict(zip(usage.LARGEST, search(), strict=True))
        session.execute(update(table).where(*of_row).values(changes))


def _in_events(session: Session, slot: int, series_id: int, until_us: int) -> _Search:
    return lambda: recount.largest_of_row(session, slot, series_id, until_us=until_us)


def _of_day(day: int) -> ColumnElement[bool]:
    first = day * slots.PER_DAY
    return _HOUR.c.slot.between(first, first + slots.PER_DAY - 1)


def _in_rows(session: Session, table: Table, where: Iterable[ColumnElement[bool]]) -> _Search:
    largest = [func.max(table.c[name]) for name in usage.LARGEST]
    return lambda: list(session.execute(select(*largest).where(*where)).one())


def _by_day(withdrawn: _Maxima) -> _Maxima:
    by_day: _Maxima = {}
    for (slot, series_id), maxima in withdrawn.items():
        key = (slot // slots.PER_DAY, series_id)
        by_day[key] = list(map(max, maxima, by_day.get(key, maxima)))
    return by_day


def _by_series(withdrawn: _Maxima) -> dict[int, list[int]]:
    by_series: dict[int, list[int]] = {}
    for (_, series_id), maxima in withdrawn.items():
        by_series[series_id] = list(map(max, maxima, by_series.get(series_id, maxima)))
    return by_series


def _delete_empty_places(session: Session, sums: usage.Sums) -> None:
    """Delete the places of distributions in which no request is left."""
    table = _DISTRIBUTION.c
    for (day, series_id, measure, power), requests in sorted(sums.distributions.items()):
        if requests < 0:
            of_place = (table.day == day) & (table.series_id == series_id)
            of_place &= (table.measure == measure) & (table.power == power)
            session.execute(delete(_DISTRIBUTION).where(of_place, table.requests == 0))
