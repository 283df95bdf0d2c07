"""A recommendation in sentences, one for each factor, from the same numbers as every other face."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from advisor import words
from advisor.advice import notices, reasons, replacements
from advisor.advice.values import Recommendation
from advisor.evidence import figures as evidence_figures
from advisor.evidence import sentences as evidence_sentences
from advisor.switching import (
    breakeven,
    candidates,
    counterfactual,
    factors,
    headroom,
    life,
)
from ledger import clock, money, prose

_FACTORS = {
    "phi_in": "Input tokens on the target, over the source's",
    "phi_out": "Output tokens on the target, over the source's",
    "escalation_rate": "Share of requests that fail on the target and run on the source again",
    "extra_attempts": "Extra attempts on the target per moved request",
    "sigma": "Cost of an escalated request, over an average one",
    "cached_share": "Share of input served from the target's cache",
    "written_share": (
        "Share of the input not read from the cache that the target bills as written to it"
    ),
    "verifier_femto_usd": (
        "Cost of checking the answers if the whole slice moved, over the window"
    ),
    "share": "Share of the requests that moves",
}
_GROUNDS: dict[factors.Ground, str] = {
    "target_reasons": "{target} reasons by default and {source} does not",
    "target_unknown": "it is not known whether {target} reasons",
    "other_tokenizer": "{target} counts tokens otherwise than {source}",
    "tokenizer_unknown": "it is not known whether {target} counts tokens as {source} does",
}
_ASSUMPTIONS = {
    "unknown_input_is_cached": "Input whose cached part is not reported counts as cached today"
}


def sentences(recommendation: Recommendation) -> list[str]:
    """What to do and its worth, what that rests on, why, what would change it, and until when."""
    reason, risk = recommendation.decision.reason, recommendation.risk
    return [
        _move(recommendation),
        *_worth(recommendation),
        *_factors(recommendation),
        _window(recommendation),
        *_fitting(recommendation),
        *_class(recommendation),
        *_evidence(recommendation),
        *_break_evens(recommendation),
        *_parts(recommendation),
        *_good_answers(recommendation),
        *_router(recommendation),
        *_payback(recommendation),
        (
            f"Decision: {recommendation.decision.kind}, because {reasons.why(reason)} ({reason});"
            f" risk {risk.level} of 4 ({', '.join(risk.worst)}),"
            f" confidence {recommendation.confidence.grade}."
        ),
        *_opt_out(recommendation),
        f"What would change it: {reasons.change(reason, risk.worst)}.",
        " ".join(_life(recommendation)),
        f"To see the arithmetic: {_steps_command(recommendation)}",
    ]


def _opt_out(recommendation: Recommendation) -> Iterator[str]:
    """What a person wrote who took the slice out of advice."""
    if recommendation.opt_out_reason is not None:
        yield f"Taken out of advice: {recommendation.opt_out_reason}."


def factor_name(name: str) -> str:
    """What a factor is, in words."""
    return {**_FACTORS, **_ASSUMPTIONS}[name]


def plain(ratio: Fraction, decimals: int = 3) -> str:
    """A ratio in plain notation, rounded half-even, without zeros at its end."""
    text = format(Decimal(round(ratio * 10**decimals)).scaleb(-decimals), "f")
    return text.rstrip("0").rstrip(".")


def _steps_command(recommendation: Recommendation) -> str:
    if recommendation.is_scenario:
        return "the same switchwise whatif with --steps"
    return f"switchwise explain {recommendation.id}"


def _move(recommendation: Recommendation) -> str:
    about = f"{recommendation.project} / {recommendation.workload}"
    now = f"{recommendation.from_model} ({recommendation.provider})"
    if recommendation.stays:
        return f"Keep {about} on {now}, and serve more of its input from the cache."
    tier = recommendation.to_service_tier
    there = f"{recommendation.to_model} ({recommendation.to_provider})"
    return f"Move {about} from {now} to {there}{f' at tier {tier}' if tier else ''}."


def _worth(recommendation: Recommendation) -> Iterator[str]:
    saving, cost = recommendation.potential, recommendation.cost_month_femto_usd
    replacement = replacements.write_replacement(recommendation)
    if replacement is not None:
        yield f"{replacement} until that was shut down."
    elif saving is None and recommendation.saving is not None:
        yield "It cannot be made, so it saves nothing."
    elif saving is None or cost is None:
        yield "How much it saves per average month is not known yet."
    else:
        yield (
            f"It saves {_ends(saving)} per average month (low / expected / high;"
            f" {recommendation.factors.basis}), of {words.femto_dollars(cost)} that the slice"
            " costs."
        )
        if recommendation.condition:
            yield f"The low end is cautious: it holds {recommendation.condition}."
        yield from _next_step(recommendation)
    if recommendation.price_gap is not None and not recommendation.stays:
        sets_writes = recommendation.factors.sets_writes
        written = ", with the cache writes of the low end" if sets_writes else ""
        gap = words.percent(recommendation.price_gap)
        yield f"The price lists alone differ by {gap}{written}."
    if any(map(counterfactual.adds_writes, recommendation.cells)):
        yield _added_writes(recommendation)


def _next_step(recommendation: Recommendation) -> Iterator[str]:
    """What a trial may add to what can be done today."""
    step, added = recommendation.next_step, recommendation.added
    if step is not None and added is not None:
        target = words.target(step.to_model, step.to_service_tier)
        yield (
            f"It needs no trial. A trial of {target} instead may add {_ends(added)} (low /"
            f" expected / high): switchwise explain {step.id}"
        )


def _added_writes(recommendation: Recommendation) -> str:
    """Why a saving at the low end has cache writes that today's record has not."""
    band = recommendation.factors
    is_settled = factors.WRITTEN in band.measured or not recommendation.compares
    remedy = "" if is_settled else "; a pilot measures it"
    return (
        f"{recommendation.to_model} bills what it writes to its cache, which the record of"
        f" {recommendation.from_model} does not show{remedy}."
    )


def _factors(recommendation: Recommendation) -> Iterator[str]:
    band = recommendation.factors
    for name in recommendation.changed_factors if recommendation.cells else ():
        if name in _FACTORS:
            low, expected, high = (
                _at_end(name, end) for end in (band.low, band.expected, band.high)
            )
            yield (
                f"{_FACTORS[name]}: {low} at the low end, {expected} expected, {high} at the high"
                f" end ({_label(recommendation, name)})."
            )


def _label(recommendation: Recommendation, name: str) -> str:
    """Where a factor comes from, and the fact of the two models that it follows from."""
    label = recommendation.factors.label_of(name)
    ground = recommendation.factors.grounds.get(name)
    if label != "assumed" or ground is None:
        return label
    fact = _GROUNDS[ground].format(target=recommendation.to_model, source=recommendation.from_model)
    return f"{label}, because {fact}"


def _at_end(name: str, end: factors.Factors) -> str:
    if name == "verifier_femto_usd":
        return words.femto_dollars(end.verifier_femto_usd)
    factor: Fraction | None = getattr(end, name)
    return "as today" if factor is None else plain(factor)


def _window(recommendation: Recommendation) -> str:
    days = words.counted(recommendation.window.days, "closed day")
    requests = words.counted(recommendation.requests, "request")
    as_of = clock.date_of(recommendation.as_of_day)
    return f"Priced at the rates in force on {as_of}, over {days} and {requests}."


_STUCK = {"context_too_small": "their prompts do not fit the target"}
"""Why a part of a slice stays, in words, where the code is not all that a reader needs."""


def _fitting(recommendation: Recommendation) -> Iterator[str]:
    """What share of the slice can move."""
    for reason, tokens in sorted(recommendation.stuck_tokens.items()):
        stuck = recommendation.stuck_requests.get(reason)
        requests = "" if stuck is None else f"{stuck:,} of {recommendation.requests:,} requests, "
        why = _STUCK.get(reason, reason)
        yield f"{requests}{tokens:,} tokens, stay on {recommendation.from_model}: {why}."
    if recommendation.room < 1:
        yield (
            f"The target's rate limit has room for {words.percent(recommendation.room)} of what"
            f" could move, {headroom.CAVEAT}."
        )
    share = recommendation.fitting_share
    if share is not None and share != 1:
        yield f"So {words.percent(share)} of the requests fit the target."


def _evidence(recommendation: Recommendation) -> Iterator[str]:
    if recommendation.evidence is not None:
        figure = evidence_figures.figure_of(recommendation.evidence)
        yield from evidence_sentences.summary(figure)
    if recommendation.withdrawn_runs:
        runs = evidence_figures.runs_of(recommendation.withdrawn_runs)
        yield f"{evidence_sentences.run_line(runs)}."


def _class(recommendation: Recommendation) -> Iterator[str]:
    workload_class = recommendation.workload_class
    if workload_class.name is not None:
        yield (
            f"The workload is classed as {workload_class.name.replace('_', ' ')}"
            f" ({workload_class.source}), which counts {workload_class.risk_level} of 4 as risk."
        )


def _break_evens(recommendation: Recommendation) -> Iterator[str]:
    """What it takes until nothing is saved."""
    if not recommendation.is_open:
        return
    limits_by_label = {
        "as priced": recommendation.at_neutral,
        "at the expected factors": recommendation.at_expected,
    }
    for label, limits in limits_by_label.items():
        parts = list(_limits(limits, recommendation.from_model)) if limits else []
        if parts:
            yield f"Break-even {label}: {prose.one_of(parts)}."


def _limits(limits: breakeven.BreakEven, source: str) -> Iterator[str]:
    if limits.escalation_rate is not None:
        yield f"{words.percent(limits.escalation_rate)} of requests sent back to {source}"
    if limits.output_inflation is not None:
        yield f"{plain(limits.output_inflation)} times the output tokens"
    if limits.wrong_answer_femto_usd is not None:
        cost = words.femto_dollars(money.round_to_nano_usd(limits.wrong_answer_femto_usd))
        yield f"{cost} for each answer that only {source} gets right"


def _parts(recommendation: Recommendation) -> Iterator[str]:
    """What each lever is worth, where there are several."""
    if len(recommendation.parts) > 1 and recommendation.potential is not None:
        for lever, part in recommendation.parts.items():
            yield (f"Of that, the {lever} is worth {_ends(part.saving)} (low / expected / high).")


def _good_answers(recommendation: Recommendation) -> Iterator[str]:
    now = recommendation.good_answer_now_femto_usd if recommendation.compares else None
    instead = recommendation.good_answer_instead_femto_usd
    if now is not None and instead is not None:
        costs = (words.femto_dollars(money.round_to_nano_usd(cost)) for cost in (now, instead))
        yield (
            f"A right answer costs {' on the source and '.join(costs)} on the target, at the"
            " expected factors."
        )


def _router(recommendation: Recommendation) -> Iterator[str]:
    if recommendation.router_femto_usd is not None and recommendation.potential is not None:
        yield (
            "A router that sends the hard requests straight to the source would save"
            f" {words.femto_dollars(recommendation.router_femto_usd)} at the expected factors."
        )


def _payback(recommendation: Recommendation) -> Iterator[str]:
    """When a one-off cost is paid back."""
    if not recommendation.one_off_femto_usd or recommendation.potential is None:
        return
    cost = words.femto_dollars(recommendation.one_off_femto_usd)
    payback_days = recommendation.payback_days
    if payback_days is None:
        yield f"At the low end its one-off cost of {cost} is never paid back."
    else:
        yield (
            f"At the low end its one-off cost of {cost} is paid back in"
            f" {plain(payback_days, 1)} days{_horizon(recommendation)}."
        )


def _horizon(recommendation: Recommendation) -> str:
    """Over which days a one-off cost has to be paid back: the target's where a move is forced."""
    days_left, target_days = recommendation.days_left, recommendation.target_days_left
    if days_left is None:
        return ""
    if not recommendation.is_forced:
        return f"; {days_left} are left"
    lasts = f"{target_days} days" if target_days is not None else "without an announced end"
    return (
        f"; the source serves {words.counted(days_left, 'day')} more, but any move away from it"
        f" costs that once, and the target lasts {lasts}"
    )


def _life(recommendation: Recommendation) -> Iterator[str]:
    days_left, until = recommendation.days_left, recommendation.potential_until_retirement
    if days_left is None:
        yield "Neither model has an announced shutdown."
        return
    worth = f", and is worth {_ends(until)} (low / expected / high)" if until else ""
    if days_left and recommendation.has_potential:
        yield (
            f"The saving ends in {words.counted(days_left, 'day')}, when the first of the two"
            f" models shuts down{worth}."
        )
    must_move = notices.write_must_move(recommendation)
    if must_move is not None:
        yield must_move
    target_day, target_days_left = (
        recommendation.target_shutdown_day,
        recommendation.target_days_left,
    )
    if target_day is None or target_days_left is None:
        return
    if target_days_left <= life.SOURCE_NOTICE_DAYS:
        day = clock.date_of(target_day)
        end = f"shuts down too, on {day}" if target_days_left else f"was shut down on {day}"
        yield f"The target {end}: look at the named successor first."


def _ends(estimate: candidates.Estimate) -> str:
    amounts = (estimate.low_femto_usd, estimate.expected_femto_usd, estimate.high_femto_usd)
    return " / ".join(map(words.femto_dollars, amounts))
