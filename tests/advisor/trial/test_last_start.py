"""The last day on which a trial can start and still end before the source shuts down."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.trial import last_start, plan
from advisor.trial.terms import TrialTerms
from tests.advisor import advised


def test_a_trial_of_200_pairs_on_a_fifth_of_20000_requests_in_28_days_takes_two_days() -> None:
    """143 pairs a day; the source ends 52 days after the day of the advice."""
    start = last_start.find_last_start(advised.recommendation())
    assert start is not None
    assert (start.pairs, start.days) == (200, 2)
    assert start.day == advised.AS_OF_DAY + 50


@pytest.mark.parametrize(
    "changed",
    [
        {"source_shutdown_day": None},
        {"source_shutdown_day": advised.AS_OF_DAY},
        {"decision": "switch_now"},
        {"decision": "blocked", "reason": "target_retires"},
        {"to_model": "gpt-4.1", "to_service_tier": "batch"},
        {"requests": 0},
    ],
)
def test_where_no_trial_is_needed_or_can_be_made_there_is_no_day(
    changed: dict[str, Any],
) -> None:
    assert last_start.find_last_start(advised.recommendation(**changed)) is None


@given(days_left=st.integers(1, 400), requests=st.integers(1, 10**7))
def test_a_trial_that_starts_on_the_day_ends_before_the_shutdown_and_no_later_one_does(
    days_left: int, requests: int
) -> None:
    shutdown_day = advised.AS_OF_DAY + days_left
    recommendation = advised.recommendation(source_shutdown_day=shutdown_day, requests=requests)
    start = last_start.find_last_start(recommendation)
    assert start is not None
    shortest = plan.make(recommendation, TrialTerms()).splits[-1]
    assert shortest.pairs_a_day is not None
    assert start.day + start.days == shutdown_day
    assert shortest.pairs_a_day * start.days >= start.pairs
    assert shortest.pairs_a_day * (start.days - 1) < start.pairs
