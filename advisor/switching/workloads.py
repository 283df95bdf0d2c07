"""What is known of a workload's kind: the settings and tags, else a guess by sizes and features."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, NamedTuple

from advisor.switching import risk
from ledger import events, lists, prose

Source = Literal["setting", "tag", "guess", "none"]
LONG_OUTPUT_TOKENS, EXTRACTION_TOKENS, CLASSIFICATION_TOKENS = 4_000, 500, 20
"""Over the first a median answer is long.

Under the second, with a JSON schema, it is an extraction; under the last it is a label.
"""

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
class WorkloadSettings:
    """What the settings say: classes by place, and the places that can wait."""

    classes: Mapping[Place, str] = field(default_factory=dict)
    can_wait: frozenset[Place] = frozenset()


class WorkloadClass(NamedTuple):
    """A workload's class (None: unlabelled), and what says so."""

    name: str | None
    source: Source

    @property
    def risk_level(self) -> int:
        """Its risk, 0 to 4; a guess counts 2 at least."""
        return risk.class_level(self.name, self.source == "guess")


UNLABELLED = WorkloadClass(None, "none")


@dataclass(frozen=True, slots=True)
class Profile:
    """What traffic shows of a workload.

    Its requests by features, and the count of its answers by power of two of their tokens.
    """

    requests_by_features: Mapping[int, int]
    answers_by_power: Mapping[int, int]


def parse(classes_text: str, can_wait_text: str) -> WorkloadSettings:
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
    waiting = frozenset(_place(match) for match in _CAN_WAIT.match_all(can_wait_text))
    return WorkloadSettings(classes, waiting)


def can_wait(settings: WorkloadSettings, project: str, workload: str) -> bool:
    """Whether the settings mark a workload, or its project, as able to wait for its answers."""
    return not settings.can_wait.isdisjoint({Place(project), Place(project, workload)})


def labelled_class(
    settings: WorkloadSettings, project: str, workload: str, features: Iterable[int]
) -> WorkloadClass | None:
    """A workload's class by settings or tags; None where neither names one.

    The narrowest counts: the workload's setting, then its tags, then its project's setting. Where
    requests of one workload carry several classes, it has the riskiest of them.
    """
    if own := settings.classes.get(Place(project, workload)):
        return WorkloadClass(own, "setting")
    all_features = 0
    for bits in features:
        all_features |= bits
    if tags := [name for name, bit in events.CLASS_BITS.items() if all_features & bit]:
        return WorkloadClass(max(tags, key=risk.class_level), "tag")
    of_project = settings.classes.get(Place(project))
    return WorkloadClass(of_project, "setting") if of_project else None


def guess_class(profile: Profile) -> WorkloadClass:
    """A workload's class as its traffic suggests; unlabelled where nothing stands out."""
    name = guess(profile)
    return WorkloadClass(name, "guess") if name else UNLABELLED


def guess(profile: Profile) -> str | None:
    """What a workload looks like, the riskiest first; None where nothing stands out."""
    answer_tokens = median(profile.answers_by_power)
    if _is_usual(profile, events.FEATURE_TOOLS):
        return "agentic"
    if answer_tokens is None:
        return None
    if answer_tokens > LONG_OUTPUT_TOKENS:
        return "long_output"
    if answer_tokens < EXTRACTION_TOKENS and _is_usual(profile, events.FEATURE_JSON_SCHEMA):
        return "extraction"
    return "classification" if answer_tokens < CLASSIFICATION_TOKENS else None


def median(counts_by_power: Mapping[int, int]) -> Fraction | None:
    """The median of numbers counted by bit length; None without any.

    As if those of bit length k lay evenly between 2^(k-1) and 2^k - 1.
    """
    half = Fraction(sum(counts_by_power.values()), 2)
    for power, count in sorted(counts_by_power.items()):
        if count and half <= count:
            least, most = (1 << power) >> 1, (1 << power) - 1
            return least + (most - least) * half / count
        half -= count
    return None


def _is_usual(profile: Profile, feature: int) -> bool:
    """Whether most requests have a feature."""
    requests = profile.requests_by_features
    having = sum(count for features, count in requests.items() if features & feature)
    return 2 * having > sum(requests.values())


def _place(match: re.Match[str]) -> Place:
    workload = match["workload"]
    return Place(lists.unquote(match["project"]), workload and lists.unquote(workload))
