"""What requests may cost: bounded by bytes and limits at first, by what answers took later."""

import json
from fractions import Fraction

import pytest

from advisor.trial.runs import prompts
from advisor.trial.runs.answers import AnswerUsage
from advisor.trial.runs.estimate import CostEstimate, Estimator
from advisor.trial.runs.graders import Grader
from advisor.trial.runs.prompts import Prompt
from advisor.trial.runs.sides import Contender, Pricer
from ledger import clock
from ledger.pricing import price_book
from tests import conftest

TODAY = clock.day_of(clock.to_us(conftest.NOW))


def contender(model: str, can_reason: bool = False) -> Contender:
    """A model of OpenAI's."""
    return Contender(
        label=model,
        provider="openai",
        model=model,
        sent_name=model,
        can_reason=can_reason,
        parameters={},
    )


SOURCE, TARGET = contender("gpt-4.1"), contender("gpt-5-mini", can_reason=True)


def estimator() -> Estimator:
    """An estimator at the shipped prices."""
    return Estimator(
        pricer=Pricer(price_book.shipped(), TODAY), source=SOURCE, target=TARGET, judge=SOURCE
    )


def prompt(text: str, **more: object) -> Prompt:
    """One prompt."""
    line = json.dumps({"id": "q", "prompt": text, "expected": "x", **more}).encode()
    (parsed,) = prompts.parse(line, "p.jsonl", Grader())
    return parsed


def usd(amount: int | None) -> Fraction:
    """Femto-USD as USD."""
    assert amount is not None
    return Fraction(amount, 10**15)


@pytest.mark.parametrize(
    "text", ["word " * 100, "\u4f60\u597d" * 50, "{}()[];" * 40, "\U0001f600" * 30]
)
def test_no_tokenizer_makes_more_input_than_the_most(text: str) -> None:
    short = prompt(text, parameters={"max_tokens": 1})
    most = usd(estimator().answer(short, SOURCE).most_femto_usd)
    assert most >= Fraction(len(text.encode()) * 2 + 8, 10**6)


def test_output_has_its_limit_and_without_one_an_assumption() -> None:
    short = {"expected": "x"}
    limited = estimator().answer(prompt("a", parameters={"max_tokens": 7}, **short), SOURCE)
    open_end = estimator().answer(prompt("a", **short), SOURCE)
    difference = usd(open_end.most_femto_usd) - usd(limited.most_femto_usd)
    fewer_bytes = Fraction(len(b'{"max_tokens":7}') - len(b"{}"), 10**6) * 2
    assert difference == Fraction(8 * (1_000 - 7), 10**6) - fewer_bytes
    reasoning = estimator().answer(prompt("a"), TARGET)
    assert usd(reasoning.most_femto_usd) >= Fraction(4_000 * 2, 10**6)


def test_ten_answers_replace_the_bounds_with_some_room() -> None:
    guess, case = estimator(), prompt("a" * 400)
    for _ in range(10):
        guess.note(SOURCE, case.input_bytes, AnswerUsage(input_tokens=100, output_tokens=20))
    assert usd(guess.answer(case, SOURCE).most_femto_usd) == Fraction(125 * 2 + 40 * 8, 10**6)
    assert guess.answer(case, TARGET) == estimator().answer(case, TARGET)


def test_a_judged_prompt_costs_both_answers_and_two_marks() -> None:
    guess = estimator()
    plain, judged = prompt("a"), prompt("a", grader="judge")
    both = guess.prompt(plain).most_femto_usd
    mark = guess.mark(judged, SOURCE).most_femto_usd
    assert both is not None
    assert mark is not None
    assert guess.prompt(judged).most_femto_usd == both + 2 * mark


def test_without_a_price_the_estimate_is_unknown() -> None:
    unpriced = Contender(
        label="house", provider=None, model="house", sent_name="house", parameters={}
    )
    assert estimator().answer(prompt("a"), unpriced) == CostEstimate(None, None)
