"""What stays on the source by plan is no escalation: held against a truth that is simulated."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.stages import realisation
from advisor.stages.adoption_traffic import AdoptionTally
from advisor.stages.realisation import Behaviour, Saving, Spend
from ledger import money
from ledger.database import Database
from tests.advisor.stages import test_measuring
from tests.advisor.stages.advised_ledger import change, fill

pytestmark = pytest.mark.usefixtures("frozen_now")
A, B = Fraction(5), Fraction(1)
"""What a request costs on source and target."""
WORST_ESCALATION = Fraction(1, 4)


def savings(
    requests: int, share: Fraction, escalation: Fraction, sigma: Fraction
) -> tuple[Fraction, dict[str, Saving | None]]:
    """The true saving of a move of a share, and what each method says of the same traffic."""
    moved = requests * share
    escalated = moved * escalation
    on_source = Spend(requests - moved + escalated, (requests - moved + escalated * sigma) * A)
    on_target = Spend(moved, moved * B)
    tally = AdoptionTally(
        first_attempts={"source": on_source.requests, "target": moved},  # type: ignore[dict-item]  # parts of requests keep the truth exact
        cost_femto_usd={"source": on_source.cost_femto_usd, "target": on_target.cost_femto_usd},  # type: ignore[dict-item]  # as above
    )
    at = Behaviour(escalation_rate=WORST_ESCALATION, sigma=sigma, share=share)
    spend = tally.spend(at)
    control = Spend(Fraction(100), 100 * A)
    truth = requests * A - on_source.cost_femto_usd - on_target.cost_femto_usd
    cost = at.escalated_cost(on_source, moved)
    return truth, {
        "hold_out": realisation.hold_out(control, spend),
        "before_after": realisation.before_after(Spend(Fraction(requests), requests * A), spend),
        "repricing": realisation.repricing(moved * A, on_target, cost, at),
    }


@given(
    requests=st.integers(100, 10**6),
    share=st.fractions(Fraction(1, 20), 1, max_denominator=100),
    escalation=st.fractions(0, WORST_ESCALATION, max_denominator=100),
    sigma=st.fractions(1, 2, max_denominator=10),
)
def test_each_method_tells_the_truth_whatever_share_stays(
    requests: int, share: Fraction, escalation: Fraction, sigma: Fraction
) -> None:
    truth, by_method = savings(requests, share, escalation, sigma)
    assert {name: saving and saving.saving_femto_usd for name, saving in by_method.items()} == (
        dict.fromkeys(realisation.METHODS, truth)
    )


@given(
    share=st.fractions(Fraction(1, 20), 1, max_denominator=100),
    moved=st.fractions(Fraction(1, 20), 1, max_denominator=100),
)
def test_less_moved_than_planned_is_claimed_no_higher_than_it_is(
    share: Fraction, moved: Fraction
) -> None:
    """What stays beyond the plan counts as escalated, up to the worst: too little is claimed."""
    requests, at = 1_000, Behaviour(escalation_rate=WORST_ESCALATION, share=share)
    on_target = requests * min(share, moved)
    answered = at.answered(requests - on_target, on_target)
    assert on_target <= answered <= requests


def test_a_quarter_that_stays_by_hand(database: Database) -> None:
    recommendation_id = fill(database).recommendation.id
    change(database, recommendation_id, "claim", share="0.75")
    change(database, recommendation_id, "pilot")
    change(database, recommendation_id, "adopt", hold_out="control")
    served = [
        *test_measuring.after(3, 36),
        *test_measuring.after(3, 12, "gpt-4.1"),
        *test_measuring.after(3, 4, "gpt-4.1", workload="control"),
    ]
    so_far = test_measuring.settled(database, served, 4)
    truth = 3 * 36 * (test_measuring.A - test_measuring.B)
    assert test_measuring.saving(so_far, "before_after") == truth
    assert test_measuring.saving(so_far, "hold_out") == truth
    measured = test_measuring.of(so_far, "before_after")
    (move,) = [move for move in so_far.moves if move.realised]
    assert move.due_expected_usd is not None
    assert measured.realisation_ratio == money.ratio_text(
        Fraction(truth) / Fraction(move.due_expected_usd)
    )
    assert measured.net_usd == measured.saving_usd  # the move was to cost nothing
    assert so_far.realisation_ratio["before_after"] == measured.realisation_ratio
    # Repricing allows for the repeats that were expected: 2 % of the work.
    assert Decimal("0.97") * truth < test_measuring.saving(so_far, "repricing") < truth
