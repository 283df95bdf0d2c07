"""Advice in sentences, one for each factor, made from the same numbers as every other face. Pure; decides nothing."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from advisor.evidence import figures as evidence_figures
from advisor.evidence import sentences as evidence_sentences
from advisor.switching import advice, candidates, decision, factors, headroom, life
from advisor.words import counted
from ledger import clock, money

_FACTORS = {
    "phi_in": "Input tokens on the target, over the source's",
    "phi_out": "Output tokens on the target, over the source's",
    "escalation_rate": "Share of requests that fail on the target and run on the source again",
    "extra_attempts": "Extra attempts on the target per moved request",
    "sigma": "Cost of an escalated request, over an average one",
    "cached_share": "Share of input served from the target's cache",
    "verifier_femto_usd": "Cost of checking the answers if the whole slice moved, in USD over the window",
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
        "nobody has shown that the source is worth its price here, and the stance asks the source to prove it",
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
    "factors": "tokens, attempts and escalations beside the paired results, so that the factors are measured",
    "life": "a target that lives longer",
    "drift": "a new comparison",
}


def sentences(item: advice.Advice) -> list[str]:
    """What, how much, by which factors, at which prices and window, why, what would change it, how long, how to check."""
    found = item.alternative
    slice_ = found.slice
    reason = item.decision.reason
    return [
        _move(found),
        *_amounts(item),
        *(_factor(found.factors, name) for name in _told_factors(found)),
        (
            f"Priced at the rates in force on {clock.date_of(item.as_of_day)}, over"
            f" {counted(slice_.days, 'closed day')} and {counted(slice_.requests, 'request')}."
        ),
        *_fitting(found),
        *_class(item),
        *_evidence(item),
        *_break_evens(item),
        *_beside(item),
        (
            f"Decision: {item.decision.kind}, because {why(reason)} ({reason}); risk {item.risk.level} of 4"
            f" ({', '.join(item.risk.worst)}), confidence {item.confidence.grade}."
        ),
        f"What would change it: {change(reason, item.risk.worst)}.",
        _life(item),
        f"To see the arithmetic: switchwise explain {item.id}",
    ]


def why(reason: str) -> str:
    """What a reason code says of a decision, to follow "because"."""
    return _REASONS[reason][0]


def factor_name(name: str) -> str:
    """What a factor is, in words."""
    return {**_FACTORS, **_READINGS}[name]


def change(reason: str, drivers: Sequence[str] = ()) -> str:
    """What would change a decision of this reason; where its risk decides, what would lower the drivers that set it."""
    if reason == "risk" and drivers:
        return "; ".join(_REMEDIES[name] for name in drivers)
    return _REASONS[reason][1]


def _told_factors(found: candidates.Alternative) -> list[str]:
    return (
        [name for name in factors.changed(found.factors) if name in _FACTORS] if found.cells else []
    )


def _move(found: candidates.Alternative) -> str:
    slice_ = found.slice
    about, now = f"{slice_.project} / {slice_.workload}", f"{slice_.model} ({slice_.provider})"
    if found.stays:
        return f"Keep {about} on {now}, and serve more of its input from the cache."
    tier = f" at tier {found.service_tier}" if found.service_tier else ""
    return f"Move {about} from {now} to {found.model} ({found.provider}){tier}."


def _amounts(item: advice.Advice) -> list[str]:
    found, estimate = item.alternative, item.alternative.estimate
    gap = (
        []
        if found.price_gap is None or found.stays
        else [f"The price lists alone differ by {percent(found.price_gap)}."]
    )
    if estimate is None or item.slice_month_femto_usd is None:
        return ["No amount can be given per average month yet.", *gap]
    return [
        (
            f"It saves {_ends(estimate)} USD per average month (low / expected / high; {found.factors.basis}), of"
            f" {money.usd_text(item.slice_month_femto_usd)} USD that the slice costs."
        ),
        *gap,
    ]


def _fitting(found: candidates.Alternative) -> list[str]:
    """What share of the slice can move, and what becomes of the rest."""
    told = [
        f"{tokens} tokens stay where they are: {reason}."
        for reason, tokens in sorted(found.stuck_tokens.items())
    ]
    if found.room < 1:
        told.append(
            f"The target's rate limit has room for {percent(found.room)} of what could move, {headroom.CAVEAT}."
        )
    share = found.fitting_share
    return (
        told
        if share is None or share == 1
        else [*told, f"So {percent(share)} of the requests fit the target."]
    )


def _evidence(item: advice.Advice) -> list[str]:
    if item.proof is None:
        return []
    return list(evidence_sentences.summary(evidence_figures.figure_of(item.proof)))


def _class(item: advice.Advice) -> list[str]:
    name, source = item.workload_class
    if name is None:
        return []
    counts = f"which counts {item.workload_class.risk_level} of 4 as risk"
    return [f"The workload is classed as {name.replace('_', ' ')} ({source}), {counts}."]


def _factor(band: factors.Band, name: str) -> str:
    low, expected, high = (_at_end(name, end) for end in (band.low, band.expected, band.high))
    return f"{_FACTORS[name]}: {low} at the low end, {expected} expected, {high} at the high end ({band.label_of(name)})."


def _at_end(name: str, end: factors.Factors) -> str:
    if name == "verifier_femto_usd":
        return money.usd_text(end.verifier_femto_usd)
    value: Fraction | None = getattr(end, name)
    return "as today" if value is None else plain(value)


def _break_evens(item: advice.Advice) -> list[str]:
    told = []
    for label, limits in (
        ("as priced", item.at_neutral),
        ("at the expected factors", item.at_expected),
    ):
        if limits is None:
            continue
        parts = []
        if limits.escalation_rate is not None:
            parts.append(f"{percent(limits.escalation_rate)} of requests run on the source again")
        if limits.output_inflation is not None:
            parts.append(f"the target writes {plain(limits.output_inflation)} times the output")
        if limits.wrong_answer_femto_usd is not None:
            cost = money.usd_text(money.round_to_nano_usd(limits.wrong_answer_femto_usd))
            parts.append(f"each answer that only the source gets right costs {cost} USD")
        if parts:
            told.append(f"It saves nothing, {label}, once {' or '.join(parts)}.")
    return told


def _beside(item: advice.Advice) -> list[str]:
    """What each lever is worth, what a router would save, and when a one-off cost is paid back."""
    told = [
        f"Of that, the {lever} is worth {_ends(part.saving)} USD (low / expected / high)."
        for lever, part in item.parts.items()
        if len(item.parts) > 1
    ]
    if (
        item.good_answer_now_femto_usd is not None
        and item.good_answer_instead_femto_usd is not None
    ):
        now, there = (
            money.usd_text(money.round_to_nano_usd(amount))
            for amount in (item.good_answer_now_femto_usd, item.good_answer_instead_femto_usd)
        )
        told.append(
            f"A right answer costs {now} USD on the source and {there} USD on the target, at the expected factors."
        )
    if item.router_femto_usd is not None:
        saved = money.usd_text(item.router_femto_usd)
        told.append(
            f"A router that sends the hard requests straight to the source would save {saved} USD at the expected factors."
        )
    if item.one_off_femto_usd:
        once = money.usd_text(item.one_off_femto_usd)
        left = "" if item.days_left is None else f"; {item.days_left} are left"
        paid = (
            "never paid back"
            if item.payback_days is None
            else f"paid back in {plain(item.payback_days, 1)} days{left}"
        )
        told.append(f"At the low end its one-off cost of {once} USD is {paid}.")
    return told


def _life(item: advice.Advice) -> str:
    if item.days_left is None:
        return "Neither model has an announced shutdown."
    worth = (
        f", and is worth {_ends(item.until_retirement)} USD (low / expected / high)"
        if item.until_retirement
        else ""
    )
    told = [
        f"The saving ends in {counted(item.days_left, 'day')}, when the first of the two models shuts down{worth}."
    ]
    if decision.SOURCE_RETIRES in item.decision.notices and item.source_days_left is not None:
        told.append(
            f"You must move by {clock.date_of(item.as_of_day + item.source_days_left)}: the source shuts down then."
        )
    target_days_left = item.alternative.target_days_left
    if target_days_left is not None and target_days_left <= life.SOURCE_NOTICE_DAYS:
        day = clock.date_of(item.as_of_day + target_days_left)
        told.append(f"The target shuts down too, on {day}: look at the named successor first.")
    return " ".join(told)


def _ends(estimate: candidates.Estimate) -> str:
    amounts = (estimate.low_femto_usd, estimate.expected_femto_usd, estimate.high_femto_usd)
    return " / ".join(money.usd_text(amount) for amount in amounts)


def percent(share: Fraction) -> str:
    """A share as a percentage with at most one decimal, half-even: `80 %`, `63.7 %`."""
    return f"{plain(share * 100, 1)} %"


def plain(value: Fraction, decimals: int = 3) -> str:
    """A ratio in plain notation, rounded half-even, without zeros at its end."""
    text = format(Decimal(round(value * 10**decimals)).scaleb(-decimals), "f")
    return text.rstrip("0").rstrip(".")
