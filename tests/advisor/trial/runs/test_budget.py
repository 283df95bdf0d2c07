"""The budget of a run: only what requests in flight take beyond their estimate can exceed it."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from advisor.trial.runs.budget import TrialBudget

AMOUNTS = st.integers(0, 1_000)


@given(st.integers(0, 10_000), st.lists(st.tuples(AMOUNTS, AMOUNTS)), st.integers(1, 8))
def test_a_budget_is_exceeded_by_the_surprises_in_flight_alone(
    limit: int, prompts: Sequence[tuple[int, int]], concurrency: int
) -> None:
    budget = TrialBudget(limit_femto_usd=limit)
    in_flight: list[tuple[int, int]] = []
    for estimate, cost in prompts:
        while in_flight and (len(in_flight) == concurrency or not budget.fits(estimate)):
            end(budget, *in_flight.pop(0))
        if not budget.fits(estimate):
            break
        budget.reserve(estimate)
        in_flight.append((estimate, cost))
        surprises = sum(max(0, taken - reserved) for reserved, taken in in_flight)
        worst = budget.spent_femto_usd + sum(taken for _, taken in in_flight)
        assert worst <= limit + surprises
    for estimate, cost in in_flight:
        end(budget, estimate, cost)
    assert budget.reserved_femto_usd == 0


def end(budget: TrialBudget, estimate: int, cost: int) -> None:
    """A prompt comes to its end."""
    budget.settle(cost, 0)
    budget.release(estimate)


def test_what_may_have_been_billed_counts_and_without_a_limit_all_fits() -> None:
    budget = TrialBudget(limit_femto_usd=10)
    budget.settle(None, 7)
    assert (budget.spent_femto_usd, budget.fits(3), budget.fits(4)) == (0, True, False)
    assert TrialBudget(limit_femto_usd=None).fits(10**30)
