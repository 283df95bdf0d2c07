"""What keeps a comparison from counting: age, a new snapshot, drift, an unproven judge. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from advisor.evidence import drift, runs
from advisor.evidence.comparisons import StoredComparison
from advisor.evidence.evaluation import Evaluation
from advisor.evidence.judge import JudgeLabels
from advisor.evidence.measurement import Measurement
from advisor.evidence.pool import Pool
from advisor.evidence.runs import RunRecord
from advisor.evidence.significance import Verdict
from ledger import clock
from ledger.pricing import names
from ledger.pricing.prices import PriceBook

FEWEST_PAIRS, ENOUGH_PAIRS = runs.FEWEST_PAIRS, 200
"""Fewer than 50 pairs decide nothing; 200 are recommended."""
FRESH_DAYS = runs.FRESH_DAYS
_DATE = re.compile(r"(20\d\d)-?(\d\d)-?(\d\d)$")
Doubt = Literal[
    "too_little_evidence",
    "judge_unproven",
    "new_snapshot",
    "drifted",
    "evidence_expired",
    "unanswered_failure",
    "inconclusive",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The comparisons of a target as they count today: what they show, and what speaks against it.

    `comparison` is the last of them that describes today's models and traffic.
    """

    comparison: StoredComparison
    age_days: int
    judge_proven: bool = True
    new_snapshot: bool = False
    drift: Fraction | None = Fraction(0)
    """The population stability index since the comparison; None with too little traffic to tell."""
    factors: Mapping[str, Measurement] = field(default_factory=dict)
    """What was measured by the comparison, or by the traffic that runs on the target already."""
    pool: Pool | None = None
    """All runs together; None for a comparison by itself."""

    @property
    def evaluation(self) -> Evaluation:
        """What all pairs that count come to."""
        return self.comparison.evaluation if self.pool is None else self.pool.evaluation

    @property
    def runs(self) -> tuple[RunRecord, ...]:
        """Every run on the target, in the order of import."""
        return () if self.pool is None else self.pool.runs

    @property
    def verdict(self) -> Verdict:
        """What the pairs that count come to."""
        return self.evaluation.verdict

    @property
    def pairs(self) -> int:
        """How many pairs it rests on."""
        return self.evaluation.pairs

    @property
    def pass_rates(self) -> tuple[Fraction, Fraction] | None:
        """Pass rates of source and target; None for graded scores."""
        evaluation = self.evaluation
        return evaluation.rates if evaluation.kind == "pass_fail" else None

    @property
    def expires_day(self) -> int:
        """The first day on which it no longer counts."""
        return self._first_day + FRESH_DAYS

    @property
    def _first_day(self) -> int:
        """The day that the oldest pairs were measured on."""
        return self.comparison.measured_day if self.pool is None else self.pool.first_day

    @property
    def doubt(self) -> Doubt | None:
        """The strongest reason against moving traffic on its word; None where there is none."""
        if self.pairs < FEWEST_PAIRS:
            return "too_little_evidence"
        if not self.judge_proven:
            return "judge_unproven"
        if self.lapse:
            return self.lapse
        if self.pool is not None and self.pool.needs_pairs:
            return "unanswered_failure"
        return "inconclusive" if self.verdict == "inconclusive" else None

    @property
    def lapse(self) -> Doubt | None:
        """Why it no longer describes today's models and traffic; None where it still does."""
        if self.new_snapshot:
            return "new_snapshot"
        if self.drift is not None and self.drift > drift.STRONG:
            return "drifted"
        return "evidence_expired" if self.age_days >= FRESH_DAYS else None

    @property
    def says_inferior(self) -> bool:
        """Whether it stands against the target: in doubt it opens no way and closes none.

        An inferior run binds until what it depends on has changed, so age alone does not end it.
        """
        if any(run.binds for run in self.runs):
            return True
        return self.verdict == "inferior" and self.doubt is None

    @property
    def current_factors(self) -> Mapping[str, Measurement]:
        """The factors, while the comparison describes today's models and traffic."""
        return {} if self.lapse else self.factors


def assess(comparison: StoredComparison, book: PriceBook, today: int) -> Evidence:
    """What a comparison shows by itself, apart from any traffic: its verdict, age and judge."""
    return Evidence(
        comparison=comparison,
        age_days=max(0, today - comparison.measured_day),
        judge_proven=has_proven_judge(comparison, book),
        drift=None,
        factors=dict(comparison.evaluation.factors),
    )


def assess_pool(together: Pool, today: int) -> Evidence:
    """What all runs on a target show together, apart from what traffic has done since."""
    return Evidence(
        comparison=together.latest,
        age_days=max(0, today - together.first_day),
        judge_proven=together.judge_proven,
        drift=None,
        factors=dict(together.evaluation.factors),
        pool=together,
    )


def has_proven_judge(comparison: StoredComparison, book: PriceBook) -> bool:
    """Whether the marks may unlock a switch: no model made them, or a judge that was checked."""
    models = comparison.from_model, comparison.to_model
    return comparison.judge is None or judge_is_proven(
        book, comparison.judge, comparison.labels, models
    )


def risk(evidence: Evidence | None) -> int:
    """0 proven and fresh, 1 proven but older, 2 inconclusive or too little, 3 none, 4 inferior."""
    if evidence is None:
        return 3
    if evidence.says_inferior:
        return 4
    is_enough = evidence.pairs >= FEWEST_PAIRS and evidence.judge_proven
    if evidence.verdict != "non_inferior" or not is_enough:
        return 2
    return 0 if evidence.age_days < FRESH_DAYS else 1


def drift_risk(evidence: Evidence | None) -> int:
    """4 with a new snapshot, 2 or 1 by how far sizes have moved, 1 where unknown, else 0."""
    if evidence is None:
        return 0
    if evidence.new_snapshot:
        return 4
    if evidence.drift is None:
        return 1
    return sum(evidence.drift > limit for limit in (drift.SLIGHT, drift.STRONG))


def judge_is_proven(
    book: PriceBook, judge: str, labels: JudgeLabels | None, models: Iterable[str]
) -> bool:
    """Whether a judge may unlock a switch.

    It must be of another vendor than both models, and checked against 50 answers marked by hand.
    """
    vendors = {_vendor(book, model) for model in models}
    return _vendor(book, judge) not in vendors and labels is not None and labels.is_enough


def is_new_snapshot(
    tested_names: Iterable[str], names_then: Iterable[str], names_now: Iterable[str]
) -> bool:
    """Whether traffic is answered by a later snapshot than a comparison was made with.

    `names_then` are the names that the model answered under up to the day of the comparison; they
    stand in where the comparison named no snapshot. Without any name nothing can be said. The
    snapshots of a model sort by name.
    """
    baseline = set(tested_names) or set(names_then)
    return bool(baseline) and any(name > max(baseline) for name in names_now)


def may_exist(snapshot: str, day: int) -> bool:
    """Whether a snapshot can have been compared on a day: its name holds no later date."""
    return not is_dated_after(snapshot, day)


def is_dated_after(snapshot: str, day: int) -> bool:
    """Whether the name of a snapshot ends in a date after a day."""
    match = _DATE.search(snapshot)
    if match is None:
        return False
    try:
        return clock.day_number(date(*map(int, match.groups()))) > day
    except ValueError:
        return False


def _vendor(book: PriceBook, model: str) -> str:
    """The vendor that publishes a model; where none or several do, the first word of its name."""
    return names.sole_vendor(book, model) or model.rpartition("/")[2].partition("-")[0].lower()
