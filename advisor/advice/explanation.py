"""Advice in sentences, one for each factor, made from the same numbers as every other face.

Pure; decides nothing.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from advisor import words
from advisor.advice.values import Recommendation
from advisor.evidence import figures as evidence_figures
from advisor.evidence import sentences as evidence_sentences
from advisor.switching import breakeven, candidates, decision, factors, headroom, life
from advisor.words import counted
from ledger import clock, money, prose

_FACTORS = {
    "phi_in": "Input tokens on the target, over the source's",
    "phi_out": "Output tokens on the target, over the source's",
    "escalation_rate": "Share of requests that fail on the target and run on the source again",
    "extra_attempts": "Extra attempts on the target per moved request",
    "sigma": "Cost of an escalated request, over an average one",
    "cached_share": "Share of input served from the target's cache",
    "verifier_femto_usd": (
        "Cost of checking the answers if the whole slice moved, in USD over the window"
    ),
    "share": "Share of the requests that moves",
}
_READINGS = {
    "unknown_input_is_cached": "Input whose cached part nobody reported counts as cached today"
}
# By reason: why the decision is what it is, and what would change it.
_REASONS = {
    "target_retires": ("the target shuts down in 30 days or fewer", "a target that lives longer"),
    "context_too_small": (
        "the largest prompt seen does not fit the target",
        "shorter prompts or a larger context",
    ),
    "output_too_small": (
        "the largest answer seen is longer than the target can write",
        "shorter answers",
    ),
    "unsupported_feature": (
        "the target cannot take an input that this traffic sends",
        "another target",
    ),
    "committed_capacity": (
        "this traffic runs on capacity that is paid for anyway",
        "the end of the commitment",
    ),
    "cannot_wait": (
        "nothing says that this workload may wait for its answers",
        "a target without batch or flex",
    ),
    "no_headroom": (
        "the target's rate limit has no room in the busiest hour",
        "a higher rate limit",
    ),
    "not_in_region": (
        "the target is not sold in the region that this traffic runs in",
        "another target or region",
    ),
    "not_sold_here": (
        "the provider of this traffic does not sell the target",
        "a provider in front of the target",
    ),
    "target_unpriced": (
        "the target has no price for these tokens",
        "a price: switchwise prices set",
    ),
    "too_few_days": ("fewer than 7 closed days of traffic are known", "more days"),
    "too_few_requests": ("fewer than 1,000 requests were seen in the window", "more traffic"),
    "coverage_unknown": (
        "there is nothing to measure the coverage by",
        "usage reported by the provider",
    ),
    "low_coverage": (
        "less than 99 % of the traffic is priced and reported by the provider",
        "a higher coverage",
    ),
    "nothing_to_move": ("no part of the slice can move", "prices for its tiers, or another pair"),
    "escalation_beyond_break_even": (
        "more requests come back than the saving can bear",
        "a lower escalation rate",
    ),
    "no_saving": (
        "the low end of the saving is not above zero",
        "cheaper prices or measured factors",
    ),
    "not_material": (
        "the low end is too small to be worth the work",
        "a lower threshold or more traffic",
    ),
    "inferior": ("paired results say that the target answers worse", "new evidence"),
    "payback_beyond_life": (
        "the move would not pay back before a model shuts down",
        "a smaller one-off cost",
    ),
    "no_evidence": (
        "nobody has compared the two models on this workload",
        "paired results of 200 items",
    ),
    "too_little_evidence": ("fewer than 50 pairs were compared", "more pairs, 200 in all"),
    "judge_unproven": (
        "a model of the same maker marked the answers, or nobody checked the one that did",
        "50 answers marked by hand beside a judge of another maker",
    ),
    "new_snapshot": (
        "one of the models answers as a later snapshot than was compared",
        "a new comparison",
    ),
    "drifted": ("the requests have changed in size since the comparison", "a new comparison"),
    "evidence_expired": ("the paired results are 90 days old or older", "a new comparison"),
    "inconclusive": ("the paired results do not settle it", "more pairs"),
    "cache_unproven": (
        "the share from the cache is a wish until traffic shows it",
        "a part of the traffic with that share from the cache",
    ),
    "risk": ("the risk is 3 or more", "a remedy for the worst driver of the risk"),
    decision.SOURCE_RETIRES: (
        "the source shuts down within 90 days, so the traffic has to move",
        "nothing",
    ),
    "stance": (
        (
            "nobody has shown that the source is worth its price here, and the stance asks the"
            " source to prove it"
        ),
        "paired results that say otherwise, or the stance prove_target",
    ),
    "same_model": (
        "the same model answers, so there is nothing to prove",
        "a workload that needs its tier",
    ),
    "proven": (
        "paired results show that the target answers well enough",
        "results that say otherwise",
    ),
}

# By driver of the risk: what would lower it.
_REMEDIES = {
    "evidence": "paired results that show the target to be as good",
    "workload": "a class of work that forgives more, said with the tag class:",
    "factors": (
        "tokens, attempts and escalations beside the paired results, so that the factors"
        " are measured"
    ),
    "life": "a target that lives longer",
    "drift": "a new comparison",
}


def sentences(recommendation: Recommendation) -> list[str]:
    """What to move, its worth, the factors, prices and window, why, what would change it, how
    long."""
    reason, risk = recommendation.decision.reason, recommendation.risk
    window = recommendation.window
    return [
        _move(recommendation),
        *_amounts(recommendation),
        *(_factor(recommendation.factors, name) for name in _named_factors(recommendation)),
        (
            f"Priced at the rates in force on {clock.date_of(recommendation.as_of_day)}, over"
            f" {counted(window.days, 'closed day')} and"
            f" {counted(recommendation.requests, 'request')}."
        ),
        *_fitting(recommendation),
        *_class(recommendation),
        *_evidence(recommendation),
        *_break_evens(recommendation),
        *_parts(recommendation),
        *_good_answers(recommendation),
        *_router(recommendation),
        *_payback(recommendation),
        (
            f"Decision: {recommendation.decision.kind}, because {why(reason)} ({reason});"
            f" risk {risk.level} of 4 ({', '.join(risk.worst)}),"
            f" confidence {recommendation.confidence.grade}."
        ),
        f"What would change it: {change(reason, risk.worst)}.",
        _life(recommendation),
        f"To see the arithmetic: {_steps_command(recommendation)}",
    ]


def why(reason: str) -> str:
    """What a reason code says of a decision, to follow "because"."""
    return _REASONS[reason][0]


def factor_name(name: str) -> str:
    """What a factor is, in words."""
    return {**_FACTORS, **_READINGS}[name]


def change(reason: str, drivers: Sequence[str] = ()) -> str:
    """What would change a decision of this reason; where its risk decides, what would lower the
    drivers that set it."""
    if reason == "risk" and drivers:
        return "; ".join(_REMEDIES[name] for name in drivers)
    return _REASONS[reason][1]


def _steps_command(recommendation: Recommendation) -> str:
    if recommendation.is_scenario:
        return "the same switchwise whatif with --steps"
    return f"switchwise explain {recommendation.id}"


def _named_factors(recommendation: Recommendation) -> list[str]:
    names = factors.changed(recommendation.factors) if recommendation.cells else ()
    return [name for name in names if name in _FACTORS]


def _move(recommendation: Recommendation) -> str:
    about = f"{recommendation.project} / {recommendation.workload}"
    now = f"{recommendation.from_model} ({recommendation.provider})"
    if recommendation.stays:
        return f"Keep {about} on {now}, and serve more of its input from the cache."
    tier = recommendation.to_service_tier
    there = f"{recommendation.to_model} ({recommendation.to_provider})"
    return f"Move {about} from {now} to {there}{f' at tier {tier}' if tier else ''}."


def _amounts(recommendation: Recommendation) -> list[str]:
    price_gap, saving = recommendation.price_gap, recommendation.saving
    gap = (
        []
        if price_gap is None or recommendation.stays
        else [f"The price lists alone differ by {words.percent(price_gap)}."]
    )
    if saving is None or recommendation.cost_month_femto_usd is None:
        return ["No amount can be given per average month yet.", *gap]
    return [
        (
            f"It saves {_ends(saving)} USD per average month (low / expected / high;"
            f" {recommendation.factors.basis}), of"
            f" {money.usd_text(recommendation.cost_month_femto_usd)} USD that the slice costs."
        ),
        *gap,
    ]


def _fitting(recommendation: Recommendation) -> Iterator[str]:
    """What share of the slice can move, and what becomes of the rest."""
    for reason, tokens in sorted(recommendation.stuck_tokens.items()):
        yield f"{tokens} tokens stay where they are: {reason}."
    if recommendation.room < 1:
        yield (
            f"The target's rate limit has room for {words.percent(recommendation.room)} of"
            " what could"
            f" move, {headroom.CAVEAT}."
        )
    share = recommendation.fitting_share
    if share is not None and share != 1:
        yield f"So {words.percent(share)} of the requests fit the target."


def _evidence(recommendation: Recommendation) -> Iterator[str]:
    if recommendation.evidence is not None:
        figure = evidence_figures.figure_of(recommendation.evidence)
        yield from evidence_sentences.summary(figure)


def _class(recommendation: Recommendation) -> Iterator[str]:
    workload_class = recommendation.workload_class
    if workload_class.name is not None:
        yield (
            f"The workload is classed as {workload_class.name.replace('_', ' ')}"
            f" ({workload_class.source}), which counts {workload_class.risk_level} of 4 as risk."
        )


def _factor(band: factors.Band, name: str) -> str:
    low, expected, high = (_at_end(name, end) for end in (band.low, band.expected, band.high))
    return (
        f"{_FACTORS[name]}: {low} at the low end, {expected} expected, {high} at the high end"
        f" ({band.label_of(name)})."
    )


def _at_end(name: str, end: factors.Factors) -> str:
    if name == "verifier_femto_usd":
        return money.usd_text(end.verifier_femto_usd)
    factor: Fraction | None = getattr(end, name)
    return "as today" if factor is None else plain(factor)


def _break_evens(recommendation: Recommendation) -> Iterator[str]:
    for label, limit in (
        ("as priced", recommendation.at_neutral),
        ("at the expected factors", recommendation.at_expected),
    ):
        limits = list(_limits(limit)) if limit else []
        if limits:
            yield f"It saves nothing, {label}, once {prose.one_of(limits)}."


def _limits(limit: breakeven.BreakEven) -> Iterator[str]:
    if limit.escalation_rate is not None:
        yield f"{words.percent(limit.escalation_rate)} of requests run on the source again"
    if limit.output_inflation is not None:
        yield f"the target writes {plain(limit.output_inflation)} times the output"
    if limit.wrong_answer_femto_usd is not None:
        cost = money.usd_text(money.round_to_nano_usd(limit.wrong_answer_femto_usd))
        yield f"each answer that only the source gets right costs {cost} USD"


def _parts(recommendation: Recommendation) -> Iterator[str]:
    """What each lever is worth, where there are several."""
    if len(recommendation.parts) > 1:
        for lever, part in recommendation.parts.items():
            yield (
                f"Of that, the {lever} is worth {_ends(part.saving)} USD (low / expected / high)."
            )


def _good_answers(recommendation: Recommendation) -> Iterator[str]:
    now = recommendation.good_answer_now_femto_usd
    instead = recommendation.good_answer_instead_femto_usd
    if now is not None and instead is not None:
        yield (
            f"A right answer costs {money.usd_text(money.round_to_nano_usd(now))} USD on the"
            " source and"
            f" {money.usd_text(money.round_to_nano_usd(instead))} USD on the target, at the"
            " expected factors."
        )


def _router(recommendation: Recommendation) -> Iterator[str]:
    if recommendation.router_femto_usd is not None:
        yield (
            "A router that sends the hard requests straight to the source would save"
            f" {money.usd_text(recommendation.router_femto_usd)} USD at the expected factors."
        )


def _payback(recommendation: Recommendation) -> Iterator[str]:
    """When a one-off cost is paid back."""
    if not recommendation.one_off_femto_usd:
        return
    once, payback_days = (
        money.usd_text(recommendation.one_off_femto_usd),
        recommendation.payback_days,
    )
    if payback_days is None:
        yield f"At the low end its one-off cost of {once} USD is never paid back."
        return
    days_left = recommendation.days_left
    left = "" if days_left is None else f"; {days_left} are left"
    yield (
        f"At the low end its one-off cost of {once} USD is paid back in"
        f" {plain(payback_days, 1)} days{left}."
    )


def _life(recommendation: Recommendation) -> str:
    days_left, until = recommendation.days_left, recommendation.until_retirement
    if days_left is None:
        return "Neither model has an announced shutdown."
    worth = f", and is worth {_ends(until)} USD (low / expected / high)" if until else ""
    sentences = [
        (
            f"The saving ends in {counted(days_left, 'day')}, when the first of the two models"
            f" shuts down{worth}."
        )
    ]
    source_days_left = recommendation.source_days_left
    if decision.SOURCE_RETIRES in recommendation.decision.notices and source_days_left is not None:
        last_day = clock.date_of(recommendation.as_of_day + source_days_left)
        sentences.append(f"You must move by {last_day}: the source shuts down then.")
    target_days_left = recommendation.target_days_left
    if target_days_left is not None and target_days_left <= life.SOURCE_NOTICE_DAYS:
        day = clock.date_of(recommendation.as_of_day + target_days_left)
        sentences.append(f"The target shuts down too, on {day}: look at the named successor first.")
    return " ".join(sentences)


def _ends(estimate: candidates.Estimate) -> str:
    amounts = (estimate.low_femto_usd, estimate.expected_femto_usd, estimate.high_femto_usd)
    return " / ".join(money.usd_text(amount) for amount in amounts)


def plain(value: Fraction, decimals: int = 3) -> str:
    """A ratio in plain notation, rounded half-even, without zeros at its end."""
    text = format(Decimal(round(value * 10**decimals)).scaleb(-decimals), "f")
    return text.rstrip("0").rstrip(".")
