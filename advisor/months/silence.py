"""When a sender's quiet becomes silence, by the gaps that its own past has at that time. Pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

HISTORY_HOURS = 28 * 24
"""How far back from its last event a sender's gaps are looked at."""
LEAST_HOURS = 6
"""A shorter quiet is never silence; also how long the rule must hold before a sender is named."""
YOUNG_LEAST_HOURS = 72
"""The least quiet of a sender whose history is shorter than a week: no weekend was seen yet."""
LONGEST_GAPS = 3
"""A quiet is silence when it lasts longer than this many of the longest gaps of its time."""
LEAST_DAYS = 3
"""A sender with events on fewer UTC days has no habit that its quiet could break."""
_WEEK_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class Silence:
    """From which UTC hours a sender is overdue, and silent, if no event follows."""

    overdue_from: int
    silent_from: int


def find_silence(hours: Sequence[int]) -> Silence | None:
    """When a sender would be silent after its last event; None without habits to judge it by.

    `hours` are the UTC hours with events, in order; the last one ends the history. A gap is the
    distance of two consecutive ones. The quiet is compared with the longest gap that any week of
    the history had at this time of the week or in the five hours before, so that a late Monday is
    not taken for a lost weekend. Beyond one such gap a sender is overdue, beyond three it is
    silent.
    """
    recent = [hour for hour in hours if hour >= hours[-1] - HISTORY_HOURS]
    if len({hour // 24 for hour in recent}) < LEAST_DAYS:
        return None
    least = LEAST_HOURS if recent[-1] - recent[0] >= _WEEK_HOURS else YOUNG_LEAST_HOURS
    longest = _longest_gaps(recent)
    return Silence(
        overdue_from=_first_beyond(longest, recent[-1], gaps=1, least=1),
        silent_from=_first_beyond(longest, recent[-1], gaps=LONGEST_GAPS, least=least),
    )


def _first_beyond(longest: Sequence[int], last: int, *, gaps: int, least: int) -> int:
    """The first hour in which a quiet since `last` exceeds so many of the longest gaps."""
    quiet_hours = max(least, gaps * max(longest)) + 1
    for hour in range(last + least + 1, last + quiet_hours):
        before = range(hour - LEAST_HOURS + 1, hour + 1)
        if hour - last > gaps * max(longest[past % _WEEK_HOURS] for past in before):
            return hour
    return last + quiet_hours


def _longest_gaps(hours: Sequence[int]) -> list[int]:
    """The longest gap at each hour of the week; where none was seen, the longest of all."""
    longest = [0] * _WEEK_HOURS
    for before, after in itertools.pairwise(hours):
        gap = after - before
        for hour in range(before + 1, min(after, before + _WEEK_HOURS) + 1):
            longest[hour % _WEEK_HOURS] = max(longest[hour % _WEEK_HOURS], gap)
    widest = max(longest)
    return [gap or widest for gap in longest]
