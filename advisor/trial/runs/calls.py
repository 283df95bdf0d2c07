"""One request of a run and the reply that is journalled for it. Pure but for the mark."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from advisor.trial.runs import answers, judging, marking, sides
from advisor.trial.runs.answers import ModelAnswer, OddAnswer
from advisor.trial.runs.endpoint import CallResult
from advisor.trial.runs.estimate import Estimator
from advisor.trial.runs.graders import TooSlow
from advisor.trial.runs.journal import Reply
from advisor.trial.runs.prompts import Prompt
from advisor.trial.runs.sides import Contender, Role
from ledger.pricing import names
from ledger.pricing.prices import PriceBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that is about to be sent, and what it may cost at most in femto-USD."""

    prompt: Prompt
    role: Role
    contender: Contender
    body: dict[str, Any]
    input_bytes: int
    most_femto_usd: int | None


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """The reply to a call, and the text of its answer, which stays in memory; None without one."""

    reply: Reply
    text: str | None


def answer_call(estimator: Estimator, prompt: Prompt, role: Role, contender: Contender) -> Call:
    """The call for a model's answer to a prompt."""
    return Call(
        prompt=prompt,
        role=role,
        contender=contender,
        body=contender.request(list(prompt.messages), prompt.parameters),
        input_bytes=prompt.input_bytes,
        most_femto_usd=estimator.answer(prompt, contender).most_femto_usd,
    )


def judge_call(
    estimator: Estimator,
    prompt: Prompt,
    order: judging.Order,
    *,
    judge: Contender,
    texts: Mapping[str, str],
) -> Call:
    """The call for a judge's marks of both answers, in one order."""
    messages = judging.messages(prompt, order, texts)
    return Call(
        prompt=prompt,
        role=order,
        contender=judge,
        body=judge.request(messages, {}),
        input_bytes=len(msgspec.json.encode(messages)),
        most_femto_usd=estimator.mark(prompt, judge).most_femto_usd,
    )


def outcome_of(call: Call, result: CallResult, book: PriceBook) -> CallOutcome:
    """What a call came to, marked by the rule of its prompt or with the marks of the judge."""
    answer, failure = _read(result)
    reply = Reply(
        id=call.prompt.id,
        role=call.role,
        failure=failure,
        is_final=result.is_final if result.failure else True,
        attempts=max(1, result.attempts.total),
        unclear_attempts=result.attempts.unclear,
        latency_ms=result.latency_ms,
        usage=answer.usage if answer else answers.usage_of(result.content),
        is_answered=not result.failure,
        model=_snapshot(call.contender, answer.model) if answer else "",
        service_tier=answer.service_tier if answer else "",
        finish=answer.finish if answer else "",
    )
    if answer is None:
        return CallOutcome(reply, None)
    marks = _marks(call, answer, book)
    text = None if "failure" in marks else answer.text
    return CallOutcome(msgspec.structs.replace(reply, **marks), text)


def cost_femto_usd(estimator: Estimator, contender: Contender, reply: Reply) -> int | None:
    """What a reply cost; 0 where nothing was answered, None where the cost is unknown."""
    if not reply.is_answered:
        return 0
    return estimator.pricer.cost_femto_usd(contender, reply.usage, reply.service_tier)


def unclear_femto_usd(reply: Reply, cost: int | None, most_femto_usd: int | None) -> int:
    """What unclear attempts at a reply, and an answer of unknown cost, may have cost at most."""
    unclear_calls = reply.unclear_attempts + (cost is None)
    return unclear_calls * (most_femto_usd or 0)


def _read(result: CallResult) -> tuple[ModelAnswer | None, str]:
    if result.failure:
        return None, result.failure
    try:
        return answers.parse(result.content), ""
    except OddAnswer as odd:
        return None, odd.reason


def _snapshot(contender: Contender, name: str) -> str:
    """The name of a snapshot of the model that was asked; nothing of what else it may say."""
    bare_name = name.rpartition("/")[2]
    return bare_name if names.is_snapshot_of(bare_name, contender.model) else ""


def _marks(call: Call, answer: ModelAnswer, book: PriceBook) -> Mapping[str, Any]:
    """The marks, or the failure in their place; nothing of an answer that is still to be judged."""
    role = call.role
    if role == "ab" or role == "ba":
        marks = judging.parse_marks(answer.text, role)
        if marks is None:
            return {"failure": "unreadable_mark"}
        return {"a_nano": marks.a_nano, "b_nano": marks.b_nano}
    if sides.is_other_model(book, call.contender, answer.model):
        return {"failure": "other_model"}
    if call.prompt.rule.grader.is_judge:
        is_short = len(answer.text) <= judging.MOST_CHARACTERS
        return {} if is_short else {"failure": "too_long_to_judge"}
    try:
        return {f"{role}_nano": marking.mark(call.prompt.rule, answer.text)}
    except TooSlow:
        return {"failure": "slow_grader"}
