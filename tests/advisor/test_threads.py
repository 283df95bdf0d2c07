"""What users of other tools lost money by, each under its thread: a body as LiteLLM sent it, and the report made of it."""

import pytest

from advisor.report import report
from advisor.report.figures import Report
from collector.formats import litellm
from collector.parsing.naming import Naming
from ledger import clock, settings
from ledger.database import Database
from ledger.events import Event
from ledger.outcomes import Outcome
from tests import ledgers
from tests.collector.formats import captures

pytestmark = pytest.mark.usefixtures("frozen_now")


def captured(*cases: str) -> list[Event]:
    """The events of these cases, as they were sent."""
    found = [
        litellm.parse(each.element, Naming())
        for case in cases
        for each in captures.litellm()
        if each.golden["case"] == case
    ]
    return [each for each in found if isinstance(each, Event)]


def reported(database: Database, sent: list[Event]) -> Report:
    """November's report of these events."""
    ledgers.add(database, sent)
    ledgers.settle(database)
    with database.snapshot() as session:
        return report.build(session, settings.Settings(), clock.now_us(), "2026-11")


def test_ll_14849_cached_tokens_are_billed_once_and_at_their_own_rate(database: Database) -> None:
    found = reported(database, captured("chat-cached"))
    assert found.total.cost_usd == "0.005456"  # 904 x 2.00 + 4,096 x 0.50 + 200 x 8.00 USD per MTok
    assert (found.total.input_tokens, found.total.cached_input_tokens) == (5_000, 4_096)


def test_ll_14457_a_stream_that_broke_keeps_its_estimate_apart_and_is_no_advice(
    database: Database,
) -> None:
    found = reported(database, captured("stream-dropmid", "chat-basic"))
    assert found.total.coverage.gaps["estimated"] == "0.50"
    assert found.savings.recommendations[0].decision == "not_enough_data"


def test_ll_37992_a_body_without_usage_is_missing_and_never_guessed(database: Database) -> None:
    found = reported(database, captured("nousage"))
    assert (found.total.requests, found.total.tokens, found.total.cost_usd) == (1, 0, None)
    assert found.total.coverage.gaps["missing"] == "1.00"


def test_ll_13245_a_client_that_is_gone_before_any_token_costs_nothing_and_is_counted(
    database: Database,
) -> None:
    found = reported(database, captured("client-disconnect"))
    assert (found.total.requests, found.total.tokens, found.total.cost_usd) == (1, 0, None)
    assert "missing" not in found.total.coverage.gaps


def test_ll_35358_39980_a_batch_counts_once_however_often_it_is_polled_and_at_its_own_rates(
    database: Database,
) -> None:
    polls = captured("batch-get-1", "batch-get-2")
    assert ledgers.add(database, polls) == [Outcome.ACCEPTED, Outcome.DUPLICATE]
    found = reported(database, [])
    assert (found.total.cost_usd, found.slices[0].names["service_tier"]) == ("0.0042", "batch")


def test_ll_36561_a_model_without_a_price_costs_an_unknown_amount_and_withholds_advice(
    database: Database,
) -> None:
    found = reported(database, captured("unknown-price", "chat-basic"))
    (unknown,) = [each for each in found.models if each.unpriced_tokens]
    assert (unknown.cost_usd, unknown.unpriced_tokens) == (None, 750)
    assert found.total.unpriced_tokens == 750
    assert found.total.coverage.provisional
    assert any("750 tokens have no price" in note for note in found.notes)


@pytest.mark.parametrize(
    "name", ["gpt-4.1-turbo", "gpt-4.1-mini-tuned", "gpt-4.1-2099-13", "my-gpt-4.1"]
)
def test_ll_9833_38730_a_name_that_looks_like_a_priced_one_is_unpriced(
    name: str, database: Database
) -> None:
    found = reported(database, [ledgers.event(label_set=ledgers.labels(model=name))])
    assert (found.total.cost_usd, found.models[0].names["model"]) == (None, name)
