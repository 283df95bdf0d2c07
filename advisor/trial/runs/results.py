"""The paired results of a run, as rows that `evidence import` reads. They hold no text."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from advisor.evidence.items import NANO
from advisor.trial.runs import judging
from advisor.trial.runs.journal import History, Reply
from advisor.trial.runs.prompts import Prompt
from advisor.trial.runs.sides import Role
from ledger import pairs
from ledger.errors import UsageError

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class LeftOutPair:
    """A prompt without a pair: whose call failed, and why."""

    id: str
    role: Role
    reason: str


def rows(prompts: Sequence[Prompt], history: History, names: Row) -> Iterator[Row]:
    """The rows of the pairs that came about; `names` are those of pair, project and workload.

    A judged pair has a row for each order.
    """
    for prompt in prompts:
        a, b = (history.last.get((prompt.id, side)) for side in ("a", "b"))
        if a is None or b is None or a.failure or b.failure:
            continue
        base = {
            **names,
            "item_id": prompt.id,
            "cluster": prompt.cluster,
            **_counts(prompt, history, a, b),
        }
        if not prompt.rule.grader.is_judge:
            if a.a_nano is not None and b.b_nano is not None:
                yield base | {"a": _score(a.a_nano), "b": _score(b.b_nano)}
            continue
        marks = [history.last.get((prompt.id, order)) for order in judging.ORDERS]
        if all(mark is not None and not mark.failure for mark in marks):
            for mark in marks:
                if mark is not None:
                    yield base | _judged(mark)


def left_out(prompts: Sequence[Prompt], history: History) -> list[LeftOutPair]:
    """The prompts of which a call failed, in the order of the file."""
    roles: tuple[Role, ...] = ("a", "b", *judging.ORDERS)
    pairs_left_out = []
    for prompt in prompts:
        replies = [history.last.get((prompt.id, role)) for role in roles]
        failure = next((reply for reply in replies if reply is not None and reply.failure), None)
        if failure is not None:
            pairs_left_out.append(LeftOutPair(prompt.id, failure.role, failure.failure))
    return pairs_left_out


def write_file(path: Path, result_rows: Sequence[Row]) -> None:
    """Write the rows as JSON lines, at once or not at all. Raises UsageError."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(msgspec.json.encode(row) + b"\n" for row in result_rows)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise UsageError(
            f"cannot write to {path}: {error.strerror}; name another place with --out"
        ) from error


def exact_name(side: pairs.Side, history: History, role: Role) -> str:
    """The model as its answers name it, where all of them name one snapshot of it."""
    answered = {
        reply.model for reply, _ in history.replies if reply.role == role and not reply.failure
    }
    if len(answered) != 1:
        return str(side)
    (name,) = answered
    return str(pairs.Side(side.provider, name)) if name else str(side)


def _counts(prompt: Prompt, history: History, a: Reply, b: Reply) -> Row:
    """What both answers took. What the endpoint did not say is absent: unknown, not 0."""
    counts: dict[str, int | None] = {}
    for side, reply in (("a", a), ("b", b)):
        usage = reply.usage
        counts |= {
            f"{side}_input_tokens": usage.input_tokens if usage else None,
            f"{side}_output_tokens": usage.output_tokens if usage else None,
            f"{side}_cached_input_tokens": usage.cached_input_tokens if usage else None,
            f"{side}_reasoning_tokens": usage.reasoning_tokens if usage else None,
            f"{side}_latency_ms": reply.latency_ms,
            f"{side}_attempts": _attempts(prompt, history, reply),
        }
    return {name: count for name, count in counts.items() if count is not None}


def _attempts(prompt: Prompt, history: History, last: Reply) -> int:
    """All attempts at an answer: what was asked again because a run was killed is none."""
    failed = (
        reply.attempts
        for reply in history.failed.get(prompt.id, ())
        if reply.role == last.role and reply is not last
    )
    return last.attempts + sum(failed)


def _judged(mark: Reply) -> Row:
    return {"order": mark.role, "a": _score(mark.a_nano or 0), "b": _score(mark.b_nano or 0)}


def _score(nano: int) -> int | float:
    return nano // NANO if nano % NANO == 0 else nano / NANO
