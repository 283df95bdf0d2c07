"""A request is priced at the tier that served it; the tier it asked for is kept, and where they differ it is counted."""

import json

import pytest

from advisor.report import figures as report_figures
from advisor.report import report
from collector.formats import litellm
from collector.parsing.naming import Naming
from ledger import clock
from ledger.database import Database
from ledger.events import Event
from tests import conftest, ledgers
from tests.collector.formats import captures

pytestmark = pytest.mark.usefixtures("frozen_now")
START = clock.to_us(conftest.NOW) / clock.SECOND_US - 3_600


def request(
    model: str,
    asked: str | None,
    served: str | None,
    prompt: int = 9,
    completion: int = 1,
    **more: object,
) -> Event:
    """What LiteLLM logs of a request that asked for a tier and was served at one."""
    payload = {
        "id": f"chatcmpl-{asked}-{served}-{model}",
        "status": "success",
        "call_type": "acompletion",
        "startTime": START,
        "model": f"openai/{model}",
        "model_group": model,
        "custom_llm_provider": "openai",
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "model_parameters": {"service_tier": asked},
        "response": {"service_tier": served},
        **more,
    }
    found = litellm.parse(json.dumps(payload).encode(), Naming(project="search"))
    assert isinstance(found, Event)
    return found


def reported(database: Database, *requests: Event) -> report_figures.Report:
    """The report of November with these requests."""
    ledgers.add(database, requests)
    ledgers.settle(database)
    with database.snapshot() as session:
        return report.build(session, ledgers.SETTINGS, clock.now_us())


def test_ll_13810_flex_is_priced_as_flex_and_not_as_standard(database: Database) -> None:
    found = reported(database, request("gpt-5-nano", "flex", "flex", 1_000, 1_000))
    standard = 1_000 * 0.05 + 1_000 * 0.40
    assert found.total.cost_usd == f"{standard / 2 / 10**6:.6f}".rstrip("0")
    assert (found.slices[0].names["service_tier"], found.total.tier_mismatch_requests) == (
        "flex",
        0,
    )


def test_ll_31837_what_asked_for_priority_and_was_served_standard_costs_standard_and_is_counted(
    database: Database,
) -> None:
    found = reported(
        database,
        request("gpt-4.1", "priority", "default", 700, 50),
        request("gpt-4.1", None, "default", 700, 50),
    )
    assert found.total.cost_usd == "0.0036"
    assert [each.names["service_tier"] for each in found.slices] == ["standard"]
    assert [
        each.tier_mismatch_requests for each in (found.total, *found.projects, *found.models)
    ] == [1, 1, 1]
    assert any(
        note.startswith("1 request asked for one tier and got another, whose price counts")
        for note in found.notes
    )


def test_ll_37046_a_dated_snapshot_of_gpt_4_1_is_priced_at_priority_when_that_served(
    database: Database,
) -> None:
    found = reported(database, request("gpt-4.1-2025-04-14", "priority", "priority"))
    assert found.total.cost_usd == "0.0000455"


def test_lf_13780_priority_has_its_own_price_and_its_own_line(database: Database) -> None:
    found = reported(
        database, request("gpt-4.1", "priority", "priority"), request("gpt-4.1", None, None)
    )
    by_tier = {each.names["service_tier"]: each.cost_usd for each in found.slices}
    assert by_tier == {"priority": "0.0000455", "standard": "0.000026"}


def test_a_tier_that_the_model_is_not_sold_at_is_unpriced_whatever_was_asked(
    database: Database,
) -> None:
    found = reported(database, request("gpt-4.1", "flex", "flex"), request("gpt-4.1", "flex", None))
    assert (
        found.total.cost_usd,
        found.total.unpriced_tokens,
        found.total.tier_mismatch_requests,
    ) == (None, 20, 0)


def test_tier_mismatches_are_listed_by_what_was_asked_and_what_served(database: Database) -> None:
    found = reported(
        database,
        request("gpt-4.1", "priority", "default", 700, 50),
        request("gpt-4.1-mini", "flex", "default"),
        request("gpt-4.1", "flex", None),
        request("gpt-4.1", "auto", "default"),
        request("gpt-4.1", "fast", "priority"),
    )
    assert found.waste is not None
    assert {
        (each.model, each.asked_tier, each.served_tier): each.cost_usd
        for each in found.waste.other_tier.groups
    } == {
        ("gpt-4.1", "priority", "standard"): "0.0018",
        ("gpt-4.1-mini", "flex", "standard"): "0.0000052",
    }


def test_a_batch_that_was_polled_twice_is_paid_once_at_batch_rates(database: Database) -> None:
    polls = [
        each for each in captures.litellm() if str(each.golden["case"]).startswith("batch-get")
    ]
    parsed = [litellm.parse(each.element, Naming()) for each in polls]
    events = [each for each in parsed if isinstance(each, Event)]
    assert len(events) == 2
    ledgers.add(database, events)
    ledgers.settle(database)
    with database.snapshot() as session:
        month = clock.rfc3339(events[0].occurred_at)[:7]
        found = report.build(session, ledgers.SETTINGS, clock.now_us(), month)
    assert (
        found.total.requests,
        found.total.input_tokens,
        found.slices[0].names["service_tier"],
    ) == (
        1,
        3_000,
        "batch",
    )
    assert found.total.cost_usd == "0.0042"
