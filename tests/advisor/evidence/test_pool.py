"""Runs judged together: nobody can try until it passes, and an honest trial in parts can pass."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.evidence import evaluation, gates, pool, spending
from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.gates import QualityGate
from advisor.evidence.items import NANO, Item
from advisor.evidence.pair_counts import PairCounts
from advisor.evidence.pool import Pool
from advisor.evidence.runs import Run
from bench import retries

TODAY = 20_000
HOUR_US = 3_600_000_000


class Trials:
    """The runs of one target, stored one after the other."""

    def __init__(self) -> None:
        self.items: dict[str, tuple[Item, ...]] = {}
        self.runs: list[Run] = []

    def add(
        self,
        pairs: int,
        wrong: int = 0,
        *,
        first: int | None = None,
        gate: QualityGate = gates.DEFAULT,
        prompt_version: str | None = None,
        day: int = TODAY,
        graded: bool = False,
    ) -> int:
        """A run of pairs that the source gets right; its place. `first` numbers its first item."""
        place = len(self.runs)
        start = 10_000 * place if first is None else first
        right = 8 * NANO // 10 if graded else NANO
        items = tuple(
            Item(
                item=f"i{number}",
                conversation=f"c{number}",
                a_nano=right,
                b_nano=0 if number - start < wrong else right,
            )
            for number in range(start, start + pairs)
        )
        comparison = StoredComparison(
            id=f"{place:016}",
            project="search",
            workload="chat",
            from_model="gpt-4.1",
            to_model="gpt-4.1-mini",
            gate=gate,
            measured_day=day,
            imported_at=(day * 24 + 1) * HOUR_US + place,
            imported_by="ada",
            source="results.csv",
            judge=None,
            labels=None,
            left_out=0,
            evaluation=evaluation.evaluate(items, gate),
            withdrawn_at=None,
            withdrawn_note=None,
            prompt_version=prompt_version,
        )
        self.items[comparison.id] = items
        self.runs.append(Run(comparison=comparison))
        return place

    def withdraw(self, place: int) -> None:
        """Take a run back an hour later."""
        run = self.runs[place]
        at_us = run.comparison.imported_at + HOUR_US
        comparison = replace(run.comparison, withdrawn_at=at_us, withdrawn_note="wrong file")
        self.runs[place] = replace(run, comparison=comparison)

    def form(self, today: int = TODAY) -> Pool:
        """What they come to together."""
        together = pool.form(self.runs, self.items.__getitem__, today)
        assert together is not None
        return together

    def verdict(self, today: int = TODAY) -> str:
        """The verdict of all together."""
        return self.form(today).evaluation.verdict


def standings(together: Pool) -> list[str]:
    return [run.standing for run in together.runs]


def test_a_success_does_not_lift_a_larger_failure_and_one_that_outnumbers_it_does() -> None:
    trials = Trials()
    trials.add(200, wrong=60)
    for pairs in (50, 100):
        trials.add(pairs)
        assert trials.verdict() == "inferior"
    trials.add(1_000, wrong=20)
    assert trials.verdict() == "non_inferior"
    assert trials.form().evaluation.pairs == 1_350


def test_a_failure_binds_after_a_larger_success_too() -> None:
    trials = Trials()
    trials.add(400)
    trials.add(50, wrong=20)
    together = trials.form()
    assert (together.evaluation.verdict, [run.binds for run in together.runs]) == (
        "inferior",
        [False, True],
    )


@pytest.mark.parametrize("age_days", [0, 89, 90, 400])
def test_age_alone_does_not_end_a_failure(age_days: int) -> None:
    trials = Trials()
    trials.add(200, wrong=60, day=TODAY - age_days)
    assert trials.form().runs[0].binds
    trials.add(60)
    assert trials.verdict() == "inferior"


def test_another_prompt_ends_a_failure_but_its_look_stays_spent() -> None:
    trials = Trials()
    trials.add(200, wrong=60, prompt_version="1")
    trials.add(200, wrong=4, prompt_version="2")
    together = trials.form()
    assert (together.evaluation.verdict, together.level) == ("non_inferior", Fraction("0.0025"))
    assert standings(together) == ["other_prompt", "counted"]
    trials.add(60)  # names no version, so it is of the last one named
    assert standings(trials.form()) == ["other_prompt", "counted", "counted"]


def test_items_that_come_again_count_once_as_they_first_came_out() -> None:
    trials = Trials()
    trials.add(100, wrong=8, first=0)
    trials.add(100, first=0)
    trials.add(100, first=50)
    together = trials.form()
    assert [(run.standing, run.new_pairs) for run in together.runs] == [
        ("counted", 100),
        ("repeated", 0),
        ("counted", 50),
    ]
    counts = together.evaluation.counts
    assert counts is not None
    assert (counts.pairs, counts.only_a) == (150, 8)


def test_the_same_answers_under_a_lower_bar_are_still_held_to_the_first() -> None:
    trials = Trials()
    trials.add(200, wrong=18)
    assert trials.verdict() == "inconclusive"
    trials.add(200, wrong=18, first=0, gate=QualityGate("ratio", Fraction("0.5")))
    trials.add(60, gate=QualityGate("margin", Fraction("0.5")))
    assert trials.verdict() == "inconclusive"


def test_more_of_the_same_quality_does_not_end_a_proof() -> None:
    trials = Trials()
    trials.add(200, wrong=11)
    assert trials.verdict() == "non_inferior"
    trials.add(60, wrong=3)
    assert trials.verdict() == "non_inferior"


def test_a_run_that_was_withdrawn_leaves_the_proof_before_it_and_spends_its_look() -> None:
    trials = Trials()
    trials.add(240, wrong=4)
    mistake = trials.add(60, wrong=40)
    trials.withdraw(mistake)
    assert trials.verdict() == "non_inferior"
    other = Trials()
    other.withdraw(other.add(200, wrong=20))
    other.add(200, wrong=11)  # passes at 5 %, not at 0.125 %
    assert other.verdict() == "inconclusive"


def test_a_correction_counts_although_it_came_before_the_withdrawal() -> None:
    trials = Trials()
    mistake = trials.add(200, wrong=18, first=0)
    trials.add(200, wrong=2, first=0)
    trials.withdraw(mistake)
    assert trials.verdict() == "non_inferior"


def test_a_withdrawn_failure_needs_as_many_pairs_to_take_its_place() -> None:
    trials = Trials()
    trials.withdraw(trials.add(200, wrong=60))
    trials.add(100)
    assert trials.form().needs_pairs == 200
    trials.add(100)
    together = trials.form()
    assert (together.needs_pairs, together.evaluation.verdict) == (0, "non_inferior")


def test_a_proof_may_be_renewed_each_quarter() -> None:
    trials = Trials()
    for quarter in range(4):
        today = TODAY + 90 * quarter
        trials.add(200, wrong=11, day=today)
        assert trials.verdict(today) == "non_inferior"


def test_the_same_prompts_may_renew_a_proof_that_expired() -> None:
    trials = Trials()
    trials.add(200, first=0)
    trials.add(200, wrong=4, first=0, day=TODAY + 100)
    together = trials.form(TODAY + 100)
    assert standings(together) == ["evidence_expired", "counted"]
    assert (together.evaluation.verdict, together.level) == ("non_inferior", spending.LEVEL)


def test_graded_scores_that_all_agree_are_judged_like_pass_and_fail() -> None:
    verdicts = []
    for pairs, wrong in ((20, 0), (50, 0), (200, 0), (200, 1), (200, 200)):
        trials = Trials()
        trials.add(pairs, wrong=wrong, graded=True)
        verdicts.append(trials.runs[0].comparison.evaluation.verdict)
    assert verdicts == [
        "inconclusive",
        "non_inferior",
        "non_inferior",
        "non_inferior",
        "inferior",
    ]


@given(st.lists(st.integers(min_value=0, max_value=500), max_size=40))
def test_the_looks_spend_at_most_five_and_a_half_percent(sizes: Sequence[int]) -> None:
    levels = list(spending.levels(sizes))
    assert sum(levels) <= spending.LEVEL + spending.RESERVE
    assert all(level > 0 for level in levels)


def test_one_look_of_full_size_has_the_whole_level() -> None:
    assert list(spending.levels([200])) == list(spending.levels([900])) == [Fraction("0.05")]
    assert sum(spending.levels([50, 150])) == Fraction("0.05")


@pytest.mark.parametrize("sizes", retries.SIZES, ids=str)
def test_trying_until_it_passes_seldom_passes_a_target_at_the_margin(
    sizes: tuple[int, ...],
) -> None:
    """400 draws: the standard error is 1.2 %. Without the level spent, 12 % and more would pass."""
    assert retries.share(retries.TRUTHS[0], sizes, draws=400) <= 0.06


def test_the_pool_passes_as_the_simulation_of_it_does() -> None:
    """The simulation is quick because it counts pairs; here the same marks go through the pool."""
    for seed in range(40):
        counts = retries.draw(retries.TRUTHS[1], (60, 90, 200), seed)
        trials = Trials()
        for place, run in enumerate(counts):
            _add_counts(trials, run, place)
        passed = any(
            pool.form(trials.runs[:last], trials.items.__getitem__, TODAY).evaluation.verdict  # type: ignore[union-attr]  # no run was withdrawn
            == "non_inferior"
            for last in (1, 2, 3)
        )
        assert passed <= retries.passes(counts)


def _add_counts(trials: Trials, counts: PairCounts, place: int) -> None:
    trials.add(counts.pairs)
    marks = (
        [(NANO, NANO)] * counts.both
        + [(NANO, 0)] * counts.only_a
        + [(0, NANO)] * counts.only_b
        + [(0, 0)] * counts.neither
    )
    run = trials.runs[place]
    items = tuple(
        replace(item, a_nano=a_nano, b_nano=b_nano)
        for item, (a_nano, b_nano) in zip(trials.items[run.comparison.id], marks, strict=True)
    )
    trials.items[run.comparison.id] = items
    comparison = replace(run.comparison, evaluation=evaluation.evaluate(items, gates.DEFAULT))
    trials.runs[place] = replace(run, comparison=comparison)
