"""How a model is asked, and whether another one answered in its place."""

import pytest

from advisor.trial.runs import sides
from advisor.trial.runs.answers import AnswerUsage
from advisor.trial.runs.sides import Contender, Pricer
from ledger import clock
from ledger.pricing import price_book
from tests import conftest

BOOK = price_book.shipped()
PRICER = Pricer(BOOK, clock.day_of(clock.to_us(conftest.NOW)))
USAGE = AnswerUsage(input_tokens=1_000, output_tokens=100, cached_input_tokens=400)


def contender(model: str, provider: str | None = "openai", **more: object) -> Contender:
    """A model as it is asked."""
    return Contender(
        label=model,
        provider=provider,
        model=model,
        sent_name=model,
        parameters={},
        **more,  # type: ignore[arg-type]  # the fields of the test
    )


@pytest.mark.parametrize(
    ("model", "provider", "answering_name", "is_other"),
    [
        ("gpt-4.1", "openai", "gpt-4.1", False),
        ("gpt-4.1", "openai", "gpt-4.1-2025-04-14", False),
        ("gpt-4.1", "openai", "openai/gpt-4.1-2025-04-14", False),
        ("gpt-4.1", "openai", "our-own-alias", False),
        ("gpt-4.1", "openai", "", False),
        ("gpt-4.1", "openai", "gpt-4.1-mini-2025-04-14", True),
        ("gpt-4.1-mini", "openai", "gpt-4.1", True),
        ("gpt-4.1-mini", "openai", "openai/gpt-4.1", True),
        ("mistral-large-latest", "mistral_ai", "mistral-large-2411", False),
        ("house", None, "gpt-4.1", False),
    ],
)
def test_another_priced_model_is_noticed(
    model: str, provider: str | None, answering_name: str, is_other: bool
) -> None:
    assert sides.is_other_model(BOOK, contender(model, provider), answering_name) is is_other


@pytest.mark.parametrize(
    ("tier_asked", "tier_served", "femto_usd"),
    [
        (None, "", 600 * 2 + 400 * 0.5 + 100 * 8),
        (None, "default", 600 * 2 + 400 * 0.5 + 100 * 8),
        (None, "priority", 600 * 3.5 + 400 * 0.875 + 100 * 14),
        ("priority", "", 600 * 3.5 + 400 * 0.875 + 100 * 14),
        ("priority", "default", 600 * 2 + 400 * 0.5 + 100 * 8),
        (None, "flex", None),
        (None, "warp", None),
    ],
)
def test_an_answer_is_priced_at_the_tier_that_served_it(
    tier_asked: str | None, tier_served: str, femto_usd: float | None
) -> None:
    cost = PRICER.cost_femto_usd(contender("gpt-4.1", service_tier=tier_asked), USAGE, tier_served)
    assert cost == (None if femto_usd is None else int(femto_usd * 10**9))


def test_what_is_unknown_has_no_cost() -> None:
    assert PRICER.cost_femto_usd(contender("gpt-4.1"), None, "") is None
    assert PRICER.cost_femto_usd(contender("house", None), USAGE, "") is None
    assert PRICER.cost_femto_usd(contender("no-such-model"), USAGE, "") is None
