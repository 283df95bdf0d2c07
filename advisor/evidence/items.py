"""One paired result: how two models did on the same input, and what the answers took. Holds no text of either. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter

NANO = 10**9
"""Scores are whole billionths, so that sums of them are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A pair of scores in billionths, and the tokens, attempts and escalation behind them where they were recorded.

    Item and conversation are named by the hash of the name given: a name may be a prompt, and no prompt is stored.
    """

    item: str
    conversation: str
    a_nano: int
    b_nano: int
    a_input_tokens: int | None = None
    a_output_tokens: int | None = None
    b_input_tokens: int | None = None
    b_output_tokens: int | None = None
    b_cached_input_tokens: int | None = None
    b_attempts: int | None = None
    escalated: bool | None = None

    @property
    def is_pass_fail(self) -> bool:
        """Whether both scores are 0 or 1."""
        return {self.a_nano, self.b_nano} <= {0, NANO}


def hashed(name: str) -> str:
    """What a name is stored as: 16 hex characters."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def by_conversation(items: Iterable[Item]) -> list[list[Item]]:
    """The items of each conversation. The order of the items given does not matter."""
    ordered = sorted(items, key=attrgetter("conversation", "item"))
    return [list(group) for _, group in groupby(ordered, key=attrgetter("conversation"))]


def one_each(conversations: Iterable[Sequence[Item]]) -> list[Item]:
    """One item of each conversation, drawn by hash: answers of one conversation go the same way too often to count twice."""
    return [
        min(group, key=lambda each: hashed(each.conversation + each.item))
        for group in conversations
    ]


def sums(conversations: Iterable[Sequence[Item]], above: str, below: str) -> list[tuple[int, int]]:
    """By conversation, the sums of two counts over the items that have both; conversations without one are left out."""
    found = []
    for group in conversations:
        known = [
            (y, x)
            for each in group
            if (y := getattr(each, above)) is not None and (x := getattr(each, below)) is not None
        ]
        if known:
            found.append((sum(y for y, _ in known), sum(x for _, x in known)))
    return found
