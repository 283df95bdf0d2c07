"""What people say of a workload (its class, whether it can wait), and what its sizes and features let guess. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, NamedTuple

from advisor.switching import risk
from ledger import events, lists, prose

Source = Literal["setting", "tag", "guess", "none"]
LONG_OUTPUT_TOKENS, EXTRACTION_TOKENS, CLASSIFICATION_TOKENS = 4_000, 500, 20
"""Over the first a median answer is long; under the second, with a JSON schema, it is an extraction; under the last a label."""

_NAME = lists.name_pattern(r'[^",/=\s][^",/=]*?')
_PLACE = rf"(?P<project>{_NAME})(?:/(?P<workload>{_NAME}))?"
_QUOTES = "with double quotes round a name that holds a comma, a slash or an equals sign"
_CLASSES = lists.Grammar(
    variable="SWITCHWISE_WORKLOAD_CLASSES",
    noun="the class of a project or workload",
    form=f"PROJECT=CLASS or PROJECT/WORKLOAD=CLASS, {_QUOTES}",
    part=re.compile(rf"{_PLACE}\s*=\s*(?P<name>[^,=\s]+)"),
)
_CAN_WAIT = lists.Grammar(
    variable="SWITCHWISE_CAN_WAIT",
    noun="a project or workload",
    form=f"PROJECT or PROJECT/WORKLOAD, {_QUOTES}",
    part=re.compile(_PLACE),
)


class Place(NamedTuple):
    """A project, or one workload of it."""

    project: str
    workload: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the settings say: classes by place, and the places that can wait."""

    classes: Mapping[Place, str] = field(default_factory=dict)
    can_wait: frozenset[Place] = frozenset()


class Class(NamedTuple):
    """A workload's class (None: unlabelled), and who says so."""

    name: str | None
    source: Source

    @property
    def risk_level(self) -> int:
        """Its risk, 0 to 4; a guess counts 2 at least."""
        return risk.of_class(self.name, self.source == "guess")


UNLABELLED = Class(None, "none")


@dataclass(frozen=True, slots=True)
class Seen:
    """What traffic shows of a workload: requests by features, and of their answers the counts by power of two."""

    requests_by_features: Mapping[int, int]
    answers_by_power: Mapping[int, int]


def parse(classes_text: str, can_wait_text: str) -> Said:
    """The settings `project[/workload]=class, ...` and `project[/workload], ...`.

    Raises UsageError with the first bad part.
    """
    classes = {}
    for match in _CLASSES.match_all(classes_text):
        if match["name"] not in events.WORKLOAD_CLASSES:
            raise _CLASSES.refusal(
                f"{match['name']!r} is not a class; use {prose.one_of(events.WORKLOAD_CLASSES)}"
            )
        classes[_place(match)] = match["name"]
    return Said(classes, frozenset(_place(match) for match in _CAN_WAIT.match_all(can_wait_text)))


def can_wait(said: Said, project: str, workload: str) -> bool:
    """Whether the settings mark a workload, or its whole project, as able to wait for its answers."""
    return not said.can_wait.isdisjoint({Place(project), Place(project, workload)})


def class_said(said: Said, project: str, workload: str, features: Iterable[int]) -> Class | None:
    """A workload's class where people say it. The most exact word counts: its setting, its tags, its project's setting.

    Where requests of one workload carry several classes, the riskiest of them is the workload's.
    """
    if own := said.classes.get(Place(project, workload)):
        return Class(own, "setting")
    seen = 0
    for held in features:
        seen |= held
    if tagged := [name for name, bit in events.CLASS_BITS.items() if seen & bit]:
        return Class(max(tagged, key=risk.of_class), "tag")
    of_project = said.classes.get(Place(project))
    return Class(of_project, "setting") if of_project else None


def class_guessed(seen: Seen) -> Class:
    """A workload's class as its sizes and features let guess; unlabelled where nothing stands out."""
    name = guess(seen)
    return Class(name, "guess") if name else UNLABELLED


def guess(seen: Seen) -> str | None:
    """What a workload looks like, the riskiest first; None where nothing stands out."""
    answer_tokens = median(seen.answers_by_power)
    if _on_most(seen, events.FEATURE_TOOLS):
        return "agentic"
    if answer_tokens is None:
        return None
    if answer_tokens > LONG_OUTPUT_TOKENS:
        return "long_output"
    if answer_tokens < EXTRACTION_TOKENS and _on_most(seen, events.FEATURE_JSON_SCHEMA):
        return "extraction"
    return "classification" if answer_tokens < CLASSIFICATION_TOKENS else None


def median(counts_by_power: Mapping[int, int]) -> Fraction | None:
    """The median of values known by their bit length, as if even between 2^(k-1) and 2^k - 1; None without any."""
    half = Fraction(sum(counts_by_power.values()), 2)
    for power, count in sorted(counts_by_power.items()):
        if count and half <= count:
            least, most = (1 << power) >> 1, (1 << power) - 1
            return least + (most - least) * half / count
        half -= count
    return None


def _on_most(seen: Seen, feature: int) -> bool:
    requests = seen.requests_by_features
    having = sum(count for features, count in requests.items() if features & feature)
    return 2 * having > sum(requests.values())


def _place(match: re.Match[str]) -> Place:
    workload = match["workload"]
    return Place(lists.unquote(match["project"]), workload and lists.unquote(workload))
