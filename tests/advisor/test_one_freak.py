"""A prompt that does not fit the target stays on the source; it does not rule the slice."""

import random

import pytest

from advisor.advice.figures import RecommendationFigure
from advisor.report import report
from ledger import bands, clock, settings
from ledger.database import Database
from ledger.events import Event
from tests import ledgers
from tests.advisor.test_months_add_up import wipe
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("frozen_now")
WINDOW_TOKENS = 128_000
PAIR = settings.load(pairs="gpt-4.1:gpt-4o-mini")
"""GPT-4.1 takes 1,047,576 tokens, GPT-4o Mini 128,000."""


def requests(sizes: list[int]) -> list[Event]:
    """A request of each size, spread over 28 days."""
    return [
        ledgers.event(
            (clock.day_of(clock.to_us(NOW)) - 1 - number % 28) * clock.DAY_US + number,
            id=str(number),
            label_set=ledgers.labels(model="gpt-4.1", context_band=bands.band_of(size)),
            input_tokens=size,
            output_tokens=500,
        )
        for number, size in enumerate(sizes)
    ]


def advise(database: Database, sizes: list[int]) -> RecommendationFigure:
    ledgers.add(database, requests(sizes))
    ledgers.settle(database, PAIR)
    with database.snapshot() as session:
        built = report.build(session, PAIR, clock.now_us())
    (advice,) = built.savings.recommendations
    return advice


def test_one_request_of_a_million_tokens_takes_nothing_from_the_saving(
    database: Database,
) -> None:
    usual = [20_000] * 2_800
    alone = advise(database, usual)
    # The usual requests are known already, so this adds the freak alone.
    advice = advise(database, [*usual, 1_000_000])
    assert alone.decision == advice.decision == "pilot"
    assert advice.saving_month == alone.saving_month
    assert advice.stuck_requests == {"context_too_small": 1}
    assert advice.stuck_tokens == {"context_too_small": 1_000_500}
    told = " ".join(advice.explanation)
    assert (
        "1 of 2,801 requests, 1,000,500 tokens, stay on gpt-4.1:"
        " their prompts do not fit the target." in told
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_saving_is_that_of_the_requests_that_fit(database: Database, seed: int) -> None:
    """To the digit, as requests are kept apart by the context windows that models have."""
    draws = random.Random(seed)  # noqa: S311  # sizes, no secrets
    sizes = [round(draws.lognormvariate(11, 1)) for _ in range(600)]
    sizes = [min(size, 1_000_000) for size in sizes] + [WINDOW_TOKENS, WINDOW_TOKENS + 1]
    fitting = [size for size in sizes if size <= WINDOW_TOKENS]
    advice = advise(database, sizes)
    assert advice.stuck_requests == {"context_too_small": len(sizes) - len(fitting)}
    stuck_tokens = sum(size + 500 for size in sizes if size > WINDOW_TOKENS)
    assert advice.stuck_tokens == {"context_too_small": stuck_tokens}
    wipe(database)
    assert advise(database, fitting).saving_month == advice.saving_month
