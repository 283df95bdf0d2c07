"""What LiteLLM said a captured request cost, beside what we make of the same body: equal, or the test's name says why not."""

import json
from dataclasses import dataclass
from decimal import Decimal

import pytest

from advisor.months import statements
from collector.formats import litellm
from collector.parsing.naming import Naming
from ledger import clock, usage
from ledger.events import Event
from ledger.pricing import names, price_book, prices
from ledger.readings import StoredSeries
from tests.collector.formats import captures
from tests.collector.formats.captures import Captured

USAGE = {
    captured.name: captured for captured in captures.litellm() if captured.golden["kind"] == "usage"
}
DIFFER = {"chat-azure-nobase-0.6", "unknown-price-2.5", "audio-in-8.2"}


@dataclass(frozen=True, slots=True)
class Costs:
    """One request's cost, ours and LiteLLM's, in USD."""

    ours: Decimal
    unpriced_tokens: int
    theirs: Decimal


def costs(captured: Captured) -> Costs:
    """Ours as a statement prices it: billable tokens, the tier served, the band of the request, the day of its start."""
    event = litellm.parse(captured.element, Naming())
    assert isinstance(event, Event)
    book = price_book.shipped()
    pricing = statements.Pricing({1: StoredSeries(1, event.labels, False)}, book, names.Names(book))
    price = pricing.resolve(1, clock.day_of(event.occurred_at)).price
    cost = prices.cost(usage.token_counts(usage.amounts_of(event)), price.rates if price else None)
    said = json.loads(captured.element, parse_float=Decimal)["response_cost"]
    return Costs(Decimal(cost.femto_usd).scaleb(-15), cost.unpriced_tokens, Decimal(said or 0))


@pytest.mark.parametrize("name", sorted(USAGE.keys() - DIFFER))
def test_a_captured_request_costs_what_litellm_said_to_the_last_digit_that_its_float_kept(
    name: str,
) -> None:
    found = costs(USAGE[name])
    assert found.unpriced_tokens == 0
    assert abs(found.ours - found.theirs) <= found.ours * Decimal("1e-15")


def test_the_captures_hold_a_cost_of_every_kind() -> None:
    kinds = {(str(each.golden["case"]), costs(each).theirs) for each in USAGE.values()}
    assert {
        ("chat-cached", Decimal("0.005456")),
        ("chat-priority", Decimal("0.00315")),
        ("chat-flex", Decimal("0.000495")),
        ("batch-get-1", Decimal("0.0042")),
        ("claude-openai", Decimal("0.004275")),
        ("cache-hit", Decimal(0)),
    } <= kinds
    assert len(kinds) > 30


def test_litellm_19019_an_azure_deployment_without_base_model_is_unpriced_until_an_alias_says_what_it_is() -> (
    None
):
    """LiteLLM knew the model from its own configuration (0.0018 is right); what it logged does not say it."""
    assert costs(USAGE["chat-azure-nobase-0.6"]) == Costs(Decimal(0), 750, Decimal("0.0018"))


def test_litellm_36561_a_model_that_litellm_cannot_price_is_unpriced_here_where_litellm_says_0() -> (
    None
):
    assert costs(USAGE["unknown-price-2.5"]) == Costs(Decimal(0), 750, Decimal(0))


def test_audio_on_gpt_4_1_which_has_no_audio_rate_is_unpriced_where_litellm_takes_the_text_rate() -> (
    None
):
    found = costs(USAGE["audio-in-8.2"])
    assert (found.ours, found.unpriced_tokens) == (Decimal("0.0012"), 300)
    assert found.theirs.quantize(Decimal("1e-9")) == found.ours + 300 * Decimal("0.000002")
