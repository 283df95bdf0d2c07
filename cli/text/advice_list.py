"""The list of recommendations for a team lead: what to do, its worth, until when, and how sure."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor import words
from advisor.advice import figures as advice_figures
from advisor.advice import latency, reasons, rendering, values
from advisor.evidence import sentences as evidence_sentences
from advisor.stages.stored_recommendation import StoredRecommendation
from advisor.switching import ranking
from cli.text import amounts, stage_text
from ledger import prose
from ledger.pairs import Policy

UNCHANGED: Mapping[str, StoredRecommendation] = MappingProxyType({})


def show(
    console: Console,
    figures: Sequence[advice_figures.RecommendationFigure],
    total: values.Total,
    changed: Mapping[str, StoredRecommendation] = UNCHANGED,
) -> None:
    """Print recommendations, the best low end first.

    `changed` holds by id those whose stage somebody has changed.
    """
    for figure in figures:
        current = changed.get(figure.id)
        console.print(Text.assemble((move_text(figure), "bold"), f"  {figure.id}"))
        grid = Table.grid(padding=(0, 2, 0, 0))
        if current is not None:
            grid.add_row(Text("  stage", style="dim"), stage_text.standing(current))
        for name, text in _lines(figure, current):
            grid.add_row(Text(f"  {name}", style="dim"), text)
        console.print(grid)
        console.print()
    if any(figure.other_models for figure in figures):
        console.print(Text(f"Gaps of other models are {ranking.CAVEAT}.", style="dim"))
    if any(figure.counted for figure in figures):
        console.print("\n".join(_totals(total)))
    console.print(
        "One of them line by line: switchwise explain ID;"
        " with factors of your own: switchwise whatif --help"
    )


def _totals(total: values.Total) -> Iterator[str]:
    """What all of it is worth: today, and after trials."""
    steps = {
        "What can be switched today is worth": (total.safe, total.safe_is_proven),
        "What trials may add is worth": (total.after_trial, total.after_trial_is_proven),
    }
    for subject, (estimate, is_proven) in steps.items():
        if estimate.expected_femto_usd > 0:
            ends = rendering.total_of(estimate, is_proven=is_proven)
            low, expected, high = amounts.three_dollars(ends)
            amount = words.low_amount(low, ends.low_name)
            yield f"{subject} {amount} per average month, {expected} expected, {high} at most."


def no_advice(policy: Policy, models_in_use: Sequence[str]) -> str:
    """Why no pair of models gives advice, and which model may have been meant."""
    if not models_in_use:
        return "No advice: there was no traffic in the last weeks."
    sources = list(dict.fromkeys(pair.source.model for pair in policy.pairs))
    meant = [
        match
        for source in sources
        for match in difflib.get_close_matches(source, models_in_use, n=1)
    ]
    question = f" Did you mean {prose.one_of(dict.fromkeys(meant))}?" if meant else ""
    faults = [f"no traffic on {prose.one_of(sources)}"] if sources else []
    if policy.proposes:
        faults.append(
            "no model in use has a successor, a smaller sibling or a tier for work that can wait"
        )
    reason = ", and ".join(faults) or "the setting names no pair"
    return (
        f"{reason[0].upper()}{reason[1:]}.{question}"
        f" Models in use: {', '.join(models_in_use)}."
        " Name a pair with --pair FROM:TO or in the setting SWITCHWISE_PAIRS."
    )


def show_in_hand(console: Console, in_hand: Sequence[StoredRecommendation]) -> None:
    """Print what somebody claimed, tries or has adopted and is not advised any more."""
    for current in in_hand:
        figure = rendering.figure_of(current.recommendation)
        console.print(
            f"In hand: {move_text(figure)}  {figure.id}; {stage_text.standing(current)}",
            soft_wrap=True,
        )


def move_text(figure: advice_figures.RecommendationFigure) -> str:
    """Which traffic a recommendation moves, from where, and where to."""
    target = words.target(figure.to_model, figure.to_service_tier)
    return f"{figure.project} / {figure.workload}: {figure.from_model} -> {target}"


def _why(figure: advice_figures.RecommendationFigure) -> str:
    """Why the decision is what it is, with a person's own words where one took it out of advice."""
    why = reasons.why(figure.reason)
    return f"{why}: {figure.opt_out_reason}" if figure.opt_out_reason else why


def _lines(
    figure: advice_figures.RecommendationFigure, current: StoredRecommendation | None
) -> Iterator[tuple[str, str]]:
    if figure.is_set_aside:
        yield "do", stage_text.last_decision(current) if current else "nothing; people have decided"
        yield "next", f"switchwise explain {figure.id}, for what it came to"
    else:
        yield "do", f"{words.decision(figure.decision)}: {_why(figure)}"
        command = words.next_command(
            figure.decision, figure.id, is_source_gone=figure.source_days_left == 0
        )
        if command is not None:
            yield "next", command
    yield from _worth(figure)
    if figure.decision == "blocked":
        yield from _other_models(figure)
    if figure.days_left is not None:
        yield "until", _until(figure)
    drivers = [name for name, level in figure.risk_drivers.items() if level == figure.risk_level]
    worst = ", ".join(map(words.label, drivers))
    risk = f"risk {figure.risk_level} of 4 ({worst})"
    yield "sure", f"confidence {figure.confidence}; {risk}; factors {figure.saving_label}"
    yield from (("proof", line) for line in _proof(figure))
    yield from zip(("speed", ""), latency.lines(figure.latency), strict=False)
    changes = [reasons.change(figure.reason, drivers), amounts.break_even(figure)]
    yield "changes", "; ".join(filter(None, changes))
    for alternative in figure.alternatives:
        yield _alternative(
            alternative, figure.from_model, is_source_gone=figure.source_days_left == 0
        )
    if figure.decision != "blocked":
        yield from _other_models(figure)


def _other_models(figure: advice_figures.RecommendationFigure) -> Iterator[tuple[str, str]]:
    if figure.other_models:
        yield "other", "; ".join(map(_other_model, figure.other_models))
        pair = figure.other_models[0].pair
        yield "", f"for advice on one, add its pair to SWITCHWISE_PAIRS: {pair}"


def _proof(figure: advice_figures.RecommendationFigure) -> Iterator[str]:
    if figure.evidence is not None:
        yield evidence_sentences.one_line(figure.evidence)
    if figure.withdrawn_runs:
        yield evidence_sentences.run_line(figure.withdrawn_runs)


def _worth(figure: advice_figures.RecommendationFigure) -> Iterator[tuple[str, str]]:
    """By when it is forced, what it saves, under which condition, and what a trial may add."""
    if figure.must_move is not None:
        yield "by", figure.must_move
    if figure.decision == "blocked" and figure.saving_month is None:
        yield "worth", "nothing: this move cannot be made"
        return
    if figure.replacement is not None:
        yield "costs", figure.replacement
        return
    yield "worth", _ends(figure)
    if figure.condition:
        yield "", figure.condition
    if figure.next_step is not None:
        yield from _next_step(figure.next_step)


def _ends(figure: advice_figures.RecommendationFigure) -> str:
    gap = f"price gap {words.percent(figure.price_gap_ratio)}"
    if figure.saving_month is None:
        return f"not known yet; {gap}"
    low, expected, high = amounts.three_dollars(figure.saving_month)
    cost = words.dollars(figure.cost_month_usd)
    return (
        f"{figure.low_name} {low} per average month of {cost}, {expected} expected, {high} at most;"
        f" {gap}"
    )


def _next_step(step: advice_figures.NextStepFigure) -> Iterator[tuple[str, str]]:
    """What a trial may add to what can be done today."""
    low, expected, _ = amounts.three_dollars(step.added_month)
    target = words.target(step.to_model, step.to_service_tier)
    adds = (
        f"a trial of {target} may add {words.low_amount(low, step.low_name)}, {expected} expected"
    )
    yield "then", f"{adds}; {words.next_command(step.decision, step.id)}"
    if step.condition:
        yield "", step.condition


def _until(figure: advice_figures.RecommendationFigure) -> str:
    days_left = figure.days_left or 0
    source_ends = figure.source_shutdown_day == figure.ends_on
    target_ends = figure.target_shutdown_day == figure.ends_on
    subject = "the source" if source_ends else "the target"
    if source_ends and target_ends:
        subject = "the source and the target"
    if not days_left:
        was = "were" if source_ends and target_ends else "was"
        since = "; nothing is saved since" if figure.saving_month else ""
        return f"{figure.ends_on}: {subject} {was} shut down{since}"
    reason = f"{subject} {'shut' if source_ends and target_ends else 'shuts'} down"
    saving = figure.saving_until_retirement
    in_all = f"; {figure.low_name} {words.dollars(saving.low_usd)} in all" if saving else ""
    return f"{figure.ends_on}, in {words.counted(days_left, 'day')}: {reason} then{in_all}"


def _alternative(
    alternative: advice_figures.AlternativeFigure, from_model: str, *, is_source_gone: bool
) -> tuple[str, str]:
    """Another move of the same traffic, and why it is not the one that is advised."""
    tier = alternative.to_service_tier
    target = words.target(alternative.to_model, tier)
    why = reasons.why(alternative.reason)
    if alternative.decision == "blocked":
        name = tier if tier and alternative.to_model == from_model else target
        tag = " (tag can_wait)" if alternative.reason == "cannot_wait" else ""
        return "not", f"{name}: {why}{tag}"
    decision = words.decision(alternative.decision)
    if alternative.saving_month is None and is_source_gone and alternative.replacement_month:
        _, expected, most = amounts.three_dollars(alternative.replacement_month)
        return "or", f"{target}, {expected} a month as expected, {most} at most: {decision}, {why}"
    if alternative.saving_month is None:
        return "or", f"{target}: {decision}, {why}"
    low, _, _ = amounts.three_dollars(alternative.saving_month)
    ends = f", but it ends with {from_model}" if alternative.ends_with_source else ""
    return "or", f"{target}, {alternative.low_name} {low}{ends}: {decision}, {why}"


def _other_model(other: advice_figures.OtherModelFigure) -> str:
    successor = " (the named successor)" if other.is_successor else ""
    gap = words.percent(other.price_gap_ratio)
    return f"{other.model} {gap}{successor}, {words.days_left(other.days_left)}"
