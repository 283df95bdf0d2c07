"""One paired result: how two models did on the same input, and what the answers took. Pure.

It holds no text of either model.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter

NANO = 10**9
"""Scores are whole billionths, so that sums of them are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A pair of scores in billionths, and the tokens, attempts and escalation where recorded.

    Item and conversation are stored under the hash of their name: a name may be a prompt, and no
    prompt is stored.
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


def hash_name(name: str) -> str:
    """The text that a name is stored as: 16 hex characters."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def by_conversation(items: Iterable[Item]) -> list[list[Item]]:
    """The items of each conversation. The order of `items` does not matter."""
    ordered = sorted(items, key=attrgetter("conversation", "item"))
    return [list(group) for _, group in groupby(ordered, key=attrgetter("conversation"))]


def one_per_conversation(conversations: Iterable[Sequence[Item]]) -> list[Item]:
    """One item of each conversation, drawn by hash.

    Answers of one conversation tend to go the same way, so they must not count twice.
    """
    return [
        min(conversation, key=lambda item: hash_name(item.conversation + item.item))
        for conversation in conversations
    ]


def sums_by_conversation(
    conversations: Iterable[Sequence[Item]], numerator: str, denominator: str
) -> list[tuple[int, int]]:
    """The sums of two counts in each conversation, over the items that have both counts.

    Conversations without such an item are left out.
    """
    sums = []
    for conversation in conversations:
        counts = [
            (y, x)
            for item in conversation
            if (y := getattr(item, numerator)) is not None
            and (x := getattr(item, denominator)) is not None
        ]
        if counts:
            sums.append((sum(y for y, _ in counts), sum(x for _, x in counts)))
    return sums
