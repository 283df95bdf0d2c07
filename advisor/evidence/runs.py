"""The runs of one comparison: which inputs are new in each, and what it counts for. Pure.

A run is one import.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.items import Item
from advisor.evidence.significance import Verdict

FEWEST_PAIRS = 50
FRESH_DAYS = 90
RunStanding = Literal[
    "counted",
    "repeated",
    "withdrawn",
    "judge_unproven",
    "new_snapshot",
    "drifted",
    "other_prompt",
    "other_scale",
    "evidence_expired",
]
"""What a run counts for: `repeated` has no input that an earlier run did not have."""
Items = Callable[[str], Sequence[Item]]
"""The items of a comparison by its id."""
Stratum = tuple[str, str | None, str | None]
"""Runs that can be added up: the kind of marks, the judge and the prompt version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stored comparison, and whether it still describes today's models and traffic."""

    comparison: StoredComparison
    judge_proven: bool = True
    change: Literal["new_snapshot", "drifted"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run as it stands in the list."""

    comparison: StoredComparison
    standing: RunStanding
    new_pairs: int
    """The pairs that no earlier run of the pool had."""
    binds: bool = False
    """Whether it came out inferior, and nothing has lifted that."""

    @property
    def verdict(self) -> Verdict:
        """What it came to by itself, at 5 %."""
        return self.comparison.evaluation.verdict

    @property
    def pairs(self) -> int:
        """How many pairs it has."""
        return self.comparison.evaluation.pairs


@dataclass(slots=True, eq=False)
class Member:
    """A run, its items where they were read, and those that are new in its stratum."""

    run: Run
    stratum: Stratum
    new_items: tuple[Item, ...] = ()
    new_pairs: int = 0

    @property
    def comparison(self) -> StoredComparison:
        """What was imported."""
        return self.run.comparison

    @property
    def is_withdrawn(self) -> bool:
        """Whether somebody took it back."""
        return self.run.comparison.withdrawn_at is not None


def in_order(runs: Iterable[Run]) -> list[Member]:
    """In the order of import. A run that names no prompt version has that of the run before it."""
    version, members = None, []
    for run in sorted(runs, key=lambda run: (run.comparison.imported_at, run.comparison.id)):
        comparison = run.comparison
        version = comparison.prompt_version or version
        members.append(Member(run, (comparison.evaluation.kind, comparison.judge, version)))
    return members


def add_items(members: Sequence[Member], items_of: Items, today: int) -> None:
    """Give each run the items that are new: an input counts once, as it first came out.

    What is 90 days old counts no more, so its inputs may be compared again.
    """
    for place, member in enumerate(members):
        if member.run.change or not member.run.judge_proven:
            continue
        earlier = [
            item
            for other in members[:place]
            if other.stratum == member.stratum
            and not other.run.change
            and not other.is_withdrawn
            and today - other.comparison.measured_day < FRESH_DAYS
            for item in other.new_items
        ]
        name = _conversation if member.comparison.evaluation.kind == "pass_fail" else _input
        known_names = {name(item) for item in earlier}
        member.new_items = tuple(
            item for item in items_of(member.comparison.id) if name(item) not in known_names
        )
        member.new_pairs = len({name(item) for item in member.new_items})


def _conversation(item: Item) -> str:
    return item.conversation


def _input(item: Item) -> str:
    return item.item


def standing_of(member: Member, latest: Member, today: int) -> RunStanding:
    """What a run counts for, where the latest one is of these models, prompt and marks."""
    comparison = member.comparison
    if member.is_withdrawn:
        return "withdrawn"
    if member.run.change:
        return member.run.change
    if not member.run.judge_proven:
        return "judge_unproven"
    if member.stratum[2] != latest.stratum[2]:
        return "other_prompt"
    if today - comparison.measured_day >= FRESH_DAYS:
        return "evidence_expired"
    if member.stratum != latest.stratum:
        return "other_scale"
    return "counted" if member.new_pairs else "repeated"


def is_inferior(member: Member) -> bool:
    """Whether a run speaks against the target: enough pairs, a proven judge, today's models."""
    result = member.comparison.evaluation
    return (
        result.verdict == "inferior"
        and result.pairs >= FEWEST_PAIRS
        and member.run.judge_proven
        and not member.run.change
    )
