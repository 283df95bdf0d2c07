"""Decisions and their single reasons, in order."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import decision
from advisor.switching.decision import Situation, decide
from tests.advisor import books
from tests.advisor.evidence import examples

PROVEN = examples.evidence("non_inferior", age_days=10)
GOOD = Situation(
    days=28,
    requests=5_000,
    coverage=Fraction("0.995"),
    low_month_femto_usd=60 * books.USD,
    slice_month_femto_usd=1_000 * books.USD,
    threshold_femto_usd=50 * books.USD,
    risk_level=2,
    breakeven_escalation_rate=Fraction("0.6"),
    evidence=PROVEN,
)


def _said(situation: Situation) -> tuple[str, str]:
    decided = decide(situation)
    return decided.kind, decided.reason


def test_a_proven_target_with_a_material_saving_is_switched_to() -> None:
    assert _said(GOOD) == ("switch_now", "proven")


@pytest.mark.parametrize(
    ("worse", "expected"),
    [
        (
            replace(GOOD, blocks=("target_retires", "target_unpriced")),
            ("blocked", "target_retires"),
        ),
        (replace(GOOD, days=6), ("not_enough_data", "too_few_days")),
        (replace(GOOD, days=7), ("switch_now", "proven")),
        (replace(GOOD, requests=999), ("not_enough_data", "too_few_requests")),
        (replace(GOOD, requests=1_000), ("switch_now", "proven")),
        (replace(GOOD, coverage=None), ("not_enough_data", "coverage_unknown")),
        (replace(GOOD, coverage=Fraction("0.9899")), ("not_enough_data", "low_coverage")),
        (replace(GOOD, coverage=Fraction("0.99")), ("switch_now", "proven")),
        (replace(GOOD, low_month_femto_usd=None), ("not_enough_data", "nothing_to_move")),
        (replace(GOOD, low_month_femto_usd=0), ("keep", "no_saving")),
        (replace(GOOD, low_month_femto_usd=-5 * books.USD), ("keep", "no_saving")),
        (replace(GOOD, escalation_rate=Fraction("0.6")), ("keep", "escalation_beyond_break_even")),
        (replace(GOOD, low_month_femto_usd=50 * books.USD - 1), ("keep", "not_material")),
        (replace(GOOD, slice_month_femto_usd=1_201 * books.USD), ("keep", "not_material")),
        (replace(GOOD, evidence=examples.evidence("inferior")), ("keep", "inferior")),
        (
            replace(GOOD, target_days_left=60, one_off_femto_usd=120 * books.USD),
            ("keep", "payback_beyond_life"),
        ),
        (replace(GOOD, evidence=None), ("pilot", "no_evidence")),
        (
            replace(GOOD, evidence=examples.evidence("non_inferior", pairs=49)),
            ("pilot", "too_little_evidence"),
        ),
        (replace(GOOD, evidence=examples.evidence("inconclusive")), ("pilot", "inconclusive")),
        (replace(GOOD, evidence=replace(PROVEN, age_days=90)), ("pilot", "evidence_expired")),
        (replace(GOOD, evidence=replace(PROVEN, judge_proven=False)), ("pilot", "judge_unproven")),
        (replace(GOOD, evidence=replace(PROVEN, new_snapshot=True)), ("pilot", "new_snapshot")),
        (replace(GOOD, evidence=replace(PROVEN, drift=Fraction("0.21"))), ("pilot", "drifted")),
        (replace(GOOD, keeps_model=True, cached_share_is_given=True), ("pilot", "cache_unproven")),
        (replace(GOOD, evidence=replace(PROVEN, drift=Fraction("0.2"))), ("switch_now", "proven")),
        (
            replace(GOOD, evidence=replace(examples.evidence("inferior"), new_snapshot=True)),
            ("pilot", "new_snapshot"),
        ),
        (
            replace(GOOD, evidence=examples.evidence("inferior", pairs=49)),
            ("pilot", "too_little_evidence"),
        ),
        (replace(GOOD, risk_level=3), ("pilot", "risk")),
    ],
)
def test_the_first_reason_that_applies_is_the_one_given(
    worse: Situation, expected: tuple[str, str]
) -> None:
    assert _said(worse) == expected


def test_the_threshold_itself_is_material() -> None:
    assert _said(replace(GOOD, low_month_femto_usd=50 * books.USD)) == ("switch_now", "proven")


def test_a_move_that_pays_back_on_the_very_last_day_is_not_worth_it() -> None:
    # 73 USD a month are 2.40 USD a day: 144 USD come back in 60 days.
    exact = replace(GOOD, low_month_femto_usd=73 * books.USD, one_off_femto_usd=144 * books.USD)
    reasons = [_said(replace(exact, target_days_left=days))[1] for days in (60, 61)]
    assert reasons == ["payback_beyond_life", "proven"]


def test_blocked_goes_before_missing_data_and_missing_data_before_keep() -> None:
    all_wrong = replace(GOOD, blocks=("target_unpriced",), days=1, low_month_femto_usd=-1)
    assert [decide(each).kind for each in (all_wrong, replace(all_wrong, blocks=()))] == [
        "blocked",
        "not_enough_data",
    ]


def test_a_retiring_source_waives_materiality_and_is_the_reason() -> None:
    small = replace(GOOD, low_month_femto_usd=books.USD, source_days_left=90)
    assert decide(small) == decision.Decision("switch_now", "source_retires", ("source_retires",))
    assert _said(replace(small, evidence=None)) == ("pilot", "source_retires")
    assert _said(replace(small, source_days_left=91)) == ("keep", "not_material")


def test_a_retiring_source_waives_no_loss_before_its_last_month() -> None:
    leaving = replace(GOOD, source_days_left=60)
    assert _said(replace(leaving, low_month_femto_usd=-1)) == ("keep", "no_saving")
    assert _said(replace(leaving, source_days_left=31, low_month_femto_usd=-1))[0] == "keep"


def test_a_one_off_cost_that_is_due_anyway_counts_over_the_life_of_the_target() -> None:
    costly = replace(GOOD, source_days_left=60, one_off_femto_usd=120 * books.USD)
    assert _said(costly) == ("switch_now", "proven")
    # The target ends before the cost has come back: another move would have to be paid for.
    forced = replace(costly, source_days_left=50)
    kinds = [_said(replace(forced, target_days_left=days))[0] for days in (60, 61)]
    assert kinds == ["keep", "switch_now"]
    # A source that lasts longer need not be left, so its cost is a reason to stay.
    assert _said(replace(costly, source_days_left=91, target_days_left=60))[0] == "keep"


def test_a_hold_out_stays_until_its_model_is_gone() -> None:
    control = replace(GOOD, is_control=True)
    assert _said(replace(control, source_days_left=1)) == ("keep", "control")
    assert _said(replace(control, source_days_left=0))[0] == "switch_now"


@pytest.mark.parametrize("days_left", [0, 1, 30])
@pytest.mark.parametrize(
    "against",
    [
        {"low_month_femto_usd": -1},
        {"low_month_femto_usd": 1},
        {"one_off_femto_usd": 10**9 * books.USD, "target_days_left": 400},
        {"evidence": None, "low_month_femto_usd": 0},
    ],
)
def test_a_model_that_is_gone_or_nearly_is_never_kept(
    days_left: int, against: dict[str, Any]
) -> None:
    decided = decide(replace(replace(GOOD, **against), source_days_left=days_left))
    assert decided.kind in ("pilot", "switch_now")
    assert decided.notices == ("source_retires",)


def test_a_retiring_source_with_a_material_saving_keeps_its_own_reason_and_carries_the_notice() -> (
    None
):
    assert decide(replace(GOOD, source_days_left=52)) == decision.Decision(
        "switch_now", "proven", ("source_retires",)
    )


@given(
    st.integers(-(10**18), 10**18),
    st.integers(0, 100),
    st.integers(0, 10**6),
    st.integers(0, 4),
    st.none() | st.integers(0, 900),
)
def test_without_evidence_nothing_is_ever_switched(
    low: int, days: int, requests: int, risk_level: int, source_days_left: int | None
) -> None:
    situation = replace(
        GOOD,
        evidence=None,
        low_month_femto_usd=low,
        days=days,
        requests=requests,
        risk_level=risk_level,
        source_days_left=source_days_left,
    )
    assert decide(situation).kind != "switch_now"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ("switch_now", "stance")),
        ({"class_level": 3}, ("pilot", "no_evidence")),
        ({"evidence": examples.evidence("inconclusive")}, ("pilot", "inconclusive")),
        ({"evidence": examples.evidence("inferior")}, ("keep", "inferior")),
        ({"low_month_femto_usd": 1}, ("keep", "not_material")),
        ({"blocks": ("target_retires",)}, ("blocked", "target_retires")),
    ],
)
def test_where_the_incumbent_has_to_prove_itself_no_evidence_is_no_doubt(
    changed: dict[str, object], expected: tuple[str, str]
) -> None:
    stance = replace(GOOD, evidence=None, risk_level=4, class_level=2, stance="prove_incumbent")
    assert _said(replace(stance, **changed)) == expected  # type: ignore[arg-type]  # a misspelt field fails at once
    assert _said(replace(stance, stance="prove_target")) == ("pilot", "no_evidence")


def test_a_move_that_keeps_the_model_needs_no_evidence_and_is_not_saved_by_a_shutdown() -> None:
    kept = replace(GOOD, evidence=None, keeps_model=True, source_days_left=52, target_days_left=52)
    assert _said(kept) == ("switch_now", "same_model")
    assert _said(replace(kept, risk_level=3)) == ("pilot", "risk")
    assert _said(replace(kept, low_month_femto_usd=1)) == ("keep", "not_material")
    assert decide(kept).notices == ("source_retires",)
    # Another provider serves the same model for longer: that does escape the shutdown, and everything has to move.
    for longer in (None, 53):
        assert _said(replace(kept, low_month_femto_usd=1, target_days_left=longer)) == (
            "switch_now",
            "source_retires",
        )
