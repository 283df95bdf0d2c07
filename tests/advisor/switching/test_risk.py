"""Risk is the worst of its drivers, confidence the lowest of its grades."""

from dataclasses import replace
from fractions import Fraction

import pytest

from advisor.evidence.rules import Evidence
from advisor.switching import risk
from tests.advisor.evidence import examples

PROVEN = examples.evidence("non_inferior", age_days=10)


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (PROVEN, 0),
        (examples.evidence("non_inferior", age_days=90), 1),
        (examples.evidence("inconclusive"), 2),
        (examples.evidence("non_inferior", pairs=20), 2),
        (None, 3),
        (examples.evidence("inferior"), 4),
    ],
)
def test_evidence_drives_the_risk(found: Evidence | None, level: int) -> None:
    assert risk.of(found, 0, 0, None).level == level


def test_the_worst_driver_sets_the_level_and_is_named() -> None:
    found = risk.of(replace(PROVEN, drift=Fraction("0.21")), 1, 2, 200)
    assert (found.level, found.worst) == (2, ["factors", "drift"])


@pytest.mark.parametrize(
    ("days", "level"), [(None, 0), (366, 0), (365, 1), (181, 1), (180, 2), (31, 2), (30, 4)]
)
def test_the_life_left_of_the_target_drives_the_risk(days: int | None, level: int) -> None:
    assert risk.of_life(days) == level


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
    assert {risk.of_class(name) for name in classes.split()} == {level}


def test_a_guessed_class_counts_two_at_least() -> None:
    levels = [
        risk.of_class("extraction"),
        risk.of_class("extraction", guessed=True),
        risk.of_class("agentic", guessed=True),
    ]
    assert levels == [0, 2, 4]


def test_an_unknown_class_counts_as_unlabelled() -> None:
    assert [risk.of_class("poetry"), risk.of_class(None)] == [2, 2]


def test_drift_drives_the_risk() -> None:
    indices = (Fraction("0.1"), Fraction("0.2"), Fraction("0.21"), None)
    levels = [
        risk.of(replace(PROVEN, drift=index), 0, 0, None).drivers["drift"] for index in indices
    ]
    renewed = risk.of(replace(PROVEN, new_snapshot=True), 0, 0, None)
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
    assert risk.confidence(days, requests, False, 0, 0, Fraction(0)).grades["volume"] == grade


def test_confidence_is_the_lowest_grade() -> None:
    sure = risk.confidence(28, 10_000, False, 0, 0, Fraction("-0.05"))
    doubtful = risk.confidence(28, 10_000, True, 0, 0, Fraction("0.05"))
    assert (sure.grade, doubtful.grade) == ("high", "medium")


def test_a_forecast_never_tested_or_a_factor_never_measured_leaves_confidence_low() -> None:
    assert risk.confidence(28, 10_000, False, 0, 0, None).grade == "low"
    assert risk.confidence(28, 10_000, False, 4, 0, Fraction(0)).grade == "low"
