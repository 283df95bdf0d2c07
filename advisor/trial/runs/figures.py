"""What a run came to, as the command line shows it: decimal text for money, counts as integers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from advisor.evidence.figures import EvidenceFigure
from advisor.trial.runs import calls, results
from advisor.trial.runs.estimate import Estimator
from advisor.trial.runs.execution import TrialRun
from advisor.trial.runs.journal import History, Reply
from advisor.trial.runs.results import LeftOutPair
from advisor.trial.runs.sides import Contender
from ledger import money


@dataclass(frozen=True, slots=True, kw_only=True)
class ContenderFigure:
    """What the answers of one model took. Amounts are USD.

    `cost_usd` is that of the answers whose cost is known; `unknown_cost_answers` are not in it. It
    is None where none is known.
    """

    model: str
    answers: int
    failures: int
    attempts: int
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    answers_without_usage: int
    unknown_cost_answers: int
    cost_usd: str | None
    cut_off_answers: int
    latency_p50_ms: int | None
    latency_p95_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRunFigure:
    """A run: how it ended, what it cost, and what it showed. Amounts are USD.

    `unclear_usd` is what attempts without an answer, answers without usage and requests lost with
    a killed run cost at most. `needed_usd` is what the prompt may cost that a used-up budget no
    longer held.
    """

    end: str
    trouble: str
    prompts: int
    pairs: int
    left_out: tuple[LeftOutPair, ...]
    """Of a run that goes on later, those that failed so far."""
    lost_requests: int
    sides: tuple[ContenderFigure, ...]
    spent_usd: str
    unclear_usd: str
    budget_usd: str | None
    needed_usd: str
    results_file: str
    journal_file: str
    evidence: EvidenceFigure | None


def figure_of(
    run: TrialRun, *, pairs: int, files: tuple[str, str], evidence: EvidenceFigure | None
) -> TrialRunFigure:
    """The figure of a run; `files` are the names of its results and its journal."""
    history, budget, judge = run.journal.history, run.budget, run.estimator.judge
    sides = [
        _contender(run.estimator, contender, _replies(history, {role}))
        for role, contender in run.contenders.items()
    ]
    if judge is not None:
        sides.append(_contender(run.estimator, judge, _replies(history, {"ab", "ba"})))
    return TrialRunFigure(
        end=run.end,
        trouble=run.trouble,
        prompts=len(run.prompts),
        pairs=pairs,
        left_out=tuple(results.left_out(run.prompts, history)),
        lost_requests=len(history.lost),
        sides=tuple(sides),
        spent_usd=money.usd_text(budget.spent_femto_usd),
        unclear_usd=money.usd_text(budget.unclear_femto_usd),
        budget_usd=money.optional_usd_text(budget.limit_femto_usd),
        needed_usd=money.usd_text(run.needed_femto_usd),
        results_file=files[0],
        journal_file=files[1],
        evidence=evidence,
    )


def _replies(history: History, roles: Iterable[str]) -> list[Reply]:
    return [reply for reply, _ in history.replies if reply.role in roles]


def _contender(
    estimator: Estimator, contender: Contender, replies: Sequence[Reply]
) -> ContenderFigure:
    answered = [reply for reply in replies if reply.is_answered]
    usages = [reply.usage for reply in answered if reply.usage is not None]
    costs = [calls.cost_femto_usd(estimator, contender, reply) for reply in answered]
    amounts = [cost for cost in costs if cost is not None]
    latencies = sorted(reply.latency_ms for reply in answered)
    return ContenderFigure(
        model=contender.label,
        answers=len(answered),
        failures=sum(bool(reply.failure) for reply in replies),
        attempts=sum(reply.attempts for reply in replies),
        input_tokens=sum(usage.input_tokens for usage in usages),
        cached_input_tokens=sum(usage.cached_input_tokens or 0 for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens or 0 for usage in usages),
        answers_without_usage=len(answered) - len(usages),
        unknown_cost_answers=len(costs) - len(amounts),
        cost_usd=money.usd_text(sum(amounts)) if amounts or not costs else None,
        cut_off_answers=sum(reply.finish == "length" for reply in answered),
        latency_p50_ms=_quantile(latencies, 50),
        latency_p95_ms=_quantile(latencies, 95),
    )


def _quantile(ordered: Sequence[int], percentage: int) -> int | None:
    """The smallest value that at least so many per cent do not exceed; None without values."""
    return ordered[ceil(len(ordered) * percentage / 100) - 1] if ordered else None
