"""The runs of one comparison judged together, so that a target cannot try until it passes. Pure.

A run is one import. Every run stands in the list, what was withdrawn too, with what it counts for.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.evidence import evaluation, looks, runs, spending
from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.evaluation import Evaluation
from advisor.evidence.gates import QualityGate
from advisor.evidence.items import Item
from advisor.evidence.judge import JudgeLabels
from advisor.evidence.looks import Look
from advisor.evidence.runs import Items, Member, Run, RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What the runs come to together."""

    latest: StoredComparison
    """The run that was measured last, of those that describe today's models and traffic."""
    evaluation: Evaluation
    """Of all pairs that count, each once. Its verdict is what holds."""
    level: Fraction
    """The risk of a false pass that the deciding look took."""
    first_day: int
    """The day that the oldest pairs were measured on."""
    runs: tuple[RunRecord, ...]
    """Every run in the order of import."""
    judge_proven: bool = True
    needs_pairs: int = 0
    """The pairs of an inferior run that was withdrawn, where the pool has fewer; else 0."""


def form(imports: Iterable[Run], items_of: Items, today: int) -> Pool | None:
    """The pool of all runs on one target; None where every one was withdrawn.

    Pairs are pooled, each input once, as its first run has it. Every import and every withdrawal is
    a look, and the looks of 90 days share the level: see `spending`. An inferior run binds until a
    pool passes that has more new pairs than it, its own among them. Whatever gates the runs name,
    all of them have to be met: none can be chosen after the results.
    """
    members = runs.in_order(imports)
    alive = [member for member in members if not member.is_withdrawn]
    if not alive:
        return None
    latest = max(_current(alive), key=lambda member: _measured(member.comparison))
    if len(members) == 1 and latest.comparison.evaluation.pairs >= spending.FULL_PAIRS:
        # One trial of full size is what it came to by itself, so its items need not be read.
        latest.new_pairs = latest.comparison.evaluation.pairs
        return _alone(members, latest, today)
    runs.add_items(members, items_of, today)
    pooled = [member for member in members if runs.standing_of(member, latest, today) == "counted"]
    if not pooled:
        return _alone(members, latest, today)
    labels, gates = _labels(pooled), _gates(members)
    valid_looks = [
        look
        for look in looks.list_looks(members, latest, today)
        if all(member in pooled for member in look.members)
    ]
    passing = [look for look in valid_looks if _passes(look, gates, labels)]
    result = _weakest([evaluation.evaluate(_items(pooled), gate, labels) for gate in gates])
    if result.verdict == "non_inferior" and not passing:
        result = replace(result, verdict="inconclusive")
    binding = [
        member
        for member in _inferior(members, latest)
        if result.verdict != "non_inferior" or not _is_lifted(member, passing, pooled)
    ]
    decisive = (passing or valid_looks)[-1:]
    return Pool(
        latest=latest.comparison,
        evaluation=replace(result, verdict="inferior") if binding else result,
        level=decisive[0].level if decisive else spending.LEVEL,
        first_day=min(member.comparison.measured_day for member in pooled),
        runs=tuple(_records(members, latest, today=today, binding=binding)),
        needs_pairs=_unanswered_pairs(members, latest, result.pairs),
    )


def list_withdrawn(comparisons: Iterable[StoredComparison]) -> tuple[RunRecord, ...]:
    """The records of runs that were all withdrawn."""
    return tuple(
        RunRecord(comparison=comparison, standing="withdrawn", new_pairs=0)
        for comparison in comparisons
    )


def _measured(comparison: StoredComparison) -> tuple[int, int]:
    return comparison.measured_day, comparison.imported_at


def _current(alive: Sequence[Member]) -> Sequence[Member]:
    """The runs of today's models, traffic and prompt; all of them where there is none."""
    version = alive[-1].stratum[2]
    return [
        member for member in alive if not member.run.change and member.stratum[2] == version
    ] or alive


def _passes(look: Look, gates: Sequence[QualityGate], labels: JudgeLabels | None) -> bool:
    results = _items(look.members)
    return all(
        evaluation.evaluate(results, gate, labels, level=float(look.level)).verdict
        == "non_inferior"
        for gate in gates
    )


def _items(members: Iterable[Member]) -> list[Item]:
    return [item for member in members for item in member.new_items]


def _labels(pooled: Sequence[Member]) -> JudgeLabels | None:
    """The largest set of marks that the judge was checked against."""
    labels = [member.comparison.labels for member in pooled if member.comparison.labels]
    return max(labels, key=lambda sample: sample.labels, default=None)


def _gates(members: Sequence[Member]) -> list[QualityGate]:
    """Every gate that a run named, the latest first; of those withdrawn, where it was not met."""
    gates = [
        member.comparison.gate
        for member in members
        if not member.run.change
        and (not member.is_withdrawn or member.comparison.evaluation.verdict == "inferior")
    ]
    return list(dict.fromkeys(reversed(gates)))


def _weakest(evaluations: Sequence[Evaluation]) -> Evaluation:
    order = ("inferior", "inconclusive", "non_inferior")
    return min(evaluations, key=lambda result: order.index(result.verdict))


def _inferior(members: Sequence[Member], latest: Member) -> Iterator[Member]:
    """The runs that came out inferior. Age alone does not end one."""
    for member in members:
        is_of_prompt = member.stratum[2] == latest.stratum[2]
        if is_of_prompt and not member.is_withdrawn and runs.is_inferior(member):
            yield member


def _is_lifted(member: Member, passing: Sequence[Look], pooled: Sequence[Member]) -> bool:
    """Whether a later success has more new pairs than an inferior run."""
    imported_at = member.comparison.imported_at
    later_pairs = sum(
        other.new_pairs for other in pooled if other.comparison.imported_at > imported_at
    )
    return later_pairs > member.comparison.evaluation.pairs and any(
        look.at_us > imported_at for look in passing
    )


def _unanswered_pairs(members: Sequence[Member], latest: Member, pairs: int) -> int:
    """The pairs of the largest inferior run that was withdrawn, where the pool has fewer."""
    most = max(
        (
            member.comparison.evaluation.pairs
            for member in members
            if member.is_withdrawn
            and runs.is_inferior(member)
            and member.stratum[2] == latest.stratum[2]
        ),
        default=0,
    )
    return most if pairs < most else 0


def _alone(members: Sequence[Member], latest: Member, today: int) -> Pool:
    """The latest run by itself, where no run counts any more or none counts yet."""
    binding = list(_inferior(members, latest))
    result = latest.comparison.evaluation
    return Pool(
        latest=latest.comparison,
        evaluation=replace(result, verdict="inferior") if binding else result,
        level=spending.LEVEL,
        first_day=latest.comparison.measured_day,
        runs=tuple(_records(members, latest, today=today, binding=binding)),
        judge_proven=latest.run.judge_proven,
        needs_pairs=_unanswered_pairs(members, latest, result.pairs),
    )


def _records(
    members: Sequence[Member], latest: Member, *, today: int, binding: Sequence[Member]
) -> Iterator[RunRecord]:
    for member in members:
        yield RunRecord(
            comparison=member.comparison,
            standing=runs.standing_of(member, latest, today),
            new_pairs=member.new_pairs,
            binds=member in binding,
        )
