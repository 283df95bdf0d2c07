"""What LiteLLM says a request costs, in captured payloads and in its own tests, beside our figure.

Equal to the last digit of a float, or a named reason stands in the one table of differences.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.advisor import sender_costs
from tests.advisor.sender_costs import PRICED, faults

CASES = sender_costs.every_case()
DIFFERENCES = sender_costs.differences()


def test_a_request_costs_what_litellm_says_or_a_reason_stands_in_the_table() -> None:
    assert faults(CASES, DIFFERENCES) == []


def test_no_difference_that_we_may_be_wrong_about_is_silent() -> None:
    """Where all is priced and the figure is another, each one is named here by hand."""
    priced = {name for name, difference in DIFFERENCES.items() if difference.kind in PRICED}
    assert priced == {
        "bedrock-mantle-gpt-5.6-sol-272000",
        "bedrock-mantle-gpt-5.6-sol-300238",
        "gpt-4o-transcribe",
        "gpt-4o-transcribe-realtime",
        "own-rates-cache-beside-the-input",
        "sonar-deep-research-all",
        "sonar-deep-research-searches",
    }


@pytest.mark.parametrize("name", ["chat-azure-nobase-0.6", "gpt-4o-transcribe", "gpt-5.6-terra"])
def test_a_reason_too_few_too_many_or_no_longer_true_is_found(name: str) -> None:
    cases = {name: CASES[name]}
    table = {name: DIFFERENCES[name]} if name in DIFFERENCES else {}
    assert faults(cases, table) == []
    other = table.get(name) or next(iter(DIFFERENCES.values()))
    assert faults(cases, {name: replace(other, ours=other.ours + 1)})
    assert faults(cases, {"no-such-case": other, **table})
    if table:
        assert faults(cases, {})
        assert faults(cases, {name: replace(other, source="")})
        kind = "no_rate" if other.kind in PRICED else "other_rate"
        assert faults(cases, {name: replace(other, kind=kind)})


def test_the_cases_hold_a_cost_of_every_kind() -> None:
    costs = {name: case.theirs for name, case in CASES.items() if case.agree}
    assert {
        "chat-cached-0.1": Decimal("0.005456"),
        "cache-writes-5m-and-1h": Decimal("0.084204"),
        "gemini-2.5-flash-implicit-cache": Decimal("0.00068708"),
        "gpt-6-astra-fast-300k": Decimal("10.75"),
        "own-rates-geo-us-fast": Decimal("0.1342"),
        "payload-gpt-4o": Decimal("0.000225"),
        "spend-log-gpt-4o": Decimal("0.000225"),
        "vertex-grounding-fee": Decimal("0.035"),
        "video-output": Decimal("0.81181"),
        "whisper-10s": Decimal("0.001"),
    }.items() <= costs.items()
    assert len(costs) > 120


def test_every_case_of_litellm_has_an_address_and_a_day() -> None:
    for case in sender_costs.recorded_cases():
        path, _, commit = case["source"].partition("@")
        assert path.startswith("tests/")
        assert len(commit) == 40
        assert case["at"].endswith("Z")
