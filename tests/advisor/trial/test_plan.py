"""Plans for a comparison: days and costs worked by hand, and what is assumed."""

import json
from fractions import Fraction

import msgspec
import pytest

from advisor.advice.values import Recommendation
from advisor.switching import factors
from advisor.trial import figures, plan, terms
from advisor.trial.figures import PlanFigure
from advisor.trial.plan import TrialPlan, TrialRates
from advisor.trial.terms import TrialTerms
from ledger import money
from ledger.database import Database
from ledger.errors import NotAllowed, UsageError
from tests import ledgers
from tests.advisor import advised, books
from tests.advisor.evidence import paired_rows
from tests.advisor.publishing.api.test_stages import client_of
from tests.advisor.stages import advised_ledger

pytestmark = pytest.mark.usefixtures("frozen_now")
CELL = books.moved(books.cell(40_000_000, output=10_000_000, requests=20_000))
"""20,000 requests; there they cost 40 x 0.40 + 10 x 1.60 = 32 USD, 0.0016 each."""
ASSUMED = TrialTerms()


def figure(recommendation: Recommendation, trial_terms: TrialTerms = ASSUMED) -> PlanFigure:
    """The figure of a plan."""
    return figures.figure_of(plan.make(recommendation, trial_terms))


def days(trial_plan: TrialPlan) -> list[int | None]:
    """The days of the three splits."""
    return [split.days for split in trial_plan.splits]


def test_days_and_costs_worked_by_hand() -> None:
    """200 pairs; 20,000 requests in 28 days are 714.29 a day.

    1 % of them is 7.14, so 28 days; 5 % takes 6, 20 % takes 2.
    """
    planned = plan.make(advised.recommendation(cells=(CELL,)), terms.parse(judge_usd="0.02"))
    assert (planned.size.pairs, days(planned)) == (200, [28, 6, 2])
    assert planned.cost_femto_usd == money.femto_usd("4.32")
    assert planned.rates.assumed == ("pass_ratio", "discordant_ratio")
    weights = [(split.source_weight, split.target_weight) for split in planned.splits]
    assert weights == [(99, 1), (95, 5), (80, 20)]
    plan_figure = figures.figure_of(planned)
    assert (plan_figure.target_cost_usd, plan_figure.judge_cost_usd, plan_figure.cost_usd) == (
        "0.32",
        "4.00",
        "4.32",
    )
    assert (plan_figure.waiting_month_usd, plan_figure.requests_a_day) == (
        "100.00",
        "714.285714286",
    )


def test_the_output_of_the_target_is_that_of_the_expected_factors() -> None:
    longer = factors.ASSUMED.with_given("phi_out", [Fraction(2), Fraction("1.5"), Fraction(1)])
    plan_figure = figure(advised.recommendation(cells=(CELL,), factors=longer))
    assert plan_figure.target_cost_usd == "0.40"


@pytest.mark.parametrize(
    ("pass_rate", "discordant"),
    [("0.9", "0.10"), ("0.98", "0.04"), ("0.03", "0.06"), ("1", "0.10")],
)
def test_no_more_pairs_are_assumed_to_differ_than_can(pass_rate: str, discordant: str) -> None:
    plan_figure = figure(advised.recommendation(), terms.parse(pass_rate=pass_rate))
    assert (plan_figure.discordant_ratio, plan_figure.assumed) == (
        discordant,
        ("discordant_ratio",),
    )


def test_conversations_of_several_requests_take_as_many_times_longer() -> None:
    ten = TrialTerms(requests_per_conversation=10)
    assert days(plan.make(advised.recommendation(), ten)) == [280, 56, 14]


def test_without_a_price_or_traffic_the_cost_and_days_are_unknown() -> None:
    planned = plan.make(advised.recommendation(low_usd=None, requests=0), ASSUMED)
    assert days(planned) == [None] * 3
    plan_figure = figures.figure_of(planned)
    assert (plan_figure.cost_usd, plan_figure.target_cost_usd) == (None, None)
    assert (plan_figure.waiting_month_usd, plan_figure.requests_a_day) == (None, None)
    assert [split.pairs_a_day for split in plan_figure.splits] == ["0.00"] * 3


def test_a_blocked_move_says_that_a_comparison_changes_nothing() -> None:
    blocked = advised.recommendation(decision="blocked", reason="target_retires")
    assert any("The advice is blocked" in note for note in figure(blocked).notes)
    assert not any("The advice is" in note for note in figure(advised.recommendation()).notes)


def test_a_move_of_tier_alone_has_nothing_to_compare() -> None:
    tier_alone = advised.recommendation(to_model="gpt-4.1", to_service_tier="batch")
    with pytest.raises(NotAllowed, match="keeps the model"):
        plan.make(tier_alone, ASSUMED)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"power": "high"}, "power high: write a number such as 0.1"),
        ({"discordant": "nan"}, "write a number"),
        ({"pass_rate": "0.12345678901"}, "write a number from 0 to 1,000,000 with at most 9"),
        ({"judge_usd": "-1"}, "judge_usd -1: write a number from 0 to"),
        ({"requests_per_conversation": 0}, "a conversation has from 1"),
        ({"rule": "guess"}, "unknown rule"),
    ],
)
def test_terms_that_cannot_be_read_are_refused(texts: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        terms.parse(**texts)  # type: ignore[arg-type]  # a misspelt name fails at once


def test_no_power_is_refused_and_not_taken_for_the_usual_one() -> None:
    with pytest.raises(UsageError, match="0 is no power to plan for; use one from"):
        plan.make(advised.recommendation(), terms.parse(power="0"))


def test_what_an_earlier_comparison_measured_is_not_assumed_and_all_outlets_agree(
    database: Database,
) -> None:
    advised_ledger.fill(database)
    paired_rows.store(database, paired_rows.rows(wrong_on_target=0.1))
    ledgers.settle(database)
    recommendation = advised_ledger.only(database).recommendation
    planned = plan.make(recommendation, ASSUMED)
    assert planned.rates == TrialRates(
        discordant=Fraction("0.1"), pass_rate=Fraction(1), assumed=()
    )
    plan_figure = figures.figure_of(planned)
    path = f"/api/v1/recommendations/{recommendation.id}/trial"
    answer = client_of(database).get(path)
    assert answer.json() == json.loads(msgspec.json.encode(plan_figure))
    refusal = client_of(database).get(f"{path}?power=2")
    assert (refusal.status_code, "no power" in refusal.json()["error"]) == (400, True)


def test_evidence_that_counts_already_is_named_with_its_last_day(database: Database) -> None:
    advised_ledger.fill(database)
    paired_rows.store(database, paired_rows.rows())
    ledgers.settle(database)
    plan_figure = figure(advised_ledger.only(database).recommendation)
    assert "There is evidence already; it counts until 2027-02-20." in plan_figure.notes
