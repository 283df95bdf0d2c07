"""The models that have to be left within 90 days, and what to do with their traffic. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from advisor import words
from advisor.advice import notices, reasons
from advisor.advice.values import Recommendation
from advisor.switching import decision
from ledger import clock, money


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartureFigure:
    """A model that has to be left: by when, what runs on it, and what to do.

    `days_left` is 0 once it was shut down. `cost_month_usd` is what its traffic costs per average
    month, None where that is not known of all of it. `last_trial_start` is the day by which the
    trials of its workloads have to start; None where none has to be made, or none can.
    """

    provider: str
    model: str
    shutdown_day: str
    days_left: int
    workloads: int
    cost_month_usd: str | None
    last_trial_start: str | None
    task: str
    sentence: str


def find_departures(
    recommendations: Iterable[Recommendation], trial_days: Mapping[str, int]
) -> tuple[DepartureFigure, ...]:
    """The models that recommendations say have to be left, the first to go first.

    `trial_days` has the UTC day by which a trial has to start, by recommendation.
    """
    by_model: dict[tuple[int, str, str], list[Recommendation]] = {}
    for recommendation in recommendations:
        day = recommendation.source_shutdown_day
        if day is not None and decision.SOURCE_RETIRES in recommendation.decision.notices:
            model = day, recommendation.provider, recommendation.from_model
            by_model.setdefault(model, []).append(recommendation)
    return tuple(_departure(group, trial_days) for _, group in sorted(by_model.items()))


def _departure(group: Sequence[Recommendation], trial_days: Mapping[str, int]) -> DepartureFigure:
    first = group[0]
    day, days_left = first.source_shutdown_day or 0, first.source_days_left or 0
    date = clock.date_of(day).isoformat()
    costs = [recommendation.cost_month_femto_usd for recommendation in group]
    known_costs = [cost for cost in costs if cost is not None]
    cost = sum(known_costs) if len(known_costs) == len(costs) else None
    starts = [
        trial_days[recommendation.id]
        for recommendation in group
        if recommendation.id in trial_days and not recommendation.set_aside
    ]
    last_start = clock.date_of(min(starts)).isoformat() if starts else None
    actions = "; ".join(_actions(group))
    if starts and min(starts) >= first.as_of_day:
        actions = f"{actions}; a trial has to start by {last_start}"
    task = f"{_workload_count(group, cost)} on {first.from_model}: {actions}"
    return DepartureFigure(
        provider=first.provider,
        model=first.from_model,
        shutdown_day=date,
        days_left=days_left,
        workloads=len(group),
        cost_month_usd=money.optional_usd_text(cost),
        last_trial_start=last_start,
        task=task,
        sentence=f"{notices.write_must_move(first)} {task[0].upper()}{task[1:]}.",
    )


def _workload_count(group: Sequence[Recommendation], cost_femto_usd: int | None) -> str:
    number = words.counted(len(group), "workload")
    if cost_femto_usd is None:
        return number
    return f"{number} ({words.femto_dollars(cost_femto_usd)} a month)"


def _actions(group: Sequence[Recommendation]) -> Iterator[str]:
    """What to do, the most workloads first; how many, where they differ."""
    numbers: dict[str, int] = {}
    for recommendation in group:
        action = _action(recommendation)
        numbers[action] = numbers.get(action, 0) + 1
    ranked = sorted(numbers.items(), key=lambda entry: -entry[1])
    for action, number in ranked:
        yield action if len(ranked) == 1 else f"{action} ({number:,})"


def _action(recommendation: Recommendation) -> str:
    kind, reason = recommendation.decision.kind, recommendation.decision.reason
    target = words.target(recommendation.to_model, recommendation.to_service_tier)
    if recommendation.to_provider != recommendation.provider:
        target = f"{target} at {recommendation.to_provider}"
    if kind in decision.COUNTED and recommendation.set_aside:
        return "people have decided already"
    other = next(iter(recommendation.other_models), None)
    look = f"; look at {other.model}" if other else ""
    if recommendation.ends_with_source and kind != "blocked":
        return f"{target} shuts down by then too{look}"
    return {
        "switch_now": f"switch to {target}",
        "pilot": f"move to {target}, a part first"
        if recommendation.is_source_gone
        else f"try {target} on a part first",
        "keep": f"{target} is not advised, because {reasons.why(reason)}",
        "blocked": f"{target} cannot take over, because {reasons.why(reason)}{look}",
        "not_enough_data": f"look at {target}; no more can be said, because {reasons.why(reason)}",
    }[kind]
