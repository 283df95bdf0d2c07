"""The run of a trial: prompts to both models, a few at once, each reply journalled as it comes.

A prompt is one unit. It begins if the budget holds all that it may cost, and its calls follow one
another, so at most as many requests are in flight as prompts are.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from advisor.trial.runs import calls, judging
from advisor.trial.runs.budget import TrialBudget
from advisor.trial.runs.calls import Call
from advisor.trial.runs.endpoint import Endpoint
from advisor.trial.runs.estimate import Estimator
from advisor.trial.runs.journal import Journal, Reply, Sent
from advisor.trial.runs.prompts import Prompt
from advisor.trial.runs.sides import Contender, Role

End = Literal["complete", "budget", "stopped", "failing"]
_MOST_FAILURES_IN_A_ROW = 5
"""After so many without a success of that model between, the run ends: it would go on failing."""
_PASSES = 2
Progress = Callable[[int, int], None]


def _ignore(finished: int, total: int) -> None:
    """Show no progress."""


@dataclass(slots=True, kw_only=True)
class TrialRun:
    """What a run works with, and how far it has come."""

    prompts: Sequence[Prompt]
    estimator: Estimator
    budget: TrialBudget
    journal: Journal
    concurrency: int
    progress: Progress = _ignore
    stopping: bool = False
    """Set from outside: prompts that have begun are finished, no other begins."""
    end: End = "complete"
    needed_femto_usd: int = 0
    """What the prompt may cost that the budget did not hold any more."""
    trouble: str = ""
    """The model and reason of the failure that ended the run."""
    _endpoint: Endpoint | None = None
    _texts: dict[str, dict[str, str]] = field(default_factory=dict)
    """By prompt, both answers that still wait for a mark. They are never stored."""
    _failures: dict[str, int] = field(default_factory=dict)
    _finished: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _stop_waiting: asyncio.Future[None] | None = None

    @property
    def contenders(self) -> dict[str, Contender]:
        """The two models by side."""
        return {"a": self.estimator.source, "b": self.estimator.target}

    @property
    def open_prompts(self) -> list[Prompt]:
        """The prompts of which something is still to be sent."""
        return [prompt for prompt in self.prompts if self._is_open(prompt)]

    def recall(self) -> None:
        """Count what the journal says was paid for before."""
        input_bytes = {prompt.id: prompt.input_bytes for prompt in self.prompts}
        for reply, most_femto_usd in self.journal.history.replies:
            self._settle(reply, most_femto_usd)
            contender = self.contenders.get(reply.role)
            if contender is not None and reply.id in input_bytes:
                self.estimator.note(contender, input_bytes[reply.id], reply.usage)
        for sent in self.journal.history.lost:
            self.budget.settle(None, sent.most_femto_usd or 0)

    async def execute(self, endpoint: Endpoint) -> None:
        """Send what is not answered yet, until all is, the budget is used up, or it is stopped."""
        self._endpoint = endpoint
        # What failed in passing is asked once more at the end.
        for _ in range(_PASSES):
            open_prompts = self.open_prompts
            self._report(len(self.prompts) - len(open_prompts))
            await self._pass(iter(open_prompts))
            if self._is_over():
                return
        self.journal.finish()

    async def _pass(self, waiting: Iterator[Prompt]) -> None:
        # The first prompt goes alone: what fails for all fails once.
        await self._work(waiting, most_prompts=1)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.concurrency):
                    group.create_task(self._work(waiting))
        except ExceptionGroup as errors:
            # The first one ended the others; it is the one to tell of.
            raise errors.exceptions[0] from errors

    def stop(self) -> None:
        """Let the prompts that have begun come to an end, and begin no other."""
        self.stopping = True
        self.end = "stopped" if self.end == "complete" else self.end
        self._stop_waiting = asyncio.ensure_future(self._notify())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _report(self, finished: int) -> None:
        self._finished = finished
        self.progress(finished, len(self.prompts))

    def _is_open(self, prompt: Prompt) -> bool:
        """Whether a call of a prompt is missing, and its pair can still come about."""
        last = self.journal.history.last
        replies = [last.get((prompt.id, role)) for role in _roles(prompt)]
        if any(reply is not None and reply.failure and reply.is_final for reply in replies):
            return False
        return any(reply is None or reply.failure for reply in replies)

    def _needs(self, prompt: Prompt, role: Role) -> bool:
        reply = self.journal.history.last.get((prompt.id, role))
        return reply is None or bool(reply.failure)

    async def _work(self, waiting: Iterator[Prompt], most_prompts: int | None = None) -> None:
        count = 0
        while (most_prompts is None or count < most_prompts) and not self._is_over():
            prompt = next(waiting, None)
            if prompt is None:
                return
            count += 1
            reserved_femto_usd = await self._reserve(prompt)
            if reserved_femto_usd is None:
                return
            try:
                await self._ask(prompt)
            finally:
                self.budget.release(reserved_femto_usd)
                await self._notify()
            if not self._is_over() or not self._is_open(prompt):
                self._report(self._finished + 1)

    def _is_over(self) -> bool:
        return self.stopping or self.end != "complete"

    async def _reserve(self, prompt: Prompt) -> int | None:
        """Reserve what a prompt may cost, once it fits: the amount in femto-USD.

        None where the run is over, or nothing in flight can make room any more.
        """
        async with self._changed:
            while not self._is_over():
                # Anew each time, as the estimate learns from the answers that come meanwhile.
                estimate = self.estimator.prompt(prompt).most_femto_usd or 0
                if self.budget.fits(estimate):
                    self.budget.reserve(estimate)
                    return estimate
                if not self.budget.reserved_femto_usd:
                    self.needed_femto_usd, self.end = estimate, "budget"
                    return None
                await self._changed.wait()
        return None

    async def _ask(self, prompt: Prompt) -> None:
        """Both answers of a prompt, and their marks."""
        judge = self.estimator.judge if prompt.rule.grader.is_judge else None
        if judge is None:
            await self._answers(prompt)
            return
        # A judge needs both texts, and no journal holds them: with them lost, all is asked anew.
        remembered = self._texts.pop(prompt.id, None)
        texts = remembered or await self._answers(prompt, anew=True)
        if texts is None:
            return
        for order in judging.ORDERS:
            if self.end == "failing":
                return
            if remembered is None or self._needs(prompt, order):
                call = calls.judge_call(self.estimator, prompt, order, judge=judge, texts=texts)
                await self._perform(call)
        if self._is_open(prompt):
            self._texts[prompt.id] = texts

    async def _answers(self, prompt: Prompt, *, anew: bool = False) -> dict[str, str] | None:
        """The texts of both answers, where both were asked for and came."""
        texts: dict[str, str] = {}
        for side, contender in self.contenders.items():
            role: Role = "a" if side == "a" else "b"
            if not anew and not self._needs(prompt, role):
                continue
            text = await self._perform(calls.answer_call(self.estimator, prompt, role, contender))
            if text is None or self.end == "failing" or (self.stopping and not anew):
                return None
            texts[side] = text
        return texts

    async def _perform(self, call: Call) -> str | None:
        """Send a call and journal its reply; the text of the answer, None where there is none."""
        if self._endpoint is None:
            raise RuntimeError("a run is executed with an endpoint")
        self.journal.append(
            Sent(id=call.prompt.id, role=call.role, most_femto_usd=call.most_femto_usd),
            synced=False,
        )
        result = await self._endpoint.complete(call.body, self._key(call))
        outcome = calls.outcome_of(call, result, self.estimator.pricer.book)
        reply, contender = outcome.reply, call.contender
        self.journal.record(reply, call.most_femto_usd)
        self.estimator.note(contender, call.input_bytes, reply.usage)
        self._settle(reply, call.most_femto_usd)
        failures = self._failures.get(contender.label, 0) + 1 if reply.failure else 0
        self._failures[contender.label] = failures
        if result.stops_run or failures >= _MOST_FAILURES_IN_A_ROW:
            self.end, self.trouble = "failing", f"{contender.label}: {reply.failure}"
        return outcome.text

    def _settle(self, reply: Reply, most_femto_usd: int | None) -> None:
        contender = self._contender(reply.role)
        if contender is not None:
            cost = calls.cost_femto_usd(self.estimator, contender, reply)
            self.budget.settle(cost, calls.unclear_femto_usd(reply, cost, most_femto_usd))

    def _contender(self, role: Role) -> Contender | None:
        return self.contenders.get(role, self.estimator.judge)

    def _key(self, call: Call) -> str:
        """The same for a request whose reply was lost: an endpoint that heeds it bills it once."""
        history = self.journal.history
        started_at = history.terms.started_at if history.terms else 0
        earlier = history.counts[call.prompt.id, call.role]
        name = f"{started_at}\n{earlier}\n{call.role}\n{call.prompt.id}".encode()
        return f"switchwise-{blake2b(name, digest_size=16).hexdigest()}"


def _roles(prompt: Prompt) -> tuple[Role, ...]:
    return ("a", "b", *judging.ORDERS) if prompt.rule.grader.is_judge else ("a", "b")
