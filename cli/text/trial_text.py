"""A run of a trial in sentences: its estimate before, and what it came to after."""

from collections import Counter
from collections.abc import Iterator, Mapping

from rich.console import Console

from advisor import words
from advisor.evidence import sentences as evidence_sentences
from advisor.trial.runs.budget import TrialBudget
from advisor.trial.runs.estimate import (
    ASSUMED_OUTPUT_TOKENS,
    ASSUMED_REASONING_TOKENS,
    BYTES_PER_TOKEN,
    CostEstimate,
)
from advisor.trial.runs.figures import ContenderFigure, TrialRunFigure
from cli.text import plain
from ledger import prose

_MOST_NAMED = 10
_ROLES = {
    "a": "the source",
    "b": "the target",
    "ab": "the judge",
    "ba": "the judge",
}
_REASONS = {
    "timeout": "no answer in time",
    "no_connection": "no connection",
    "too_large": "an answer that was too large",
    "odd_answer": "an answer that breaks the protocol",
    "odd_json": "an answer that was no JSON",
    "no_choices": "an answer without a choice",
    "other_model": "an answer of another model than asked for",
    "too_long_to_judge": "an answer too long to be judged",
    "slow_grader": "a rule that took too long",
    "unreadable_mark": "a reply that held no marks",
    "unknown_model": "a model that the endpoint does not know",
}


def estimate(
    prompts: int, open_prompts: int, total: CostEstimate, by_model: Mapping[str, CostEstimate]
) -> Iterator[str]:
    """What a run will send and cost, before anybody agrees to it."""
    already = (
        f" ({prompts - open_prompts:,} are answered already)" if open_prompts < prompts else ""
    )
    yield f"{words.counted(open_prompts, 'prompt')} to send to both models{already}."
    if total.most_femto_usd is None:
        unpriced = [name for name, cost in by_model.items() if cost.most_femto_usd is None]
        yield (
            f"The cost is unknown, because no price is known of {prose.all_of(unpriced)}. A name of"
            " the proxy's own goes into --model-a or --model-b, and the model's into --pair."
        )
        return
    parts = ", ".join(
        f"{words.femto_dollars(cost.expected_femto_usd)} for {name}"
        for name, cost in by_model.items()
    )
    yield (
        f"Estimated: {words.femto_dollars(total.expected_femto_usd)} ({parts}), and at most"
        f" {words.femto_dollars(total.most_femto_usd)}."
    )
    yield (
        f"Input is taken as a token for {BYTES_PER_TOKEN} bytes, at most for each byte; an answer"
        f" as half of its limit, at most all of it ({ASSUMED_OUTPUT_TOKENS:,} tokens without one,"
        f" {ASSUMED_REASONING_TOKENS:,} more where the model can reason)."
    )


def budget(trial_budget: TrialBudget) -> str:
    """The budget, and what earlier parts of the run took of it."""
    limit = words.femto_dollars(trial_budget.limit_femto_usd)
    before = trial_budget.claimed_femto_usd
    spent = f", of which {words.femto_dollars(before)} is used already" if before else ""
    return f"Budget: {limit}{spent}. The run stops before a prompt that could exceed it."


def used_up(figure: TrialRunFigure) -> str:
    """Why a run stopped at its budget, with what helps."""
    partial = (
        f", or import {figure.results_file} as it is: switchwise evidence import"
        if figure.pairs
        else ""
    )
    return (
        f"the budget of {words.dollars(figure.budget_usd)} holds no further prompt: the next one"
        f" may cost {words.dollars(figure.needed_usd)}. {figure.pairs:,} of {figure.prompts:,}"
        f" pairs are there, and nothing was imported; go on with a higher --max-usd{partial}"
    )


def trouble(figure: TrialRunFigure) -> str:
    """Why a run that goes on failing was ended, with what helps."""
    model, _, reason = figure.trouble.partition(": ")
    remedies = {
        "unknown_model": "name it as the endpoint does, with --model-a or --model-b",
        "http_401": "check the key in the variable of --key-env",
        "http_403": "check what the key may use",
        "http_429": "wait, or send fewer at once with --concurrency",
        "http_404": "check the path of --endpoint",
        "no_connection": "check --endpoint, and that the proxy runs",
    }
    remedy = remedies.get(reason.partition(" ")[0], "mend that first")
    return f"the requests to {model} fail: {failure(reason)}; {remedy}"


def show(console: Console, figure: TrialRunFigure) -> None:
    """Print what a run came to."""
    grid = plain.table(
        ("model", "answers", "input", "cached", "output", "cost", "p50", "p95"), right=7
    )
    for side in figure.sides:
        grid.add_row(*_cells(side))
    console.print(grid)
    for sentence in _sentences(figure):
        console.print(sentence, soft_wrap=True)
    if figure.evidence is not None:
        evidence = figure.evidence
        console.print(
            f"{evidence.id}  {evidence.from_model} -> {evidence.to_model},"
            f" {evidence.project} / {evidence.workload}",
            soft_wrap=True,
        )
        lines = (*evidence_sentences.summary(evidence), *evidence_sentences.factors(evidence))
        for sentence in lines:
            console.print(f"  {sentence}", soft_wrap=True)


def _cells(side: ContenderFigure) -> tuple[str, ...]:
    return (
        side.model,
        f"{side.answers:,}",
        f"{side.input_tokens:,}",
        f"{side.cached_input_tokens:,}",
        f"{side.output_tokens:,}",
        words.dollars(side.cost_usd),
        _seconds(side.latency_p50_ms),
        _seconds(side.latency_p95_ms),
    )


def failure(reason: str) -> str:
    """A reason of the journal in words: `http_429 (rate_limit)` stays as it is."""
    return _REASONS.get(reason, reason)


def _sentences(figure: TrialRunFigure) -> Iterator[str]:
    yield f"Spent {words.dollars(figure.spent_usd)}{_of_budget(figure)}."
    if any(side.unknown_cost_answers for side in figure.sides):
        yield from (_unknown(side) for side in figure.sides if side.unknown_cost_answers)
    if figure.unclear_usd != "0.00":
        yield (
            f"At most {words.dollars(figure.unclear_usd)} more may have been billed: attempts that"
            " ended without an answer, answers without usage, and requests that a stopped run lost."
        )
    if figure.lost_requests:
        yield (
            f"{words.counted(figure.lost_requests, 'request')} in flight when a run was stopped"
            " had to be sent again."
        )
    for side in figure.sides:
        if side.cut_off_answers:
            yield (
                f"{words.counted(side.cut_off_answers, 'answer')} of {side.model} ended at the"
                " limit of tokens."
            )
        if side.attempts > side.answers + side.failures:
            extra = side.attempts - side.answers - side.failures
            yield f"{side.model} took {words.counted(extra, 'extra attempt')}."
    if figure.left_out and figure.end in ("complete", "budget"):
        yield from _left_out(figure)


def _of_budget(figure: TrialRunFigure) -> str:
    return f" of a budget of {words.dollars(figure.budget_usd)}" if figure.budget_usd else ""


def _unknown(side: ContenderFigure) -> str:
    without = side.answers_without_usage
    usage = f", {without:,} of them without usage" if without else ""
    return (
        f"The cost of {words.counted(side.unknown_cost_answers, 'answer')} of {side.model} is"
        f" unknown{usage}: it is in no amount."
    )


def _left_out(figure: TrialRunFigure) -> Iterator[str]:
    by_role = Counter(_ROLES[pair.role] for pair in figure.left_out)
    counts = ", ".join(f"{count:,} because of {role}" for role, count in by_role.items())
    yield f"{words.counted(len(figure.left_out), 'prompt')} left out: {counts}."
    for pair in figure.left_out[:_MOST_NAMED]:
        yield f"  {pair.id}: {_ROLES[pair.role]}, {failure(pair.reason)}"
    more = len(figure.left_out) - _MOST_NAMED
    if more > 0:
        yield f"  and {more:,} more"
    if by_role["the target"] > by_role["the source"]:
        yield "The target failed more often than the source: the verdict leaves that out."


def _seconds(milliseconds: int | None) -> str:
    return words.UNKNOWN if milliseconds is None else f"{milliseconds / 1_000:.2f} s"
