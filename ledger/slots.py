"""Slots of 15 minutes, and where hours are cut so that months and days are exact in every zone.

A rollup keeps one row for an hour. An hour in which a calendar day begins in some time zone is cut
there, for every ledger: so the reporting zone may change later. Pure.
"""

import itertools

from ledger import clock

MINUTES = 15
SLOT_US = MINUTES * 60 * clock.SECOND_US
PER_HOUR = 4
PER_DAY = 24 * PER_HOUR

# The zones off the whole hour are those of the tz database from 2020 on, where no event is older:
# https://www.iana.org/time-zones. A test compares them with the copy in use. Cuts are only ever
# added, as hours that are stored in one piece cannot be cut later.
DAY_STARTS = (
    (2, 30),  # St. John's in summer
    (3, 30),  # St. John's
    (9, 30),  # Marquesas
    (10, 15),  # Chatham in summer
    (11, 15),  # Chatham
    (13, 30),  # Adelaide in summer, Lord Howe
    (14, 30),  # Adelaide, Darwin
    (15, 15),  # Eucla
    (17, 30),  # Yangon, Cocos
    (18, 15),  # Kathmandu
    (18, 30),  # Kolkata, Colombo
    (19, 30),  # Kabul, Tehran in summer until 2022
    (20, 30),  # Tehran
)
"""Hour and minute in UTC at which a calendar day begins in a zone off the whole hour."""

_CUTS = frozenset(hour * PER_HOUR + minute // MINUTES for hour, minute in DAY_STARTS)
_BEGINS = tuple(slot % PER_HOUR == 0 or slot in _CUTS for slot in range(PER_DAY))


def _distance(slot: int) -> int:
    return 0 if _BEGINS[slot] else 1 + _distance(slot - 1)


DISTANCES = tuple(map(_distance, range(PER_DAY)))
"""By slot of the UTC day, how many slots before it its hour, or the part of it, began."""


def row_of(instant_us: int) -> int:
    """The slot (number since 1970-01-01 UTC) that names the rollup row of an instant.

    It is the one in which the instant's hour begins, or the part of the hour.
    """
    slot = instant_us // SLOT_US
    return slot - DISTANCES[slot % PER_DAY]


def is_row(slot: int) -> bool:
    """Whether a rollup row begins with a slot, so that a span of usage may begin or end there."""
    return _BEGINS[slot % PER_DAY]


def rows_of_hour(hour: int) -> list[int]:
    """The slots that name the rollup rows of a UTC hour (number since 1970-01-01)."""
    first = hour * PER_HOUR
    return [slot for slot in range(first, first + PER_HOUR) if is_row(slot)]


def next_row(slot: int) -> int:
    """The first slot from this one on with which a rollup row begins."""
    while not is_row(slot):
        slot += 1
    return slot


def starting_at(instant_us: int) -> int:
    """The slot that begins at an instant. Raises ValueError where usage cannot be cut there."""
    slot, remainder_us = divmod(instant_us, SLOT_US)
    if remainder_us or not is_row(slot):
        raise ValueError(f"usage cannot be cut at {clock.rfc3339(instant_us)}")
    return slot


def of_hours(hours: range) -> range:
    """The slots of UTC hours."""
    return range(hours.start * PER_HOUR, hours.stop * PER_HOUR)


def of_days(days: range) -> range:
    """The slots of UTC days."""
    return range(days.start * PER_DAY, days.stop * PER_DAY)


def cut_at_midnights(span: range) -> list[range]:
    """A span of slots in parts that lie in one UTC day each."""
    midnights = range(-(-span.start // PER_DAY) * PER_DAY, span.stop, PER_DAY)
    cuts = sorted({span.start, *midnights, span.stop})
    return [range(start, stop) for start, stop in itertools.pairwise(cuts)]


def whole_days(slots: range) -> range:
    """The UTC days that lie wholly in a span of slots."""
    return range(-(-slots.start // PER_DAY), slots.stop // PER_DAY)
