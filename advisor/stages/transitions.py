"""Which stage follows which, and what a history of changes says at an instant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ledger import clock

Stage = Literal[
    "active", "claimed", "piloting", "adopted", "measured", "dismissed", "expired", "rolled_back"
]
Action = Literal[
    "claim",
    "unclaim",
    "dismiss",
    "undismiss",
    "pilot",
    "adopt",
    "rollback",
    "measure",
    "expire",
    "return",
]
OPEN: tuple[Stage, ...] = ("active", "claimed", "piloting")
"""The stages in which a saving is still potential, so that it counts in totals."""
METERED: tuple[Stage, ...] = ("active", "claimed")
"""The stages in which an hour's saving is missed: all of the traffic still runs on the source."""
IN_HAND: tuple[Stage, ...] = ("claimed", "piloting", "adopted", "measured")
"""The stages in which a slice keeps its target when another becomes the best."""
FREEZING: tuple[Action, ...] = ("claim", "adopt")
"""The changes that store the estimate as it stands."""


@dataclass(frozen=True, slots=True)
class Transition:
    """The stages of an action, and whether people take it or it happens by itself."""

    sources: tuple[Stage, ...]
    target: Stage
    by_people: bool = True


TRANSITIONS: Mapping[Action, Transition] = MappingProxyType(
    {
        "claim": Transition(("active",), "claimed"),
        "unclaim": Transition(("claimed",), "active"),
        "dismiss": Transition(("active",), "dismissed"),
        "undismiss": Transition(("dismissed",), "active"),
        "pilot": Transition(("claimed",), "piloting"),
        "adopt": Transition(("piloting",), "adopted"),
        "rollback": Transition(("adopted", "measured"), "rolled_back"),
        "measure": Transition(("adopted",), "measured", by_people=False),
        "expire": Transition(("active",), "expired", by_people=False),
        "return": Transition(("expired",), "active", by_people=False),
    }
)
"""Every change there is: what is not here cannot happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row of a recommendation's history.

    `version` is the one that it made, `made_at` UTC epoch microseconds, `until_day` the first UTC
    day after a dismissal, `share` decimal text.
    """

    version: int
    action: Action
    from_stage: Stage
    to_stage: Stage
    made_by: str
    made_at: int
    key_id: str | None = None
    share: str | None = None
    until_day: int | None = None
    note: str | None = None
    hold_out: str | None = None


def after(stage: Stage, action: Action) -> Stage | None:
    """The stage that an action leads to; None where it may not be taken."""
    transition = TRANSITIONS[action]
    return transition.target if stage in transition.sources else None


def open_to_people(stage: Stage) -> tuple[Action, ...]:
    """What people may do with a recommendation at this stage."""
    return tuple(
        action
        for action, transition in TRANSITIONS.items()
        if transition.by_people and stage in transition.sources
    )


def path_to(stage: Stage, action: Action) -> tuple[Action, ...] | None:
    """The fewest changes by people after which an action may be taken; None without a way."""
    paths: dict[Stage, tuple[Action, ...]] = {stage: ()}
    reached = [stage]
    for here in reached:
        if here in TRANSITIONS[action].sources:
            return paths[here]
        for step in open_to_people(here):
            there = TRANSITIONS[step].target
            if there not in paths:
                paths[there] = (*paths[here], step)
                reached.append(there)
    return None


def stage_at(history: Sequence[Change], instant_us: int) -> Stage:
    """The stage in force at an instant. A dismissal ends by itself when its last day has passed."""
    changes = [change for change in history if change.made_at <= instant_us]
    if not changes:
        return history[0].from_stage if history else "active"
    last = changes[-1]
    has_ended = last.until_day is not None and clock.day_of(instant_us) >= last.until_day
    return "active" if last.to_stage == "dismissed" and has_ended else last.to_stage


def last_of(history: Sequence[Change], action: Action) -> Change | None:
    """The latest change of a kind."""
    return next((change for change in reversed(history) if change.action == action), None)


def current_claim(history: Sequence[Change]) -> Change | None:
    """The claim that was not given back: who owns the recommendation, since when, which share."""
    claim, unclaim = last_of(history, "claim"), last_of(history, "unclaim")
    if claim is None or (unclaim is not None and unclaim.version > claim.version):
        return None
    return claim
