"""The looks at the runs of one comparison, and the level that is left for each. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from advisor.evidence import runs, spending
from advisor.evidence.runs import Member

_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A moment at which the pool of a stratum could pass: an import, or a withdrawal."""

    at_us: int
    members: tuple[Member, ...]
    level: Fraction


@dataclass(frozen=True, slots=True)
class _Event:
    at_us: int
    member: Member
    is_withdrawal: bool = field(default=False)


def list_looks(members: Sequence[Member], latest: Member, today: int) -> Iterator[Look]:
    """The looks at the pool of the latest run's kind; those at other pools take their share too."""
    counting = [
        member
        for member in members
        if not member.run.change
        and member.run.judge_proven
        and today - member.comparison.imported_at // _DAY_US < runs.FRESH_DAYS
    ]
    events = [_Event(member.comparison.imported_at, member) for member in counting]
    events += [
        _Event(member.comparison.withdrawn_at, member, is_withdrawal=True)
        for member in counting
        if member.comparison.withdrawn_at is not None
    ]
    waiting_pairs = 0
    pools, sizes = list[tuple[_Event, tuple[Member, ...]]](), list[int]()
    for event in sorted(events, key=lambda event: (event.at_us, event.is_withdrawal)):
        stratum = event.member.stratum
        pool = tuple(
            member
            for member in counting
            if member.stratum == stratum
            and today - member.comparison.measured_day < runs.FRESH_DAYS
            and _was_there(member, event.at_us)
        )
        waiting_pairs += 0 if event.is_withdrawal else event.member.new_pairs
        is_new = event.is_withdrawal or event.member.new_pairs
        if is_new and sum(member.new_pairs for member in pool) >= runs.FEWEST_PAIRS:
            pools.append((event, tuple(member for member in pool if member.new_pairs)))
            sizes.append(waiting_pairs)
            waiting_pairs = 0
    for (event, pool), level in zip(pools, spending.levels(sizes), strict=True):
        if event.member.stratum == latest.stratum:
            yield Look(at_us=event.at_us, members=pool, level=level)


def _was_there(member: Member, at_us: int) -> bool:
    """Whether a run was imported by a moment, and not withdrawn by then."""
    comparison = member.comparison
    withdrawn_at = comparison.withdrawn_at
    return comparison.imported_at <= at_us and (withdrawn_at is None or withdrawn_at > at_us)
