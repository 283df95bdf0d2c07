"""What requests may cost before they are sent: expected, and at most. Pure.

Without the tokenizer of each model, input counts one token for four bytes as expected, and one for
each byte at most: no byte-level tokenizer makes more. Output has the limit of the prompt, else an
assumption. After some answers of a model, what they took replaces the bounds, with some room.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from advisor.trial.runs import judging
from advisor.trial.runs.answers import AnswerUsage
from advisor.trial.runs.prompts import Prompt
from advisor.trial.runs.sides import Contender, Pricer

BYTES_PER_TOKEN = 4
ASSUMED_OUTPUT_TOKENS, ASSUMED_REASONING_TOKENS = 1_000, 3_000
"""Of an answer that no limit bounds; a model that can reason adds the second."""
_EXPECTED_PART = 2
"""An answer is expected to take half of its limit."""
_FRAME_TOKENS = 16
"""What the frame of a message adds at most."""
_ENOUGH_ANSWERS = 10
_INPUT_ROOM, _OUTPUT_ROOM = Fraction(5, 4), 2
""""At most" is so many times what an answer took so far."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Femto-USD as expected and at most; None where a price is unknown."""

    expected_femto_usd: int | None
    most_femto_usd: int | None


@dataclass(slots=True)
class Sizes:
    """What the answers of one model took so far: it bounds those to come."""

    answers: int = 0
    longest_output: int = 0
    input_tokens_per_byte: Fraction = Fraction(0)
    """The most of one request."""

    def note(self, input_bytes: int, usage: AnswerUsage) -> None:
        """Learn from an answer."""
        self.answers += 1
        self.longest_output = max(self.longest_output, usage.output_tokens)
        ratio = Fraction(usage.input_tokens, max(1, input_bytes))
        self.input_tokens_per_byte = max(self.input_tokens_per_byte, ratio)

    def most_input_tokens(self, input_bytes: int, messages: int) -> int:
        """The most tokens of input."""
        if self.answers < _ENOUGH_ANSWERS:
            return input_bytes + messages * _FRAME_TOKENS
        return ceil(input_bytes * self.input_tokens_per_byte * _INPUT_ROOM)

    def most_output_tokens(self, limit: int | None, *, can_reason: bool) -> int:
        """The most tokens of an answer, under the limit of its prompt where that has one."""
        longest = self.longest_output * _OUTPUT_ROOM
        if self.answers >= _ENOUGH_ANSWERS:
            return longest if limit is None else min(limit, longest)
        assumed = ASSUMED_OUTPUT_TOKENS + (ASSUMED_REASONING_TOKENS if can_reason else 0)
        return max(assumed, longest) if limit is None else limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """Estimates the calls of a trial. Its sizes grow with the answers."""

    pricer: Pricer
    source: Contender
    target: Contender
    judge: Contender | None
    sizes: dict[str, Sizes] = field(default_factory=dict)
    """What each contender's answers took, by its label."""

    def note(self, contender: Contender, input_bytes: int, usage: AnswerUsage | None) -> None:
        """Learn the size of an answer; `input_bytes` were sent for it."""
        if usage is not None:
            self._sizes(contender).note(input_bytes, usage)

    def answer(self, prompt: Prompt, contender: Contender) -> CostEstimate:
        """What an answer to a prompt costs."""
        return self._estimate(
            contender,
            input_bytes=prompt.input_bytes,
            messages=len(prompt.messages),
            output_limit=prompt.output_limit,
        )

    def mark(self, prompt: Prompt, judge: Contender) -> CostEstimate:
        """What it costs to have both answers judged in one order."""
        answers = sum(
            self._most_output_tokens(side, prompt.output_limit)
            for side in (self.source, self.target)
        )
        return self._estimate(
            judge,
            input_bytes=prompt.input_bytes + len(judging.INSTRUCTION) + answers * BYTES_PER_TOKEN,
            messages=2,
            output_limit=None,
        )

    def prompt(self, prompt: Prompt) -> CostEstimate:
        """What a prompt costs on both models, with its marks."""
        calls = [self.answer(prompt, side) for side in (self.source, self.target)]
        if prompt.rule.grader.is_judge and self.judge is not None:
            calls += [self.mark(prompt, self.judge)] * len(judging.ORDERS)
        return total(calls)

    def _sizes(self, contender: Contender) -> Sizes:
        return self.sizes.setdefault(contender.label, Sizes())

    def _most_output_tokens(self, contender: Contender, limit: int | None) -> int:
        sizes = self._sizes(contender)
        return sizes.most_output_tokens(limit, can_reason=contender.can_reason)

    def _estimate(
        self, contender: Contender, *, input_bytes: int, messages: int, output_limit: int | None
    ) -> CostEstimate:
        sizes = self._sizes(contender)
        most_input = sizes.most_input_tokens(input_bytes, messages)
        most_output = self._most_output_tokens(contender, output_limit)
        expected_input = min(most_input, input_bytes // BYTES_PER_TOKEN + messages * _FRAME_TOKENS)
        expected, most = (
            self.pricer.cost_femto_usd(
                contender, AnswerUsage(input_tokens=sent, output_tokens=written), ""
            )
            for sent, written in (
                (expected_input, most_output // _EXPECTED_PART),
                (most_input, most_output),
            )
        )
        return CostEstimate(expected, most)


def total(estimates: Iterable[CostEstimate]) -> CostEstimate:
    """The sum of estimates; None where one is unknown."""
    expected: int | None = 0
    most: int | None = 0
    for estimate in estimates:
        expected = _sum(expected, estimate.expected_femto_usd)
        most = _sum(most, estimate.most_femto_usd)
    return CostEstimate(expected, most)


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second
