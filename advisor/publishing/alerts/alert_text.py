"""What an alert says, as plain lines with the headline first.

Names are kept to one line, and nothing is a link.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from advisor import words
from advisor.advice import departures, notices, reasons, values
from advisor.advice.departures import DepartureFigure
from advisor.advice.retirements import IN_USE_DAYS, Retiring
from advisor.advice.values import Recommendation
from advisor.months import silence_words
from advisor.months.silent_senders import SilentSender
from advisor.switching import decision
from advisor.switching.candidates import Estimate
from advisor.trial import last_start
from ledger import clock, money

LONGEST_NAME, LONGEST_SENTENCE = 48, 600


def saving(recommendation: Recommendation, sample_projects: Sequence[str]) -> str:
    """A slice whose saving reached the threshold."""
    worth, advised = recommendation.potential, recommendation.decision
    kind, reason = words.decision(advised.kind), reasons.why(advised.reason)
    gap = words.percent(money.optional_ratio_text(recommendation.price_gap))
    low_name = words.low_name(is_proven=recommendation.factors.is_proven)
    return _text(
        [
            f"Could save {_low(worth, low_name)} a month: {_slice(recommendation)}",
            f"{_switch(recommendation)}: {kind}, because {reason}.",
            notices.write_must_move(recommendation) or "",
            _condition(recommendation),
            _next_step(recommendation),
            f"{_per_month(worth)}; price gap {gap}.",
            _until(recommendation.until_retirement, low_name, recommendation.days_left),
            f"Next: switchwise explain {recommendation.id}",
            _sample([recommendation], sample_projects),
        ]
    )


def total(counted: Sequence[Recommendation], sample_projects: Sequence[str]) -> str:
    """The savings of all counted slices together: what needs no trial first, then what one adds."""
    worth = values.total(counted)
    lives = [
        recommendation.days_left
        for recommendation in counted
        if recommendation.days_left is not None
    ]
    low_name = words.low_name(is_proven=worth.is_proven)
    return _text(
        [
            *_steps(worth),
            f"{words.counted(len(counted), 'move')} to try or to make.",
            *(f"{name(sentence, LONGEST_SENTENCE)}" for sentence in _departures(counted)),
            f"{_per_month(worth.month)}.",
            _until(
                worth.until_retirement,
                low_name,
                min(lives, default=None),
                end="models shut down, the first",
            ),
            "Next: switchwise advise",
            _sample(counted, sample_projects),
        ]
    )


def _departures(counted: Sequence[Recommendation]) -> Iterator[str]:
    """The models that have to be left, and what to do."""
    for departure in departures.find_departures(counted, last_start.find_days(counted)):
        yield departure.sentence


def _steps(worth: values.Total) -> Iterator[str]:
    """What can be done today, and what trials may add."""
    safe_name = words.low_name(is_proven=worth.safe_is_proven)
    trial_name = words.low_name(is_proven=worth.after_trial_is_proven)
    after_trial = f"{_low(worth.after_trial, trial_name)} a month"
    if worth.safe.low_femto_usd > 0:
        yield f"Could save {_low(worth.safe, safe_name)} a month today, without a trial"
        if worth.after_trial.expected_femto_usd > 0:
            yield f"Trials may add {after_trial}."
    else:
        yield f"Trials may save {after_trial} in all"


def blocked(recommendation: Recommendation, sample_projects: Sequence[str]) -> str:
    """A recommendation that has become impossible, with the first of the other models."""
    reason = reasons.why(recommendation.decision.reason)
    return _text(
        [
            notices.write_must_move(recommendation) or "",
            *_no_longer_possible(recommendation),
            f"{_slice(recommendation)} is blocked, because {reason}.",
            f"Next: switchwise explain {recommendation.id}",
            _sample([recommendation], sample_projects),
        ]
    )


def _no_longer_possible(recommendation: Recommendation) -> Iterator[str]:
    """That a move is blocked; where the source has to be left, first where to look instead."""
    blocked_move, instead = (
        f"No longer possible: {_switch(recommendation)}",
        _instead(recommendation),
    )
    is_urgent = decision.SOURCE_RETIRES in recommendation.decision.notices
    yield from (instead, blocked_move) if is_urgent else (blocked_move, instead)


def shutdown(model: Retiring, task: str | None = None) -> str:
    """A model in use whose shutdown comes near, with the `task` of moving off it first."""
    day = clock.date_of(model.shutdown_day).isoformat()
    when = (
        f"shuts down in {words.counted(model.days_left, 'day')}, on {day}"
        if model.days_left
        else f"was shut down on {day}"
    )
    successor = f" Its named successor is {name(model.successor)}." if model.successor else ""
    return _text(
        [
            f"{name(model.model)} at {name(model.provider)} {when}",
            f"Must move: {name(task, LONGEST_SENTENCE)}." if task else "",
            f"It had traffic in the last {IN_USE_DAYS} days.{successor}",
            "Next: switchwise advise",
        ]
    )


def last_trial(departure: DepartureFigure) -> str:
    """A model that has to be left, for whose trials the time is nearly up."""
    model = f"{name(departure.model)} at {name(departure.provider)}"
    return _text(
        [
            f"The last day to start a trial of leaving {model} is {departure.last_trial_start}",
            f"Must move: {name(departure.task, LONGEST_SENTENCE)}.",
            f"It shuts down on {departure.shutdown_day}.",
            "Next: switchwise models plan",
        ]
    )


def silent(sender: SilentSender) -> str:
    """A sender that says nothing any more."""
    last = silence_words.write_instant(sender.last_occurred_at)
    who = name(silence_words.write_sender(sender.sender))
    return _text(
        [
            f"{who} has sent nothing since {last}",
            "It was never quiet for so long. If events are lost, the month's figures are too low.",
            "Next: switchwise doctor",
        ]
    )


def mark_repetition(text: str) -> str:
    """A message that may have arrived before, with that under its headline."""
    headline, _, details = text.partition("\n")
    reference = text.rpartition("Ref ")[2]
    mark = f"This may be a repetition of {reference}: whether the first post arrived is not known."
    return _text([headline, mark, details])


def mark_delay(text: str, crossed_day: int) -> str:
    """A message that is sent long after it was written, with its day under its headline."""
    headline, _, details = text.partition("\n")
    day = clock.date_of(crossed_day).isoformat()
    return _text([headline, f"This is from {day} and could not be sent before.", details])


def name(text: str, longest: int = LONGEST_NAME) -> str:
    """A name on one line: controls and line breaks become spaces, and a long one is cut."""
    visible = "".join(
        " " if unicodedata.category(character) in _BREAKS else character for character in text
    )
    short = " ".join(visible.split())
    return short if len(short) <= longest else f"{short[: longest - 1]}…"


_BREAKS = ("Cc", "Cf", "Cs", "Zl", "Zp")


def _text(lines: Iterable[str]) -> str:
    return "\n".join(line for line in lines if line)


def _instead(recommendation: Recommendation) -> str:
    other = next(iter(recommendation.other_models), None)
    if other is None:
        return ""
    gap = words.percent(money.optional_ratio_text(other.price_gap))
    pair = name(other.pair, 2 * LONGEST_NAME)
    return f"Look at {name(other.model)} instead (price gap {gap}): add the pair {pair}"


def _slice(recommendation: Recommendation) -> str:
    return f"{name(recommendation.project)} / {name(recommendation.workload)}"


def _switch(recommendation: Recommendation) -> str:
    here, there = recommendation.provider, recommendation.to_provider
    at = here if there == here else f"{here} → {there}"
    tier = f" ({recommendation.to_service_tier})" if recommendation.to_service_tier else ""
    models = f"{name(recommendation.from_model)} → {name(recommendation.to_model)}"
    return f"{models}{tier} at {name(at)}"


def _low(worth: Estimate | None, low_name: str) -> str:
    return words.low_amount(words.femto_dollars(worth.low_femto_usd if worth else None), low_name)


def _per_month(worth: Estimate | None) -> str:
    if worth is None:
        return "How much it saves is not known yet"
    amounts = (worth.low_femto_usd, worth.expected_femto_usd, worth.high_femto_usd)
    ends = " / ".join(map(words.femto_dollars, amounts))
    return f"Low / expected / high per average month: {ends}, estimated"


def _condition(recommendation: Recommendation) -> str:
    condition = recommendation.condition
    return f"Cautious: {condition}." if condition else ""


def _next_step(recommendation: Recommendation) -> str:
    """What a trial may add to what can be done today."""
    step, added = recommendation.next_step, recommendation.added
    if step is None or added is None:
        return ""
    amount = _low(added, words.low_name(is_proven=step.factors.is_proven))
    target = name(words.target(step.to_model, step.to_service_tier))
    expected = words.femto_dollars(added.expected_femto_usd)
    return f"After that a trial of {target} may add {amount} a month, {expected} expected."


def _until(
    worth: Estimate | None,
    low_name: str,
    days_left: int | None,
    *,
    end: str = "a model shuts down",
) -> str:
    if worth is None or days_left is None:
        return ""
    days = words.counted(days_left, "day")
    amount = _low(worth, low_name)
    return f"{amount[0].upper()}{amount[1:]} in all until {end} in {days}."


def _sample(recommendations: Iterable[Recommendation], sample_projects: Sequence[str]) -> str:
    sampled = {recommendation.project in sample_projects for recommendation in recommendations}
    if True not in sampled:
        return ""
    return (
        "Part of it is replayed sample traffic."
        if False in sampled
        else "Replayed sample traffic, not your spend."
    )
