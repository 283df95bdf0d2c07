"""Plans for a comparison: their days and costs by hand, what is assumed, and weights that LiteLLM takes."""

import json
import subprocess
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import factors
from advisor.trial import plan, routing
from advisor.trial.plan import Asked
from advisor.trial.routing import Deployment
from ledger.database import Database
from ledger.errors import NotAllowed, UsageError
from tests import ledgers
from tests.advisor import advised, books
from tests.advisor.evidence import paired_rows
from tests.advisor.publishing.api.test_stages import client_of
from tests.advisor.stages import advised_ledger
from tests.integrations import proxy

pytestmark = pytest.mark.usefixtures("frozen_now")
CELL = books.moved(books.cell(40_000_000, output=10_000_000, requests=20_000))
"""20,000 requests; there they cost 40 x 0.40 + 10 x 1.60 = 32 USD, 0.0016 each."""


def test_days_and_costs_worked_by_hand() -> None:
    """200 pairs; 20,000 requests in 28 days are 714.29 a day, 1 % of them 7.14: 28 days, 5 %: 6, 20 %: 2."""
    found = plan.of(advised.recommendation(cells=(CELL,)), Asked(judge_usd="0.02"))
    assert (found.pairs, [each.days for each in found.splits]) == (200, [28, 6, 2])
    assert (found.target_cost_usd, found.judge_cost_usd, found.cost_usd) == ("0.32", "4.00", "4.32")
    assert (found.waiting_month_usd, found.assumed) == (
        "100.00",
        ("pass_ratio", "discordant_ratio"),
    )
    assert [(each.source_weight, each.target_weight) for each in found.splits] == [
        (99, 1),
        (95, 5),
        (80, 20),
    ]


def test_the_output_of_the_target_is_that_of_the_point_factors() -> None:
    longer = factors.ASSUMED.with_given("phi_out", [Fraction(2), Fraction("1.5"), Fraction(1)])
    found = plan.of(advised.recommendation(cells=(CELL,), factors=longer), Asked())
    assert found.target_cost_usd == "0.40"


@pytest.mark.parametrize(
    ("pass_rate", "discordant"),
    [("0.9", "0.10"), ("0.98", "0.04"), ("0.03", "0.06"), ("1", "0.10")],
)
def test_no_more_pairs_are_assumed_to_differ_than_can(pass_rate: str, discordant: str) -> None:
    found = plan.of(advised.recommendation(), Asked(pass_rate=pass_rate))
    assert (found.discordant_ratio, found.assumed) == (discordant, ("discordant_ratio",))


def test_conversations_of_several_requests_take_as_many_times_longer() -> None:
    found = plan.of(advised.recommendation(), Asked(requests_per_conversation=10))
    assert [each.days for each in found.splits] == [280, 56, 14]


def test_without_a_price_or_traffic_the_cost_and_days_are_unknown() -> None:
    found = plan.of(advised.recommendation(low_usd=None, requests=0), Asked())
    assert (
        found.cost_usd,
        found.target_cost_usd,
        found.waiting_month_usd,
        found.requests_a_day,
    ) == (None,) * 4
    assert [each.days for each in found.splits] == [None] * 3


def test_a_blocked_move_says_that_a_comparison_changes_nothing() -> None:
    found = plan.of(advised.recommendation(decision="blocked", reason="target_retires"), Asked())
    assert any("The advice is blocked" in note for note in found.notes)


def test_a_move_of_tier_alone_has_nothing_to_compare() -> None:
    with pytest.raises(NotAllowed, match="keeps the model"):
        plan.of(advised.recommendation(to_model="gpt-4.1", to_service_tier="batch"), Asked())


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked(power="high"), "power: 'high' is not a number"),
        (Asked(discordant="nan"), "is not a number|out of range"),
        (Asked(pass_rate="0.12345678901"), "out of range"),
        (Asked(judge_usd="-1"), "out of range"),
        (Asked(requests_per_conversation=0), "a conversation has from 1"),
        (Asked(rule="guess"), "unknown rule"),
    ],
)
def test_what_cannot_be_read_is_refused(asked: Asked, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        plan.of(advised.recommendation(), asked)


def test_what_an_earlier_comparison_measured_is_not_assumed_and_all_faces_agree(
    database: Database,
) -> None:
    recommendation = advised_ledger.fill(database)
    paired_rows.store(database, paired_rows.rows(wrong_on_target=0.1))
    ledgers.settle(database)
    stored = advised_ledger.only(database).recommendation
    found = plan.of(stored, Asked())
    assert (found.assumed, found.pass_ratio, found.discordant_ratio) == ((), "1.00", "0.10")
    answered = client_of(database).get(
        f"/api/v1/recommendations/{recommendation.recommendation.id}/trial"
    )
    assert answered.json() == json.loads(msgspec.json.encode(found))
    refused = client_of(database).get(
        f"/api/v1/recommendations/{recommendation.recommendation.id}/trial?power=2"
    )
    assert (refused.status_code, "no power" in refused.json()["error"]) == (400, True)


@given(st.fractions(Fraction(1, 1_000), Fraction(999, 1_000)))
def test_weights_split_exactly(share: Fraction) -> None:
    source, target = routing.weights(share)
    assert Fraction(target, source + target) == share


def test_the_model_list_is_yaml_whatever_the_names() -> None:
    awkward = 'ft:gpt-4.1:"x": {a}'
    text = routing.model_list(
        Deployment("openai", awkward), Deployment("openai", "gpt-4.1-mini", "flex"), Fraction(1, 20)
    )
    first, second = yaml.safe_load(text)["model_list"]
    assert (first["model_name"], first["litellm_params"]["model"]) == (awkward, f"openai/{awkward}")
    assert second["model_name"] == awkward
    assert second["litellm_params"] == {
        "model": "openai/gpt-4.1-mini",
        "api_key": "os.environ/OPENAI_API_KEY",
        "weight": 5,
        "service_tier": "flex",
    }


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("azure.ai.openai", "azure/YOUR-DEPLOYMENT"),
        ("house", "PROVIDER/gpt-4.1"),
        ("x_ai", "xai/gpt-4.1"),
    ],
)
def test_what_only_the_owner_knows_is_left_to_fill_in(provider: str, model: str) -> None:
    text = routing.model_list(
        Deployment(provider, "gpt-4.1"), Deployment(provider, "gpt-4.1"), Fraction(1, 5)
    )
    assert {each["litellm_params"]["model"] for each in yaml.safe_load(text)["model_list"]} == {
        model
    }


SPLITS = """
import collections, json, sys, yaml
from litellm import Router
found = yaml.safe_load(sys.stdin)["model_list"]
router = Router(model_list=found)
asked = found[0]["model_name"]
counted = collections.Counter(
    router.get_available_deployment(model=asked, messages=[{"role": "user", "content": "x"}])["litellm_params"]["model"]
    for _ in range(4000)
)
print(json.dumps(counted))
"""


@pytest.mark.full
def test_the_real_litellm_splits_by_these_weights() -> None:
    text = routing.model_list(
        Deployment("openai", "gpt-4.1"), Deployment("openai", "gpt-4.1-mini"), Fraction(1, 5)
    )
    ended = subprocess.run(
        [proxy.program("python"), "-c", SPLITS],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        env={"OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": ""},
    )
    counted = json.loads(ended.stdout.splitlines()[-1])
    assert abs(Decimal(counted["openai/gpt-4.1-mini"]) / 4_000 - Decimal("0.2")) < Decimal("0.03")
