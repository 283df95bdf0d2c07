"""What an alert says, as plain lines with the headline first. Pure; names are kept to one line, and nothing is a link."""

import unicodedata
from collections.abc import Iterable, Sequence

from advisor import words
from advisor.advice import computation, explanation
from advisor.advice.figures import Ends, RecommendationFigure
from advisor.advice.retirements import IN_USE_DAYS, Retiring
from ledger import clock

LONGEST_NAME = 48


def saving(item: RecommendationFigure, sample_projects: Sequence[str]) -> str:
    """A slice whose saving reached the threshold."""
    low = words.dollars(item.saving_month.low_usd if item.saving_month else None)
    return _lines(
        f"Could save at least {low} a month: {_slice(item)}",
        f"{_switch(item)}: {words.decision(item.decision)}, because {explanation.why(item.reason)}.",
        _per_month(item.saving_month) + f"; price gap {words.percent(item.price_gap_ratio)}.",
        _until(item.saving_until_retirement, item.days_left),
        f"Next: switchwise explain {item.id}",
        _sample([item], sample_projects),
    )


def total(counted: Sequence[RecommendationFigure], sample_projects: Sequence[str]) -> str:
    """The savings of all counted slices together, each once."""
    ends = computation.total(counted)
    lives = [item.days_left for item in counted if item.days_left is not None]
    switches = "1 switch is" if len(counted) == 1 else f"{len(counted)} switches are"
    return _lines(
        f"Could save at least {words.dollars(ends.low_usd)} a month in all",
        f"{switches} worth a try or a move.",
        f"{_per_month(ends)}.",
        _until(
            computation.total(counted, until_retirement=True),
            min(lives, default=None),
            "models shut down, the first",
        ),
        "Next: switchwise advise",
        _sample(counted, sample_projects),
    )


def blocked(item: RecommendationFigure, sample_projects: Sequence[str]) -> str:
    """A recommendation that has become impossible, with the first of the other models."""
    other = next(iter(item.other_models), None)
    instead = (
        ""
        if other is None
        else (
            f"Look at {name(other.model)} instead (price gap {words.percent(other.price_gap_ratio)}):"
            f" add the pair {name(other.pair, 2 * LONGEST_NAME)}"
        )
    )
    return _lines(
        f"No longer possible: {_switch(item)}",
        f"{_slice(item)} is blocked, because {explanation.why(item.reason)}.",
        instead,
        f"Next: switchwise explain {item.id}",
        _sample([item], sample_projects),
    )


def shutdown(model: Retiring) -> str:
    """A model in use whose shutdown comes near."""
    day = clock.date_of(model.shutdown_day).isoformat()
    when = (
        f"shuts down in {words.counted(model.days_left, 'day')}, on {day}"
        if model.days_left
        else f"was shut down on {day}"
    )
    successor = f" Its named successor is {name(model.successor)}." if model.successor else ""
    return _lines(
        f"{name(model.model)} at {name(model.provider)} {when}",
        f"It had traffic in the last {IN_USE_DAYS} days.{successor}",
        "Next: switchwise advise",
    )


def name(text: str, longest: int = LONGEST_NAME) -> str:
    """A sender's name on one line: controls and line breaks become spaces, and a long one is cut."""
    visible = "".join(" " if unicodedata.category(each) in _BREAKS else each for each in text)
    short = " ".join(visible.split())
    return short if len(short) <= longest else f"{short[: longest - 1]}…"


_BREAKS = ("Cc", "Cf", "Cs", "Zl", "Zp")


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _slice(item: RecommendationFigure) -> str:
    return f"{name(item.project)} / {name(item.workload)}"


def _switch(item: RecommendationFigure) -> str:
    at = (
        item.provider
        if item.to_provider == item.provider
        else f"{item.provider} → {item.to_provider}"
    )
    tier = f" ({item.to_service_tier})" if item.to_service_tier else ""
    return f"{name(item.from_model)} → {name(item.to_model)}{tier} at {name(at)}"


def _per_month(ends: Ends | None) -> str:
    if ends is None:
        return "No amount can be given yet"
    amounts = " / ".join(
        words.dollars(amount) for amount in (ends.low_usd, ends.expected_usd, ends.high_usd)
    )
    return f"Low / expected / high per average month: {amounts}, estimated"


def _until(ends: Ends | None, days_left: int | None, end: str = "a model shuts down") -> str:
    if ends is None or days_left is None:
        return ""
    return f"At least {words.dollars(ends.low_usd)} in all until {end} in {words.counted(days_left, 'day')}."


def _sample(items: Iterable[RecommendationFigure], sample_projects: Sequence[str]) -> str:
    sampled = {item.project in sample_projects for item in items}
    if True not in sampled:
        return ""
    return (
        "Part of it is replayed sample traffic."
        if False in sampled
        else "Replayed sample traffic, not your spend."
    )
