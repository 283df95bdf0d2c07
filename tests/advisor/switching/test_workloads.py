"""The class of a workload and whether it can wait: who says so, and what its traffic lets guess."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.switching import risk, workloads
from advisor.switching.workloads import Place, Profile
from ledger import events
from ledger.errors import UsageError

TOOLS, SCHEMA = events.FEATURE_TOOLS, events.FEATURE_JSON_SCHEMA
CLASS = events.CLASS_BITS


def test_every_class_has_a_risk_and_a_bit_of_its_own() -> None:
    assert {*events.WORKLOAD_CLASSES, "unlabelled"} == risk.CLASS_RISK.keys()
    bits = list(events.FEATURE_NAMES.values())
    assert len({*bits}) == len(bits)
    assert all(bit.bit_count() == 1 for bit in bits)


@pytest.mark.parametrize(
    ("tag", "feature"),
    [
        ("class:agentic", CLASS["agentic"]),
        ("Class: Short text", CLASS["short_text"]),
        ("class:multi-step", CLASS["multi_step"]),
        ("can_wait", events.FEATURE_CAN_WAIT),
        ("can wait", events.FEATURE_CAN_WAIT),
        ("class:magic", 0),
        ("tools", 0),
        ("workload:class:agentic", 0),
    ],
)
def test_a_tag_names_a_feature_or_nothing(tag: str, feature: int) -> None:
    assert events.feature_of_tag(tag) == feature


def test_settings_name_projects_and_workloads() -> None:
    said = workloads.parse('search=extraction, "a/b"/x y = critical', "batch-jobs, search/nightly")
    assert said.classes == {Place("search"): "extraction", Place("a/b", "x y"): "critical"}
    waits = [("batch-jobs", "any"), ("search", "nightly"), ("search", "chat")]
    assert [workloads.can_wait(said, *place) for place in waits] == [True, True, False]
    assert workloads.parse("", " ") == workloads.WorkloadSettings()


@pytest.mark.parametrize(
    ("classes", "waiting", "told"),
    [
        ("search=magic", "", "'magic' is not a class"),
        ("search", "", "'search' is not the class of a project or workload"),
        ("=chat", "", "'=chat' is not the class of a project or workload"),
        ('"a/b=chat', "", "has a double quote that is not closed"),
        ("", "search=yes", "'search=yes' is not a project or workload"),
        ("", "a,,b", "'' is not a project or workload"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_by_name(
    classes: str, waiting: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        workloads.parse(classes, waiting)
    assert str(refused.value).startswith("SWITCHWISE_")


def test_the_most_exact_word_on_a_class_counts() -> None:
    tagged = [CLASS["chat"], CLASS["agentic"] | TOOLS, 0]
    said = workloads.parse("search=extraction,search/answers=classification", "")
    assert workloads.labelled_class(said, "search", "answers", tagged) == (
        "classification",
        "setting",
    )
    assert workloads.labelled_class(said, "search", "other", tagged) == ("agentic", "tag")
    assert workloads.labelled_class(said, "search", "other", [TOOLS]) == ("extraction", "setting")
    assert workloads.labelled_class(said, "support", "chat", [TOOLS]) is None


def test_what_nobody_says_is_guessed_or_unlabelled() -> None:
    assert workloads.guess_class(Profile({TOOLS: 1}, {})) == ("agentic", "guess")
    assert workloads.guess_class(Profile({}, {})) == workloads.UNLABELLED == (None, "none")


@pytest.mark.parametrize(
    ("seen", "guessed"),
    [
        (Profile({TOOLS: 2, 0: 1}, {5: 3}), "agentic"),
        (Profile({TOOLS: 1, 0: 1}, {13: 2}), "long_output"),
        (Profile({0: 2}, {12: 2}), None),
        (Profile({SCHEMA: 2}, {8: 2}), "extraction"),
        (Profile({SCHEMA: 2}, {4: 2}), "extraction"),
        (Profile({SCHEMA: 2}, {10: 2}), None),
        (Profile({0: 2}, {4: 2}), "classification"),
        (Profile({0: 2}, {6: 2}), None),
        (Profile({SCHEMA: 2}, {}), None),
    ],
)
def test_sizes_and_features_let_guess(seen: Profile, guessed: str | None) -> None:
    assert workloads.guess(seen) == guessed


def test_a_guess_counts_two_at_least_and_a_word_counts_itself() -> None:
    assert workloads.WorkloadClass("extraction", "guess").risk_level == 2
    assert workloads.WorkloadClass("agentic", "guess").risk_level == 4
    assert workloads.WorkloadClass("extraction", "tag").risk_level == 0
    assert workloads.UNLABELLED.risk_level == 2


def test_the_median_lies_inside_the_middle_power_of_two() -> None:
    # Ten answers of 1 token, ten of 256 to 511: the half is reached at the end of the first.
    assert workloads.median({1: 10, 9: 10}) == 1
    assert workloads.median({9: 4}) == 256 + Fraction(255, 2)
    assert workloads.median({}) is None


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=99))
def test_the_median_of_powers_is_in_the_power_of_the_true_median(values: list[int]) -> None:
    counts: dict[int, int] = {}
    for value in values:
        counts[value.bit_length()] = counts.get(value.bit_length(), 0) + 1
    lower = sorted(values)[(len(values) - 1) // 2]
    found = workloads.median(counts)
    assert found is not None
    assert int(found).bit_length() == lower.bit_length()
