"""The list of recommendations as a lead reads it: what to do, its worth, until when, how sure, and what would change it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor import words
from advisor.advice import explanation, latency
from advisor.advice import figures as advice_figures
from advisor.evidence import sentences as evidence_sentences
from advisor.stages.stored_recommendation import StoredRecommendation
from advisor.switching import ranking
from cli.text import stage_text


def show(
    console: Console,
    found: Sequence[advice_figures.RecommendationFigure],
    total: advice_figures.Ends,
    stages: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Print recommendations, the best low end first; `stages` says by id how those stand that somebody has touched."""
    if not found:
        console.print(
            "No advice: no configured pair starts at a model in use. The setting SWITCHWISE_PAIRS names them."
        )
        return
    for item in found:
        target = words.target(item.to_model, item.to_service_tier)
        console.print(
            Text.assemble(
                (f"{item.project} / {item.workload}: {item.from_model} -> {target}", "bold"),
                f"  {item.id}",
            )
        )
        grid = Table.grid(padding=(0, 2, 0, 0))
        if item.id in stages:
            grid.add_row(Text("  stage", style="dim"), stages[item.id])
        for name, text in _lines(item):
            grid.add_row(Text(f"  {name}", style="dim"), text)
        console.print(grid)
        console.print()
    if any(item.other_models for item in found):
        console.print(Text(f"Gaps of other models are {ranking.CAVEAT}.", style="dim"))
    if any(item.counted for item in found):
        at_least, expected, at_most = _three(total)
        console.print(
            f"In all, what to switch or try is worth at least {at_least} per average month, {expected} expected,"
            f" {at_most} at most."
        )
    console.print(
        "One of them line by line: switchwise explain ID; with factors of your own: switchwise whatif --help"
    )


def show_in_hand(console: Console, held: Sequence[StoredRecommendation]) -> None:
    """Print what somebody claimed, tries or has adopted and is not advised any more."""
    for each in held:
        item = each.recommendation
        target = words.target(item.to_model, item.to_service_tier)
        what = f"{item.project} / {item.workload}: {item.from_model} -> {target}"
        console.print(f"In hand: {what}  {item.id}; {stage_text.standing(each)}", soft_wrap=True)


def _lines(item: advice_figures.RecommendationFigure) -> Iterator[tuple[str, str]]:
    if item.is_set_aside:
        yield "do", "nothing more: people have decided, as its stage says"
        yield "next", f"switchwise explain {item.id}, for what it came to"
    else:
        yield "do", f"{words.decision(item.decision)}: {explanation.why(item.reason)}"
        command = words.next_command(item.decision, item.id)
        if command is not None:
            yield "next", command
    yield "worth", _worth(item)
    if item.days_left is not None:
        yield "until", _until(item)
    drivers = [name for name, level in item.risk_drivers.items() if level == item.risk_level]
    worst = ", ".join(map(words.label, drivers))
    yield (
        "sure",
        f"confidence {item.confidence}; risk {item.risk_level} of 4 ({worst}); factors {item.saving_label}",
    )
    if item.evidence is not None:
        yield "proof", evidence_sentences.one_line(item.evidence)
    yield from zip(("speed", ""), latency.lines(item.latency), strict=False)
    yield "changes", "; ".join([explanation.change(item.reason, drivers), *_limit(item)])
    for other in item.alternatives:
        target, low = (
            words.target(other.to_model, other.to_service_tier),
            _three(other.saving_month)[0],
        )
        yield "or", f"{target}, at least {low}: {other.decision}, {words.label(other.reason)}"
    if item.other_models:
        yield "beside", "; ".join(map(_beside, item.other_models))
        yield "", f"to decide on one, add its pair to SWITCHWISE_PAIRS: {item.other_models[0].pair}"


def _worth(item: advice_figures.RecommendationFigure) -> str:
    gap = f"price gap {words.percent(item.price_gap_ratio)}"
    if item.saving_month is None:
        return f"not known yet; {gap}"
    low, expected, high = _three(item.saving_month)
    cost = words.dollars(item.cost_month_usd)
    return f"at least {low} per average month of {cost}, {expected} expected, {high} at most; {gap}"


def _until(item: advice_figures.RecommendationFigure) -> str:
    ends_on = date.fromisoformat(item.as_of) + timedelta(days=item.days_left or 0)
    if item.source_days_left == item.target_days_left:
        whose = "the source and the target shut down"
    else:
        whose = (
            f"the {'source' if item.days_left == item.source_days_left else 'target'} shuts down"
        )
    worth = item.saving_until_retirement
    in_all = f"; at least {words.dollars(worth.low_usd)} in all" if worth else ""
    return f"{ends_on}, in {words.counted(item.days_left or 0, 'day')}: {whose} then{in_all}"


def _limit(item: advice_figures.RecommendationFigure) -> Iterator[str]:
    limit = item.breakeven_escalation_ratio(at="expected")
    if limit is not None:
        yield f"it saves nothing once {words.percent(limit)} of the requests come back, at the expected factors"


def _beside(other: advice_figures.OtherModelFigure) -> str:
    return f"{other.model} {words.percent(other.price_gap_ratio)}{' (the named successor)' if other.is_successor else ''}"


def _three(ends: advice_figures.Ends | None) -> tuple[str, str, str]:
    if ends is None:
        return (words.UNKNOWN,) * 3
    return (
        words.dollars(ends.low_usd),
        words.dollars(ends.expected_usd),
        words.dollars(ends.high_usd),
    )
