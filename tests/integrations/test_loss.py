"""What reached our callback reaches the ledger; the harness sees what `generic_api` loses."""

import pytest

from tests.integrations import loss
from tests.integrations.loss import Site

pytestmark = pytest.mark.full


def test_ll_29292_no_spend_is_dropped_while_collectors_fail_and_proxies_are_killed() -> None:
    with Site() as site:
        outcomes = list(loss.with_callback(site))
    assert sum(outcome.answered for outcome in outcomes) >= 2_000
    # LiteLLM answers its client first and calls back a moment later. If it is killed in between,
    # nothing else knows of the request.
    assert [outcome for outcome in outcomes if outcome.lost > outcome.unsettled] == []
    assert [
        outcome
        for outcome in outcomes
        if outcome.unsettled and "killed under load" not in outcome.name
    ] == []


def test_the_harness_sees_that_generic_api_loses_events() -> None:
    with Site() as site:
        assert any(outcome.lost for outcome in loss.with_generic_api(site))
