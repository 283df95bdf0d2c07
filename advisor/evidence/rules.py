"""What makes a comparison count, and what makes it stop: its age, a new snapshot, drift, and a judge that nobody checked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from advisor.evidence import drift, judge, words
from advisor.evidence.figures import EvidenceFigure
from advisor.evidence.paired import Verdict
from advisor.evidence.sums import Measured
from ledger.pricing import names
from ledger.pricing.prices import PriceBook

FEWEST_PAIRS, ENOUGH_PAIRS = 50, words.ASKED_PAIRS
"""The decision refuses fewer than 50 pairs and asks for 200."""
FRESH_DAYS = 90
Doubt = Literal[
    "too_little_evidence",
    "judge_unproven",
    "new_snapshot",
    "drifted",
    "evidence_expired",
    "inconclusive",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The verdict on a slice and target as it counts today: how many pairs it rests on, and what speaks against it."""

    verdict: Verdict
    pairs: int
    age_days: int
    judge_proven: bool = True
    new_snapshot: bool = False
    drift: Fraction | None = Fraction(0)
    """The population stability index since the comparison; None where there was too little traffic to tell."""
    shown: EvidenceFigure | None = None
    """The comparison behind it, as every face shows it."""
    rates: tuple[Fraction, Fraction] | None = None
    """Pass rates of source and target; None for graded scores."""
    factors: dict[str, Measured] = field(default_factory=dict)

    @property
    def doubt(self) -> Doubt | None:
        """Why the traffic cannot move on its word; None where it can. The sharpest reason speaks."""
        if self.pairs < FEWEST_PAIRS:
            return "too_little_evidence"
        if not self.judge_proven:
            return "judge_unproven"
        return self.lapsed or ("inconclusive" if self.verdict == "inconclusive" else None)

    @property
    def lapsed(self) -> Doubt | None:
        """Why it speaks no more of today's models and traffic, whatever it said; None where it does."""
        if self.new_snapshot:
            return "new_snapshot"
        if self.drift is not None and self.drift > drift.STRONG:
            return "drifted"
        return "evidence_expired" if self.age_days >= FRESH_DAYS else None

    @property
    def says_inferior(self) -> bool:
        """Whether it stands against the target: a verdict that would not open the way may not close it either."""
        return self.verdict == "inferior" and self.doubt is None

    @property
    def measured(self) -> dict[str, Measured]:
        """The factors it measures, while it speaks of today's models and traffic."""
        return {} if self.lapsed else self.factors


def risk(evidence: Evidence | None) -> int:
    """0 proven and fresh, 1 proven but older, 2 inconclusive or too little, 3 none, 4 inferior."""
    if evidence is None:
        return 3
    if evidence.says_inferior:
        return 4
    if (
        evidence.verdict != "non_inferior"
        or evidence.pairs < FEWEST_PAIRS
        or not evidence.judge_proven
    ):
        return 2
    return 0 if evidence.age_days < FRESH_DAYS else 1


def drift_risk(evidence: Evidence | None) -> int:
    """4 with a new snapshot, 2 and 1 by how far sizes have moved, 1 where that cannot be told; without evidence 0."""
    if evidence is None:
        return 0
    if evidence.new_snapshot:
        return 4
    if evidence.drift is None:
        return 1
    return sum(evidence.drift > limit for limit in (drift.SLIGHT, drift.STRONG))


def judge_is_proven(
    book: PriceBook, judged_by: str, labels: judge.Labels | None, models: Iterable[str]
) -> bool:
    """Whether a judge may unlock a switch: of another maker than both models, and checked against 50 hand labels."""
    own = {_maker(book, model) for model in models}
    return _maker(book, judged_by) not in own and labels is not None and labels.is_enough


def is_new_snapshot(
    evidence_names: Iterable[str], known: Iterable[str], current: Iterable[str]
) -> bool:
    """Whether traffic is answered by a later snapshot than a comparison was made with. Snapshots of a model sort by name.

    `known` are the names that its answers came under by the day of the comparison, which stand in where the comparison
    named no snapshot itself; without any, nothing can be said.
    """
    tested = set(evidence_names) or set(known)
    return bool(tested) and any(name > max(tested) for name in current)


def _maker(book: PriceBook, model: str) -> str:
    """The vendor that publishes a model; where none or several do, the first word of its name."""
    return names.sole_vendor(book, model) or model.rpartition("/")[2].partition("-")[0].lower()
