"""Risk is the worst of its drivers, confidence the lowest of its grades."""

from dataclasses import replace
from fractions import Fraction

import pytest

from advisor.evidence.rules import Evidence
from advisor.switching import risk
from advisor.switching.risk import Confidence, Risk
from tests.advisor.evidence import examples

PROVEN = examples.evidence("non_inferior", age_days=10)


def assess(
    evidence: Evidence | None,
    class_level: int = 0,
    unmeasured_factors: int = 0,
    target_days_left: int | None = None,
) -> Risk:
    """The risk of a move whose other drivers are at their least."""
    return risk.assess(
        evidence,
        class_level=class_level,
        unmeasured_factors=unmeasured_factors,
        target_days_left=target_days_left,
    )


def confidence(**changed: object) -> Confidence:
    """The confidence in figures that are as sure as can be, but for the changes."""
    surest: dict[str, object] = {
        "days": 28,
        "requests": 10_000,
        "prices_backdated": False,
        "unmeasured_factors": 0,
        "quality_risk": 0,
        "forecast_error": Fraction(0),
    }
    return risk.confidence(**{**surest, **changed})  # type: ignore[arg-type]  # a test that misspells a name fails at once


@pytest.mark.parametrize(
    ("evidence", "level"),
    [
        (PROVEN, 0),
        (examples.evidence("non_inferior", age_days=90), 1),
        (examples.evidence("inconclusive"), 2),
        (examples.evidence("non_inferior", pairs=20), 2),
        (None, 3),
        (examples.evidence("inferior"), 4),
    ],
)
def test_evidence_drives_the_risk(evidence: Evidence | None, level: int) -> None:
    assert assess(evidence).level == level


def test_the_worst_driver_sets_the_level_and_is_named() -> None:
    drifted = replace(PROVEN, drift=Fraction("0.21"))
    risks = assess(drifted, class_level=1, unmeasured_factors=2, target_days_left=200)
    assert (risks.level, risks.worst) == (2, ["factors", "drift"])


@pytest.mark.parametrize(
    ("days", "level"), [(None, 0), (366, 0), (365, 1), (181, 1), (180, 2), (31, 2), (30, 4)]
)
def test_the_life_left_of_the_target_drives_the_risk(days: int | None, level: int) -> None:
    assert risk.life_level(days) == level


@pytest.mark.parametrize(
    ("level", "classes"),
    [
        (0, "classification extraction"),
        (1, "summarisation short_text"),
        (2, "unlabelled chat"),
        (3, "long_output ambiguous code"),
        (4, "agentic multi_step critical"),
    ],
)
def test_every_class_has_its_level(level: int, classes: str) -> None:
    assert {risk.class_level(name) for name in classes.split()} == {level}


def test_a_guessed_class_counts_two_at_least() -> None:
    levels = [
        risk.class_level("extraction"),
        risk.class_level("extraction", guessed=True),
        risk.class_level("agentic", guessed=True),
    ]
    assert levels == [0, 2, 4]


def test_an_unknown_class_counts_as_unlabelled() -> None:
    assert [risk.class_level("poetry"), risk.class_level(None)] == [2, 2]


def test_drift_drives_the_risk() -> None:
    indices = (Fraction("0.1"), Fraction("0.2"), Fraction("0.21"), None)
    levels = [assess(replace(PROVEN, drift=index)).drivers["drift"] for index in indices]
    renewed = assess(replace(PROVEN, new_snapshot=True))
    assert [*levels, renewed.drivers["drift"]] == [0, 1, 2, 1, 4]


@pytest.mark.parametrize(
    ("days", "requests", "grade"),
    [
        (28, 10_000, "high"),
        (27, 10_000, "medium"),
        (28, 9_999, "medium"),
        (14, 1_000, "medium"),
        (13, 1_000, "low"),
        (14, 999, "low"),
    ],
)
def test_volume_is_graded_by_days_and_by_requests(days: int, requests: int, grade: str) -> None:
    assert confidence(days=days, requests=requests).grades["volume"] == grade


def test_confidence_is_the_lowest_grade() -> None:
    sure = confidence(forecast_error=Fraction("-0.05"))
    doubtful = confidence(prices_backdated=True, forecast_error=Fraction("0.05"))
    assert (sure.grade, doubtful.grade) == ("high", "medium")


def test_a_forecast_never_tested_or_a_factor_never_measured_leaves_confidence_low() -> None:
    assert confidence(forecast_error=None).grade == "low"
    assert confidence(unmeasured_factors=4).grade == "low"
