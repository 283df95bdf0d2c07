"""When an alert fires, stays silent and arms again: rules over figures alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.advice.retirements import Retiring
from advisor.advice.values import Recommendation
from advisor.publishing.alerts import rules
from advisor.switching import decision
from ledger import money
from tests.advisor import advised

USD = money.FEMTO_PER_USD
RETIRING = Retiring(
    provider="openai",
    model="gpt-4.1",
    shutdown_day=20_832,
    days_left=29,
    successor="gpt-6",
    source="",
)
SLICE = "openai/search/ranking/gpt-4.1->gpt-4.1-mini"


def judged(
    *found: Recommendation,
    held: rules.States | None = None,
    threshold_usd: int = 50,
    days_left: int | None = None,
) -> dict[tuple[str, str], rules.Verdict]:
    """Every verdict by rule and scope."""
    retiring = [] if days_left is None else [replace(RETIRING, days_left=days_left)]
    verdicts = rules.judge(
        found,
        retiring,
        held or {},
        threshold_femto_usd=threshold_usd * USD,
        sample_projects=(),
    )
    return {(each.rule, each.scope): each for each in verdicts}


@pytest.mark.parametrize(
    ("fired", "low_usd", "after"),
    [
        (False, "49.999999999999999", False),
        (False, "50.00", True),
        (True, "50.00", True),
        (True, "40.00", True),
        (True, "39.999999999999999", False),
        (False, "45.00", False),
    ],
)
def test_a_saving_fires_at_the_threshold_and_arms_again_strictly_below_80_percent_of_it(
    fired: bool, low_usd: str, after: bool
) -> None:
    held = {("savings", SLICE): fired, ("savings", "total"): fired}
    found = judged(advised.recommendation(low_usd), held=held)
    assert found["savings", SLICE].fired is found["savings", "total"].fired is after


@given(st.lists(st.integers(-100, 100).map(lambda usd: usd * USD), max_size=30), st.integers(1, 50))
def test_between_two_crossings_the_low_bound_was_below_80_percent(
    bounds: list[int], threshold_usd: int
) -> None:
    fired, lowest_since = False, None
    for low in bounds:
        after = rules.crossed(fired, low, threshold_usd * USD)
        if after and not fired and lowest_since is not None:
            assert lowest_since * 5 < threshold_usd * USD * 4
        lowest_since = (
            low
            if after and not fired
            else min(low, lowest_since)
            if lowest_since is not None
            else None
        )
        fired = after


def test_nothing_to_save_fires_nothing_even_without_a_threshold() -> None:
    assert not any(verdict.fired for verdict in judged(threshold_usd=0).values())
    assert not judged(advised.recommendation("0.00"), threshold_usd=0)["savings", SLICE].fired


def test_a_slice_that_is_not_counted_fires_nothing_but_arms_only_by_its_amount() -> None:
    kept = advised.recommendation("60.00", decision="keep", reason="not_material")
    assert not judged(kept)["savings", SLICE].fired
    found = judged(kept, held={("savings", SLICE): True})["savings", SLICE]
    assert found.fired
    assert found.text is None


@pytest.mark.parametrize("reason", ["low_coverage", "coverage_unknown"])
@pytest.mark.parametrize("fired", [True, False])
def test_below_the_coverage_floor_nothing_fires_and_nothing_arms_again(
    reason: str, fired: bool
) -> None:
    unsure = advised.recommendation("10.00", decision="not_enough_data", reason=reason)
    huge = replace(unsure, saving=advised.estimate("1000.00"))
    held = {("savings", SLICE): fired, ("savings", "total"): fired}
    for item in (unsure, huge):
        found = judged(item, held=held)
        assert found["savings", SLICE].fired is found["savings", "total"].fired is fired
        assert found["savings", SLICE].text is found["savings", "total"].text is None


def test_a_slice_that_is_gone_arms_again_but_not_one_whose_target_changed() -> None:
    held = {("savings", SLICE): True}
    assert not judged(held=held)["savings", SLICE].fired
    assert ("savings", SLICE) not in judged(
        advised.recommendation(to_model="gpt-6-luna"), held=held
    )


def test_the_total_counts_each_counted_slice_once() -> None:
    parts = [advised.recommendation("20.00", workload=name) for name in ("a", "b", "c")]
    left_out = advised.recommendation("500.00", workload="d", decision="keep", reason="inferior")
    assert judged(*parts[:2], left_out)["savings", "total"].fired is False
    total = judged(*parts, left_out)["savings", "total"]
    assert (total.fired, total.low_femto_usd) == (True, 60 * USD)
    assert total.text is not None
    assert "Trials may save $60.00 (cautious) a month in all" in total.text


def test_only_a_change_to_blocked_is_told() -> None:
    blocked = advised.recommendation(None, decision="blocked", reason="target_retires")
    assert ("blocked", SLICE) not in judged(blocked)
    assert not judged(advised.recommendation())["blocked", SLICE].fired
    changed = judged(blocked, held={("blocked", SLICE): False})["blocked", SLICE]
    assert changed.fired
    assert changed.text is not None
    assert "No longer possible: gpt-4.1 → gpt-4.1-mini" in changed.text


@pytest.mark.parametrize(
    ("days_left", "reached", "told"),
    [
        (91, [], []),
        (90, [90], [90]),
        (31, [90], [90]),
        (30, [30, 90], [30]),
        (7, [7, 30, 90], [7]),
        (0, [7, 30, 90], [7]),
    ],
)
def test_a_shutdown_is_told_at_90_30_and_7_days(
    days_left: int, reached: list[int], told: list[int]
) -> None:
    found = {
        days: judged(days_left=days_left)["shutdown", f"openai/gpt-4.1/{days}"]
        for days in (7, 30, 90)
    }
    assert [days for days, verdict in found.items() if verdict.fired] == reached
    assert [days for days, verdict in found.items() if verdict.text is not None] == told


def test_names_with_slashes_and_arrows_share_no_scope() -> None:
    one = advised.recommendation(project="a/b", workload="c->d")
    two = advised.recommendation(project="a", workload="b/c->d")
    assert rules.scope_of(one) != rules.scope_of(two)
    assert rules.scope_of(one).count("->") == 1


def leaving(days_left: int) -> Recommendation:
    """Advice on a model that has to be left in so many days, to one that lasts."""
    recommendation = advised.recommendation(
        source_shutdown_day=advised.AS_OF_DAY + days_left, target_shutdown_day=None
    )
    noticed = replace(recommendation.decision, notices=(decision.SOURCE_RETIRES,))
    return replace(recommendation, decision=noticed)


@pytest.mark.parametrize(
    ("days_left", "fired", "told"),
    [(52, set(), None), (16, {"14"}, "14"), (5, {"3", "14"}, "3"), (2, {"3", "14"}, "3")],
)
def test_the_last_day_to_start_a_trial_is_told_14_and_3_days_before(
    days_left: int, fired: set[str], told: str | None
) -> None:
    """A trial of 200 pairs on a fifth of 20,000 requests in 28 days takes two days."""
    recommendation = leaving(days_left)
    verdicts = {
        scope.rpartition("/")[2]: verdict
        for (rule, scope), verdict in judged(recommendation).items()
        if rule == rules.LAST_TRIAL
    }
    assert {days for days, verdict in verdicts.items() if verdict.fired} == fired
    texts = {days: verdict.text for days, verdict in verdicts.items() if verdict.text}
    assert set(texts) == ({told} if told else set())
    for text in texts.values():
        assert "The last day to start a trial of leaving gpt-4.1 at openai is 20" in text
        assert "switchwise models plan" in text


def test_once_no_trial_can_end_in_time_nothing_is_told_of_one() -> None:
    assert rules.LAST_TRIAL not in {rule for rule, _ in judged(leaving(1))}
